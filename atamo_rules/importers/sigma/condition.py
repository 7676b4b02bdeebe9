"""The condition of a Sigma rule: names of selections joined by `and`, `or`, `not`, `1 of`, `all of` and parentheses.

`not` binds before `and`, and `and` before `or`. The grammar is that of the Sigma specification, version 2; pipes and
what follows them (`| count() > 5`) left the language with version 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.source import codes
from atamo_rules.source.span import Fragment, Span

DEEPEST = 40
"""Parentheses and `not` that may be open at once; our own conditions go no deeper than 64 with what is inside."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The name of a selection."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Several:
    """`1 of them`, `all of selection_*`: `every` or some of the selections that a pattern names, in their order."""

    every: bool
    names: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Negation:
    """`not part`."""

    part: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Joined:
    """`a and b`, or without `every` `a or b`; at least two parts."""

    every: bool
    parts: tuple[Node, ...]
    span: Span


Node: TypeAlias = "Selection | Several | Negation | Joined"

_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Za-z0-9_*\-]+)|(?P<bracket>[()])|(?P<pipe>\|)|(?P<other>\S))")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    kind: str
    start: int
    end: int


def condition(fragment: Fragment, selections: Sequence[str]) -> Node:
    """What a condition says about selections of these names. Raises Malformed and Unsayable."""
    reader = _Reader(fragment, selections)
    node = reader.any_of(0)
    if reader.next is not None:
        reader.unexpected("`and`, `or` or the end")
    return node


class _Reader:
    """Recursive descent over the words of one condition; thrown away after it."""

    def __init__(self, fragment: Fragment, selections: Sequence[str]) -> None:
        self.fragment = fragment
        self.selections = selections
        self.tokens = [
            _Token(found.group(found.lastgroup), found.lastgroup, found.start(found.lastgroup), found.end())
            for found in _TOKEN.finditer(fragment.text)
            if found.lastgroup is not None
        ]
        self.at = 0
        pipe = next((token for token in self.tokens if token.kind == "pipe"), None)
        if pipe is not None:
            reason = (
                "its condition counts or correlates events behind a `|`, which single events do not decide"
            )
            raise Unsayable(reason, self.span(pipe))

    @property
    def next(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def word(self) -> str:
        """The next word, or bracket; empty at the end."""
        return "" if self.next is None else self.next.text

    def take(self) -> _Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def span(self, first: _Token, last: _Token | None = None) -> Span:
        return self.fragment.span(first.start, (last or first).end)

    def unexpected(self, wanted: str) -> None:
        token = self.next
        if token is None:
            end = len(self.fragment.text)
            span = self.fragment.span(max(end - 1, 0), end)
            raise Malformed(codes.SYNTAX, span, f"the condition ends where {wanted} is expected")
        lower = token.text.lower()
        help = f"write `{lower}`" if lower != token.text and lower in ("and", "or", "not", "of") else None
        raise Malformed(
            codes.SYNTAX, self.span(token), f"`{token.text}` stands where {wanted} is expected", help
        )

    def any_of(self, depth: int) -> Node:
        return self.chain("or", self.all_of, depth)

    def all_of(self, depth: int) -> Node:
        return self.chain("and", self.negation, depth)

    def chain(self, word: str, below: Callable[[int], Node], depth: int) -> Node:
        """Parts of a tighter kind with a word between them."""
        begin = self.at
        parts = [below(depth)]
        while self.word() == word:
            self.take()
            parts.append(below(depth))
        span = self.span(self.tokens[begin], self.tokens[self.at - 1])
        return parts[0] if len(parts) == 1 else Joined(word == "and", tuple(parts), span)

    def negation(self, depth: int) -> Node:
        if self.word() != "not":
            return self.operand(depth)
        token = self.take()
        self.bounded(depth, token)
        part = self.negation(depth + 1)
        return Negation(part, self.span(token, self.tokens[self.at - 1]))

    def operand(self, depth: int) -> Node:
        token = self.next
        if token is None or token.text in ("and", "or", "of", ")") or token.kind == "other":
            self.unexpected("the name of a selection")
        token = self.take()
        if token.text == "(":
            self.bounded(depth, token)
            inside = self.any_of(depth + 1)
            if self.word() != ")":
                self.unexpected("`)`")
            self.take()
            return inside
        return self.several(token) if self.word() == "of" else self.selection(token)

    def bounded(self, depth: int, token: _Token) -> None:
        if depth >= DEEPEST:
            raise Malformed(codes.TOO_DEEP, self.span(token), f"this is nested more than {DEEPEST} deep")

    def selection(self, token: _Token) -> Node:
        if token.text not in self.selections:
            known = ", ".join(f"`{name}`" for name in self.selections)
            message = f"there is no selection `{token.text}`"
            raise Malformed(codes.UNKNOWN_NAME, self.span(token), message, f"there are {known}")
        return Selection(token.text, self.span(token))

    def several(self, quantifier: _Token) -> Node:
        of = self.take()
        pattern = self.next
        if pattern is None or pattern.kind != "word":
            self.unexpected("`them`, or a pattern such as `selection_*`,")
        pattern = self.take()
        span = self.span(quantifier, pattern)
        if quantifier.text.isdigit() and quantifier.text != "1":
            raise Unsayable(f"`{quantifier.text} of` counts selections, which Sigma 2 does not offer", span)
        if quantifier.text not in ("1", "any", "all"):
            raise Malformed(codes.SYNTAX, self.span(quantifier, of), "before `of` stands `1`, `any` or `all`")
        names = tuple(name for name in self.selections if _named(name, pattern.text))
        if not names:
            raise Malformed(codes.UNKNOWN_NAME, span, f"no selection is called like `{pattern.text}`")
        return Several(quantifier.text == "all", names, span)


def _named(name: str, pattern: str) -> bool:
    """Whether a pattern names a selection. What begins with `_` is only named by a pattern that does, too."""
    if name.startswith("_") and not pattern.startswith("_"):
        return False
    if pattern == "them":
        return True
    first, *others = pattern.split("*")
    if not others:
        return name == pattern
    *inner, last = others
    at = len(first)
    if not name.startswith(first) or not name.endswith(last):
        return False
    for piece in inner:
        found = name.find(piece, at)
        if found == -1:
            return False
        at = found + len(piece)
    return at + len(last) <= len(name)
