"""Quamina's regular expressions, I-Regexp (RFC 9485) with `~` for the backslash, in the syntax of RE2.

Both name the same regular languages, so only the spelling differs: `~` escapes here, the dot takes every character,
and the whole text must match. The general categories that RE2 lacks, unassigned characters, are what is left over.
"""

from __future__ import annotations

HIGHEST = 99
"""The largest count in braces that quamina documents."""

_CATEGORIES = {"L": "ulmto", "M": "nce", "N": "dlo", "P": "cdseifo", "Z": "slp", "S": "mcko", "C": "cfon"}
_ESCAPED = frozenset("()*+-.?[\\]^{|}~")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}
_ASSIGNED = r"\p{L}\p{M}\p{N}\p{P}\p{Z}\p{S}"


class BadRegexp(Exception):
    """Why a text is no regular expression of quamina."""


class Unsayable(Exception):
    """Why RE2 cannot say what a regular expression means."""


def re2(text: str) -> str:
    """The pattern in RE2 syntax that the same whole texts match. Raises BadRegexp, or Unsayable."""
    reader = _Reader(text)
    inner = reader.branches(0)
    if reader.at < len(text):
        raise BadRegexp(f"`{text[reader.at]}` is unbalanced")
    dot = "(?s)" if reader.dots else ""
    return f"{dot}^(?:{inner})$" if "|" in inner else f"{dot}^{inner}$"


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.dots = False

    def next(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        return char

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def branches(self, depth: int) -> str:
        if depth > 50:
            raise BadRegexp("its groups are nested too deeply")
        found = [self.branch(depth)]
        while self.peek() == "|":
            self.at += 1
            found.append(self.branch(depth))
        return "|".join(found)

    def branch(self, depth: int) -> str:
        pieces = ""
        while self.peek() and self.peek() not in "|)":
            pieces += self.atom(depth) + self.quantifier()
        return pieces

    def atom(self, depth: int) -> str:
        char = self.next()
        match char:
            case ".":
                self.dots = True
                return "."
            case "(":
                inner = self.branches(depth + 1)
                if self.next() != ")":
                    raise BadRegexp("a `)` is missing")
                return f"(?:{inner})"
            case "[":
                return self.bracket()
            case "~":
                return self.category() or plain(self.escape())
        if char in "?+*{}]":
            raise BadRegexp(
                f"`{char}` stands where something to repeat should; write `~{char}` for the character"
            )
        return plain(char)

    def escape(self) -> str:
        char = self.next()
        if char in _CONTROL and char:
            return _CONTROL[char]
        if char in _ESCAPED and char:
            return char
        raise BadRegexp(f"`~{char}` is no escape")

    def category(self) -> str:
        """`~p{L}` or `~P{Lu}`; nothing where no category stands."""
        negated = self.peek() == "P"
        if self.peek() not in ("p", "P"):
            return ""
        end = self.text.find("}", self.at)
        name = (
            self.text[self.at + 2 : end] if self.text[self.at + 1 : self.at + 2] == "{" and end != -1 else ""
        )
        if not name or name[0] not in _CATEGORIES or name[1:] not in ("", *_CATEGORIES[name[0]]):
            raise BadRegexp("`~p` and `~P` stand before a category of Unicode in braces")
        self.at = end + 1
        if name == "C":  # RE2 leaves the unassigned out of it
            return f"[{_ASSIGNED}]" if negated else f"[^{_ASSIGNED}]"
        if name == "Cn":
            given = _ASSIGNED + r"\p{Cc}\p{Cf}\p{Co}"
            return f"[{given}]" if negated else f"[^{given}]"
        return f"\\{'P' if negated else 'p'}{{{name}}}"

    def quantifier(self) -> str:
        char = self.peek()
        if char and char in "*+?":
            self.at += 1
            return char
        if char != "{":
            return ""
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : end].partition(",") if end != -1 else ("", "", "")
        if not _digits(low) or (high and not _digits(high)):
            raise BadRegexp("braces hold a count, as in `{2}`, `{2,}` or `{2,5}`")
        if int(low) > HIGHEST or (high and int(high) > HIGHEST):
            raise BadRegexp(f"counts in braces go up to {HIGHEST}")
        if high and int(high) < int(low):
            raise BadRegexp("the upper count is below the lower one")
        self.at = end + 1
        return f"{{{int(low)}{comma}{int(high) if high else ''}}}"

    def bracket(self) -> str:
        """`[a-z~p{L}-]`, behind its opening bracket."""
        negated = self.peek() == "^"
        self.at += negated
        inner = ""
        if self.peek() == "-":
            self.at += 1
            inner = "\\-"
        while self.peek() != "]":
            char = self.next()
            if char == "-" and self.peek() == "]":
                inner += "\\-"
                break
            inner += self.member(char)
        self.at += 1
        if not inner:
            raise BadRegexp("a class in brackets is empty")
        return f"[{'^' * negated}{inner}]"

    def member(self, char: str) -> str:
        if char == "~":
            category = self.category()
            if category:
                return _inside(category)
            char = self.escape()
        elif not char or (char in "-[]^{|}" and char not in "^{|}"):
            raise BadRegexp(f"`{char}` stands in a class; write `~{char}`" if char else "a `]` is missing")
        if self.peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return plain(char)
        self.at += 1
        high = self.next()
        high = self.escape() if high == "~" else high
        if high < char:
            raise BadRegexp(f"the range `{char}-{high}` is empty")
        return f"{plain(char)}-{plain(high)}"


def plain(char: str) -> str:
    """One character that means itself."""
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    if ord(char) < 0x20 or char == "\x7f":
        return f"\\x{ord(char):02x}"
    return "\\" + char if char in "\\.+*?()|[]{}^$-" else char


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _inside(category: str) -> str:
    """A category inside a class; one that is itself a class can only stand there when it is not negated."""
    if not category.startswith("["):
        return category
    if category.startswith("[^"):
        raise Unsayable("a class that holds the unassigned characters, `~p{C}` or `~p{Cn}`, with others")
    return category[1:-1]
