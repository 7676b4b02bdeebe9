"""The pieces of a clause: tokens with their places, and the parts that the grammar's rules make of them.

A `Part` holds positions of tokens and none of their texts, so that all clauses of one shape share it. A `Clause` holds
the texts and places of one clause, and no grammar. `Token` and `Tree` join the two for converters that read both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Span


@dataclass(frozen=True, slots=True)
class Leaf:
    """A token of a shape: its kind, which is the name of a terminal, and its position among the tokens."""

    kind: str
    index: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a grammar rule, or an alias in it, made of the tokens `first` to `last`; both -1 where there are none."""

    rule: str
    children: tuple[Part | Leaf, ...]
    first: int
    last: int


Tokens: TypeAlias = "tuple[Sequence[str], Sequence[int], Sequence[int]]"
"""The tokens of a clause: their texts, and the offsets where they start and end."""


class Clause:
    """The tokens of one clause, where it stands, and what is said of it while it is converted."""

    __slots__ = ("_moved", "_source", "ends", "fragment", "report", "starts", "texts")

    def __init__(self, fragment: Fragment, tokens: Tokens) -> None:
        self.fragment = fragment
        self.texts, self.starts, self.ends = tokens
        self.report: list[Diagnostic] = []
        segments = fragment.segments
        self._source = fragment.outer.source if len(segments) == 1 else None
        self._moved = segments[0][1] - segments[0][0] if segments else 0

    def span(self, first: int, last: int) -> Span:
        """Where the tokens `first` to `last` stand in the file; the whole clause when there are none."""
        if first < 0:
            return self.fragment.span(0, len(self.fragment.text))
        source = self._source
        if source is None:
            return self.fragment.span(self.starts[first], self.ends[last])
        moved = self._moved
        return Span(source, self.starts[first] + moved, self.ends[last] + moved)

    def place(self, start: int, end: int) -> Span:
        """Where the characters `start` to `end` of the clause stand in the file."""
        source, moved = self._source, self._moved
        return self.fragment.span(start, end) if source is None else Span(source, start + moved, end + moved)


class Token(str):
    """The text of a token, its kind and its position among the tokens of its clause."""

    __slots__ = ("at", "type")
    type: str
    at: int

    def __new__(cls, text: str, type: str, at: int) -> Token:
        made = super().__new__(cls, text)
        made.type = type
        made.at = at
        return made


class Tree:
    """A part of one clause: the name of its rule, and its trees and tokens.

    `made` is what the part stands for, where a recipe has said it; then nobody looks at the children.
    """

    __slots__ = ("children", "data", "first", "last", "made")

    def __init__(self, part: Part, children: list[Any], made: Callable[[Clause], Any] | None = None) -> None:
        self.data = part.rule
        self.children = children
        self.first, self.last = part.first, part.last
        self.made = made
