"""Text literals: JSON's escapes read exactly, with the place of every character kept."""

from __future__ import annotations

_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "/": "/"}


class BadText(ValueError):
    """An escape that means nothing; `start` and `end` are offsets in the raw text."""

    def __init__(self, start: int, end: int, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.start, self.end, self.message, self.remedy = start, end, message, remedy


def unescape(raw: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text a literal's inside means (RFC 8259 escapes, and `\\'`), and segments (offset in it, offset in raw).

    Raises BadText for an unknown escape or half of a surrogate pair.
    """
    if "\\" not in raw:
        return raw, ((0, 0),)
    out: list[str] = []
    segments: list[tuple[int, int]] = [(0, 0)]
    length = at = 0
    while at < len(raw):
        slash = raw.find("\\", at)
        if slash == -1:
            out.append(raw[at:])
            break
        out.append(raw[at:slash])
        length += slash - at
        char, end = _escape(raw, slash)
        out.append(char)
        length += 1
        at = end
        segments.append((length, end))
    return "".join(out), tuple(segments)


def _escape(raw: str, at: int) -> tuple[str, int]:
    kind = raw[at + 1 : at + 2]
    if kind in _SHORT and kind:
        return _SHORT[kind], at + 2
    if kind != "u":
        raise BadText(at, at + 2, f"`\\{kind}` is not an escape", "a backslash itself is written `\\\\`")
    code = _hex(raw, at)
    if 0xD800 <= code < 0xDC00 and raw[at + 6 : at + 8] == "\\u":
        low = _hex(raw, at + 6)
        if 0xDC00 <= low < 0xE000:
            return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 12
    if 0xD800 <= code < 0xE000:
        raise BadText(at, at + 6, "half of a surrogate pair is not a character")
    return chr(code), at + 6


def _hex(raw: str, at: int) -> int:
    digits = raw[at + 2 : at + 6]
    if len(digits) != 4 or any(char not in "0123456789abcdefABCDEF" for char in digits):
        raise BadText(at, min(at + 6, len(raw)), "`\\u` needs four hexadecimal digits")
    return int(digits, 16)
