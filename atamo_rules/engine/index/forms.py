"""Conditions as terms of which one must hold: a disjunction of conjunctions of tests that bit vectors can answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any as Anything
from typing import NamedTuple

from atamo_rules.engine.index.conjuncts import conjuncts, disjuncts
from atamo_rules.engine.index.keys import test_key
from atamo_rules.engine.index.numbers import Cut
from atamo_rules.engine.index.paths import several
from atamo_rules.engine.index.places import ELEMENT, PART, RANGE, VALUE, Key
from atamo_rules.model.meaning import Condition, Const, Get, Holds, Not, Present, Step, Test

MOST_TERMS = 12
"""Terms of one rule; what needs more is one term that says nothing."""

TEXT, NUMBER, BOOLEAN, ITEMS, HELD, PRESENT = "text", "number", "boolean", "items", "held", "present"


class Ask(NamedTuple):
    """A test that bit vectors answer. `what`: texts, booleans, or pairs of cuts; empty for presence."""

    kind: str
    steps: tuple[Step, ...]
    what: tuple[Anything, ...]
    negated: bool


class Term(NamedTuple):
    """Tests that must all hold, and whether they are all there is to it."""

    asks: tuple[Ask, ...]
    whole: bool


NOTHING, OPEN = Term((), True), Term((), False)
"""The term that asks nothing, and the one that says nothing."""

_tuple = tuple.__new__
"""As for keys: one is made for every test of every rule."""


def terms(parts: Sequence[Condition]) -> list[Term]:
    """The terms of a condition whose conjuncts are `parts`."""
    found = [NOTHING]
    for part in parts:
        inner = _either(part)
        if len(found) * len(inner) > MOST_TERMS:
            inner = [OPEN]
        found = [
            _tuple(Term, (one.asks + two.asks, one.whole and two.whole)) for one in found for two in inner
        ]
    return found


def _either(node: Condition) -> list[Term]:
    if type(node) is Test:
        ask = asked(node)
        return [OPEN if ask is None else _tuple(Term, ((ask,), True))]
    parts = disjuncts(node)
    if len(parts) == 1:
        inner = conjuncts(parts[0])
        if len(inner) > 1:
            return terms(inner)
        ask = asked(inner[0])
        return [OPEN if ask is None else Term((ask,), True)]
    found: list[Term] = []
    for part in parts:
        found += terms(conjuncts(part))
        if len(found) > MOST_TERMS:
            return [OPEN]
    return found


def asked(node: Condition, negated: bool = False) -> Ask | None:
    """What a single test asks, where bit vectors can answer it exactly."""
    if type(node) is Test:
        key = test_key(node)
        return None if key is None else _of_key(node, key, negated)
    match node:
        case Not():
            return asked(node.part, not negated)
        case Holds(Get("event", steps)) if not several(steps):
            return Ask(BOOLEAN, steps, (True,), negated)
        case Present(Get("event", steps)) if not several(steps):
            return Ask(PRESENT, steps, (), negated)
    return None


def _of_key(node: Test, key: Key, negated: bool) -> Ask | None:
    place, values = key.place, key.values
    if place.kind == RANGE:
        return _tuple(Ask, (NUMBER, place.steps, (values,), negated))
    if place.read or place.fold or node.many == "all" or node.operator in ("glob", "regex"):
        return None
    if place.kind == ELEMENT:
        return Ask(ITEMS, place.steps, values, negated) if _all(values, str) else None
    if place.kind == PART and place.open and not several(place.steps):
        return Ask(HELD, place.steps, values, negated)
    if place.kind != VALUE:
        return None
    if _all(values, str):
        return Ask(TEXT, place.steps, values, negated)
    if _all(values, bool):
        return Ask(BOOLEAN, place.steps, values, negated)
    if any(isinstance(one, str | bool) for one in values):
        return None
    return Ask(NUMBER, place.steps, tuple(_at(one) for one in _numbers(node)), negated)


def _all(values: Sequence[Anything], kind: type) -> bool:
    return {kind}.issuperset(map(type, values))


def _numbers(node: Test) -> tuple[Anything, ...]:
    const = node.right if isinstance(node.right, Const) else node.left
    assert isinstance(const, Const)
    return tuple(const.value) if isinstance(const.value, list | tuple) else (const.value,)


def _at(number: Anything) -> tuple[Cut, Cut]:
    return ((number, 0), (number, 1))
