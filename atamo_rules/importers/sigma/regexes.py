"""Regular expressions of Sigma, which are PCRE, as RE2: the same where RE2 can say the same, refused where it cannot.

Both search. They differ in look-around and back-references, which RE2 does not have; in `$`, which in PCRE also stands
before a last line end; in `\\s`, which there holds the vertical tab; and in a few ways of writing the same.
Sources: the PCRE2 manual (https://www.pcre.org/current/doc/html/pcre2pattern.html), "re" in the Sigma specification's
list of modifiers, and RE2's syntax (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

import re

_CLASS_NOT_BLANK = r"\x00-\x08\x0e-\x1f!-\x{10ffff}"
"""What `\\S` is in PCRE, for use inside a class."""
_CLASSES = (r"\w", r"\W", r"\d", r"\D", r"\s\v", _CLASS_NOT_BLANK)
_GROUPS = {
    "(?=": "looks ahead",
    "(?!": "looks ahead",
    "(?<=": "looks behind",
    "(?<!": "looks behind",
    "(?>": "holds an atomic group",
    "(?|": "resets groups",
    "(?(": "holds a conditional group",
    "(?R": "is recursive",
    "(?0": "is recursive",
    "(?&": "is recursive",
    "(?#": "holds a comment",
    "(?P=": "refers back to a group",
    "(?P>": "is recursive",
    "(?'": "names a group in quotes",
    "(*": "holds a verb of PCRE",
}
_PASSED = frozenset("dDwWbBAznrtfa")
"""Escapes that mean the same in both; `\\d`, `\\w` and `\\b` are about ASCII."""
_FLAGS = re.compile(r"\(\?(?P<on>[a-zA-Z]*)(?P<off>-[a-zA-Z]+)?(?P<end>[:)])")
_BRACES = re.compile(r"\{(?P<low>\d*)(?P<comma>,?)(?P<high>\d*)\}")


class Untold(Exception):
    """Why a regular expression cannot be said in RE2: what goes on after "it …", in lower case."""


def as_re2(pattern: str, flags: str = "") -> str:
    """The RE2 pattern that finds what a pattern of PCRE finds under `flags`, of `m` and `s`. Raises Untold.

    Ignoring case is left to whoever asks.
    """
    made = _Translation(pattern, multiline="m" in flags).whole(flags)
    refused = _refusal(made)
    if refused is not None:
        raise Untold(f"is refused by RE2: {refused}")
    return made


def _refusal(pattern: str) -> str | None:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not its syntax"
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    except UnicodeEncodeError:
        return "half of a surrogate pair"
    return None


class _Translation:
    """One walk over a pattern; thrown away after it."""

    def __init__(self, pattern: str, *, multiline: bool) -> None:
        self.pattern = pattern
        self.multiline = multiline
        self.at = 0
        self.out: list[str] = []

    def whole(self, flags: str) -> str:
        begun = _FLAGS.match(self.pattern)
        if begun is not None and begun["end"] == ")" and "m" in begun["on"]:
            self.multiline = True
        while self.at < len(self.pattern):
            self.out.append(self.piece())
        return (f"(?{flags})" if flags else "") + "".join(self.out)

    def piece(self) -> str:
        """The next token of the pattern, as RE2 writes it."""
        char = self.pattern[self.at]
        match char:
            case "\\":
                return self.escape(in_class=False)
            case "[":
                return self.char_class()
            case "(":
                return self.group()
            case "$" if not self.multiline:
                return self.end()
            case "*" | "+" | "?" | "}" if self.pattern[self.at + 1 : self.at + 2] == "+" and self.repeats():
                raise Untold("holds a possessive quantifier")
            case "{":
                return self.braces()
            case "\n":
                self.at += 1
                return "\\n"
            case _:
                self.at += 1
                return char

    def repeats(self) -> bool:
        """Whether a `}` here ends a quantifier; other quantifiers always do."""
        return self.pattern[self.at] != "}" or bool(
            re.search(r"\{\d+(,\d*)?\}\Z", self.pattern[: self.at + 1])
        )

    def braces(self) -> str:
        found = _BRACES.match(self.pattern, self.at)
        if found is not None and found["comma"] and not found["low"] and found["high"]:
            raise Untold("holds `{,n}`, which versions of PCRE read differently: write `{0,n}`")
        self.at += 1
        return "{"

    def group(self) -> str:
        rest = self.pattern[self.at :]
        for begun, what in _GROUPS.items():
            if rest.startswith(begun):
                raise Untold(what)
        flags = _FLAGS.match(self.pattern, self.at)
        if flags is not None:
            unknown = set(flags["on"] + (flags["off"] or "")) - set("ims-")
            if unknown:
                raise Untold(f"sets the flag `{min(unknown)}`")
            if "m" in flags["on"] + (flags["off"] or "") and not (self.at == 0 and flags["end"] == ")"):
                raise Untold("sets the flag `m` for a part of it")
        self.at += 1
        return "("

    def end(self) -> str:
        """`$` at the end of what it can end: the end of the text, or of its last line."""
        if not self.is_last(self.at + 1):
            raise Untold("holds a `$` that something follows")
        self.at += 1
        return r"\n?\z"

    def is_last(self, at: int) -> bool:
        """Whether nothing more can be matched from here on: other alternatives are skipped, groups are closed."""
        depth = 0
        while at < len(self.pattern):
            char = self.pattern[at]
            if char == "\\":
                at += 2
                continue
            if char == "[":
                at = _class_end(self.pattern, at)
            elif char == "(":
                if depth == 0:
                    return False
                depth += 1
            elif char == ")":
                depth = max(depth - 1, 0)
            elif char == "|" and depth == 0:
                depth = 1  # the alternatives of this group, up to where it is closed
            elif depth == 0:
                return False
            at += 1
        return True

    def escape(self, *, in_class: bool) -> str:
        char = self.pattern[self.at + 1 : self.at + 2]
        if not char:
            raise Untold("ends with a backslash")
        start, self.at = self.at, self.at + 2
        if not char.isalnum():
            # A slash needs no backslash, and what is no mark of ASCII needs none anywhere.
            return char if char == "/" or not char.isascii() or char.isspace() else "\\" + char
        if char in "123456789":
            raise Untold("refers back to a group")
        if char == "s":
            return r"\s\v" if in_class else r"[\s\v]"
        if char == "S":
            return _CLASS_NOT_BLANK if in_class else r"[^\s\v]"
        if char == "b" and in_class:
            return r"\x08"
        if char == "e":
            return r"\x1b"
        if char in ("x", "p", "P", "u"):
            return self.code(start, char)
        if char == "0":
            digits = re.compile(r"[0-7]{0,2}").match(self.pattern, self.at)
            assert digits is not None
            self.at = digits.end()
            return f"\\x{int('0' + digits[0], 8):02x}"
        if char not in _PASSED or (in_class and char in "BAz"):
            raise Untold(f"holds `\\{char}`")
        return "\\" + char

    def code(self, start: int, char: str) -> str:
        """A character by its number, or a class by its property."""
        form = {"x": r"\\x(\{[0-9a-fA-F]+\}|[0-9a-fA-F]{2})", "u": r"\\u([0-9a-fA-F]{4})"}.get(
            char, r"\\[pP](\{\^?\w+\}|[A-Z])"
        )
        found = re.compile(form).match(self.pattern, start)
        if found is None:
            raise Untold(f"holds `\\{char}` without what belongs to it")
        self.at = found.end()
        return f"\\x{{{found[1]}}}" if char == "u" else found[0]

    def char_class(self) -> str:
        end = _class_end(self.pattern, self.at)
        if end >= len(self.pattern):
            raise Untold("holds a `[` that is not closed")
        out = ["["]
        self.at += 1
        if self.pattern[self.at] == "^":
            out.append("^")
            self.at += 1
        if self.pattern[self.at] == "]":
            out.append(r"\]")
            self.at += 1
        while self.at < end:
            char = self.pattern[self.at]
            named = re.compile(r"\[:\^?[a-z]+:\]").match(self.pattern, self.at)
            if named is not None:
                out.append(named[0])
                self.at = named.end()
            elif char == "\\":
                out.append(self.escape(in_class=True))
                if self.range_follows(out[-1], end):
                    out.append(r"\-")
                    self.at += 1
            else:
                out.append({"\n": "\\n", "[": "\\["}.get(char, char))
                self.at += 1
        self.at = end + 1
        return "".join(out) + "]"

    def range_follows(self, written: str, end: int) -> bool:
        """Whether a `-` behind a class such as `\\w` looks like a range, which it cannot be: it is a hyphen."""
        is_class = written in _CLASSES or written[:2] in (r"\p", r"\P")
        return is_class and self.pattern[self.at] == "-" and self.at + 1 < end


def _class_end(pattern: str, start: int) -> int:
    """The offset of the `]` that closes the class opened at `start`; that of the end when none does."""
    at = start + 1
    if pattern[at : at + 1] == "^":
        at += 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        named = re.compile(r"\[:\^?[a-z]+:\]").match(pattern, at)
        at = named.end() if named else at + (2 if pattern[at] == "\\" else 1)
    return at
