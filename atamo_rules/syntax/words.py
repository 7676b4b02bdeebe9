"""How names, paths and texts are written, whatever the container."""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
"""What a path step may be without quotes."""


DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)*")
"""What the name of an event, a rule or a user may be without quotes."""

CODE = re.compile(r"(\./[\w./-]+\.py|[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
"""Where the code of an agent is: `package.module:Name`, or `./agents/pager.py:Name` for a file of the project."""

MOST_RETRIES = 1000
_TIMES = re.compile(r"(\d{1,9})\s+times\s*\Z")

_TAKEN = re.compile(r"(not|nothing)\b|(reply|rule|request)(?![\w.])")
"""How a name may not begin without quotes, because a clause does."""

NOT_VALUES = frozenset("and or not is in has any every no else true false null".split())
"""Words that are no values of their own: a value that is spelt like one is written in quotes."""


def name_text(text: str) -> str:
    """The name of an event, a user or a rule; in quotes where it is none by its looks."""
    return text if DOTTED.fullmatch(text) and not _TAKEN.match(text) else text_literal(text)


def plugin_text(text: str) -> str:
    """What stands after `uses`."""
    return text if CODE.fullmatch(text) else name_text(text)


def retries(text: str) -> int | None:
    """How often `5 times` says, or None where it does not say it."""
    found = _TIMES.match(text)
    count = int(found[1]) if found is not None else MOST_RETRIES + 1
    return count if count <= MOST_RETRIES else None


def text_literal(text: str) -> str:
    """A text in double quotes, escaped as in JSON (RFC 8259), printable characters kept as they are."""
    if text.isprintable():
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    out = ['"']
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char in _SHORT:
            out.append(_SHORT[char])
        elif char.isprintable() or char == "\u00a0":
            out.append(char)
        else:
            out.append(_unicode_escape(ord(char)))
    out.append('"')
    return "".join(out)


_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _unicode_escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def path_text(keys: tuple[str | int, ...]) -> str:
    """A path as `fmt` writes it: `a.b`, `a["+1"]`, `a[0]`. The first key is always a bare name."""
    out = str(keys[0])
    for key in keys[1:]:
        if isinstance(key, int):
            out += f"[{key}]"
        else:
            out += f".{key}" if NAME.match(key) else f"[{text_literal(key)}]"
    return out
