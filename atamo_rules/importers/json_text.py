"""JSON (RFC 8259) as it was written: every value with its place, numbers as their text, keys as often as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.source.span import Fragment, Span

DEEPEST = 200
"""Arrays and objects inside one another."""

_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = re.compile(r"[0-9a-fA-F]{4}")


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `value` is what it says."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number, as its digits stand there."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """`true`, `false` or `null`."""

    value: bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class Array:
    items: tuple[Json, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Object:
    """An object; the same key may stand in it twice."""

    members: tuple[tuple[Text, Json], ...]
    span: Span

    def get(self, key: str) -> Json | None:
        """The value of the last member of a name, which is the one that most readers keep."""
        return next((value for name, value in reversed(self.members) if name.value == key), None)


Json: TypeAlias = "Text | Number | Word | Array | Object"


class NotJson(Exception):
    """What was expected, and where."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span
        self.message = message


def parse(fragment: Fragment) -> tuple[Json, Span | None]:
    """The first value of a text, and where more follows it, if more does. Raises NotJson."""
    reader = _Reader(fragment)
    value = reader.value(0)
    reader.blanks()
    rest = fragment.span(reader.at, len(fragment.text)) if reader.at < len(fragment.text) else None
    return value, rest


def lines(fragment: Fragment) -> Iterator[Fragment]:
    """The lines of a text of JSON lines that are not blank."""
    begun = 0
    for line in fragment.text.split("\n"):
        if line.strip():
            yield fragment.cut(begun, begun + len(line))
        begun += len(line) + 1


class _Reader:
    """A text and how far it was read."""

    def __init__(self, fragment: Fragment) -> None:
        self.fragment = fragment
        self.text = fragment.text
        self.at = 0

    def blanks(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def next(self) -> str:
        """The next character that is no blank; empty at the end."""
        self.blanks()
        return self.text[self.at : self.at + 1]

    def wrong(self, wanted: str, at: int | None = None) -> NotJson:
        at = self.at if at is None else at
        found = f"`{self.text[at]}` stands here" if at < len(self.text) else "the text ends here"
        span = self.fragment.span(min(at, max(len(self.text) - 1, 0)), at + 1)
        return NotJson(span, f"{found}, where {wanted} should")

    def value(self, depth: int) -> Json:
        if depth > DEEPEST:
            raise NotJson(
                self.fragment.span(self.at, self.at + 1), f"this is nested more than {DEEPEST} deep"
            )
        begun, char = self.at, self.next()
        begun = self.at
        match char:
            case "{":
                return self.object(depth)
            case "[":
                return self.array(depth)
            case '"':
                return self.string()
        if found := _NUMBER.match(self.text, begun):
            self.at = found.end()
            return Number(found[0], self.fragment.span(begun, self.at))
        found = _WORD.match(self.text, begun)
        if found and found[0] in _WORDS:
            self.at = found.end()
            return Word(_WORDS[found[0]], self.fragment.span(begun, self.at))
        raise self.wrong("a value of JSON")

    def object(self, depth: int) -> Object:
        begun, members = self.at, []
        self.at += 1
        if self.next() != "}":
            while True:
                if self.next() != '"':
                    raise self.wrong("a key in double quotes")
                key = self.string()
                if self.next() != ":":
                    raise self.wrong("a colon")
                self.at += 1
                members.append((key, self.value(depth + 1)))
                if self.next() != ",":
                    break
                self.at += 1
        self.closed("}")
        return Object(tuple(members), self.fragment.span(begun, self.at))

    def array(self, depth: int) -> Array:
        begun, items = self.at, []
        self.at += 1
        if self.next() != "]":
            while True:
                items.append(self.value(depth + 1))
                if self.next() != ",":
                    break
                self.at += 1
        self.closed("]")
        return Array(tuple(items), self.fragment.span(begun, self.at))

    def closed(self, bracket: str) -> None:
        if self.next() != bracket:
            raise self.wrong(f"a comma or `{bracket}`")
        self.at += 1

    def string(self) -> Text:
        begun = self.at
        self.at += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            assert plain is not None
            parts.append(plain[0])
            self.at = plain.end()
            char = self.text[self.at : self.at + 1]
            if char == '"':
                self.at += 1
                break
            if char != "\\":
                raise self.wrong("the closing quote of the text that begins before")
            parts.append(self.escape())
        value = "".join(parts)
        if any("\ud800" <= char <= "\udfff" for char in value):
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if "\ufffd" in value:
                raise NotJson(self.fragment.span(begun, self.at), "this text holds half of a surrogate pair")
        return Text(value, self.fragment.span(begun, self.at))

    def escape(self) -> str:
        char = self.text[self.at + 1 : self.at + 2]
        if char in _ESCAPES and char:
            self.at += 2
            return _ESCAPES[char]
        found = _HEX.match(self.text, self.at + 2) if char == "u" else None
        if found is None:
            raise self.wrong("an escape of JSON", self.at)
        self.at = found.end()
        return chr(int(found[0], 16))
