"""Which sub-conditions decided: the ones a condition rests on, and the fewest that would have to change.

Both are closures, made once for a rule: they run for every event that an audit tells in full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any as Anything
from typing import TypeAlias

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.render import Problem
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.meaning import (
    All,
    Any,
    Condition,
    Const,
    Empty,
    Exists,
    Get,
    Holds,
    IsNull,
    Not,
    Present,
    Term,
    Test,
)
from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A sub-condition that the author joined to others by `and`, `or` and `not`. `look` gives the value it is about,
    ABSENT where there is none; it is None where it is about none, and never raises."""

    span: Span
    text: str
    """The author's words, on one line."""
    test: conditions.Holding
    look: Callable[[Frame], Anything] | None

    def holds(self, frame: Frame) -> bool:
        """Whether it holds; what cannot be told does not."""
        try:
            return self.test(frame)
        except Problem:
            return False

    def value(self, frame: Frame) -> Anything:
        """The value it looked at; ABSENT where there is none."""
        return ABSENT if self.look is None else self.look(frame)


Told: TypeAlias = "tuple[Leaf, bool]"
"""A sub-condition, and whether it held."""
Support: TypeAlias = Callable[[Frame], "tuple[bool, tuple[Told, ...]]"]
Missing: TypeAlias = Callable[[Frame], "tuple[Told, ...]"]


def leaf(node: Condition) -> Leaf:
    """A sub-condition with its closures."""
    term = looked(node)
    words = " ".join(node.span.said.split())
    return Leaf(node.span, words, conditions.condition(node), None if term is None else _look(term))


def support(node: Condition) -> Support:
    """Whether a condition holds, and the sub-conditions that make it so: with these as they are, no other counts."""
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        inner = support(node.part)

        def turned(frame: Frame) -> tuple[bool, tuple[Told, ...]]:
            held, found = inner(frame)
            return not held, found

        return turned
    if parts := conditions.joined(node):
        supports = tuple(support(part) for part in parts)
        stops = not isinstance(
            node, All
        )  # `or` rests on the first that holds, `and` on the first that does not

        def joined(frame: Frame) -> tuple[bool, tuple[Told, ...]]:
            rest: tuple[Told, ...] = ()
            for part in supports:
                held, found = part(frame)
                if held is stops:
                    return held, found
                rest += found
            return not stops, rest

        return joined
    one = leaf(node)
    held, not_held = (True, ((one, True),)), (False, ((one, False),))
    return lambda frame: held if one.holds(frame) else not_held


def missing(node: Condition, *, wanted: bool = True) -> Missing:
    """A smallest set of sub-conditions that would have to change for a condition to be as wanted: `and` adds, `or`
    takes its cheapest part, `not` turns the question round."""
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return missing(node.part, wanted=not wanted)
    if parts := conditions.joined(node):
        needed = tuple(missing(part, wanted=wanted) for part in parts)
        if isinstance(node, All) is wanted:

            def added(frame: Frame) -> tuple[Told, ...]:
                found: tuple[Told, ...] = ()
                for part in needed:
                    found += part(frame)
                return found

            return added
        return lambda frame: min((part(frame) for part in needed), key=len)
    one = leaf(node)
    alone, holds = ((one, not wanted),), one.holds
    return lambda frame: () if holds(frame) is wanted else alone


def leaves(node: Condition) -> tuple[Leaf, ...]:
    """Every sub-condition, in the order they are written."""
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return leaves(node.part)
    if parts := conditions.joined(node):
        return tuple(one for part in parts for one in leaves(part))
    return (leaf(node),)


def conjoined(node: Condition) -> bool:
    """Whether a condition holds only when every one of its sub-conditions does."""
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return False
    parts = conditions.joined(node)
    return not parts or (isinstance(node, All) and all(conjoined(part) for part in parts))


def looked(node: Condition) -> Term | None:
    """What a sub-condition is about, where it is about one thing that is not written out."""
    inner = node.part if isinstance(node, Not) else node
    if isinstance(inner, All):
        inner = inner.parts[0]
    term: Term | None = None
    if isinstance(inner, Test):
        term = inner.right if isinstance(inner.left, Const) else inner.left
    elif isinstance(inner, Present | IsNull | Exists | Empty | Holds):
        term = inner.term
    elif hasattr(inner, "collection"):
        term = inner.collection
    return None if isinstance(term, Const) else term


def _look(term: Term) -> Callable[[Frame], Anything]:
    made = terms.term(term)
    if isinstance(term, Get) and term.root == "event" and not term.many:
        return made  # a path into the body alone: nothing to raise, nothing to gather
    many = isinstance(term, Get) and term.many

    def total(frame: Frame) -> Anything:
        try:
            found = made(frame)
        except Problem:
            return ABSENT
        return ABSENT if many and found == [] else found

    return total
