"""Conditions to closures: does it hold for one event? Total and two-valued, whatever the body holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any as Anything
from typing import TypeAlias

from atamo_rules.engine import readers, spelled, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.operators import FITS, operator_of
from atamo_rules.engine.questions import single
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.meaning import (
    All,
    Among,
    Any,
    Condition,
    Const,
    Constant,
    Empty,
    Exists,
    Get,
    Holds,
    IsNull,
    MakeList,
    Not,
    Present,
    Spelled,
    Term,
    Test,
)

Holding: TypeAlias = Callable[[Frame], bool]


def condition(node: Condition) -> Holding:
    """The closure of a condition."""
    match node:
        case Test():
            return _test(node)
        case All():
            return _all(tuple(condition(part) for part in node.parts))
        case Any():
            return _any(tuple(condition(part) for part in node.parts))
        case Not():
            part = condition(node.part)
            return lambda frame: not part(frame)
        case Constant():
            value = node.value
            return lambda frame: value
        case Present():
            return _present(node)
        case IsNull():
            walk = terms.values(node.term)
            return lambda frame: any(value is None for value in walk(frame))
        case Exists():
            walk = terms.values(node.term)
            return lambda frame: any(True for _ in walk(frame))
        case Empty():
            if isinstance(node.term, Get):
                walk = terms.values(node.term)
                return lambda frame: any(_empty(value) for value in walk(frame))
            inner = terms.term(node.term)
            return lambda frame: _empty(inner(frame))
        case Holds():
            return _holds(node)
        case Among():
            return _among(node)


def _all(parts: tuple[Holding, ...]) -> Holding:
    if len(parts) == 2:
        one, two = parts
        return lambda frame: one(frame) and two(frame)

    def run(frame: Frame) -> bool:
        for part in parts:  # noqa: SIM110 - a loop is half the cost of all() over a generator
            if not part(frame):
                return False
        return True

    return run


def _any(parts: tuple[Holding, ...]) -> Holding:
    def run(frame: Frame) -> bool:
        for part in parts:  # noqa: SIM110
            if part(frame):
                return True
        return False

    return run


def _present(node: Present) -> Holding:
    if isinstance(node.term, Get):
        walk = terms.values(node.term)
        return lambda frame: any(value is not None for value in walk(frame))
    inner = terms.term(node.term)

    def run(frame: Frame) -> bool:
        value = inner(frame)
        return value is not ABSENT and value is not None

    return run


def _empty(value: Anything) -> bool:
    return isinstance(value, str | list | tuple | dict) and not value


def _holds(node: Holds) -> Holding:
    if isinstance(node.term, Get):
        walk = terms.values(node.term)
        return lambda frame: any(value is True for value in walk(frame))
    inner = terms.term(node.term)
    return lambda frame: inner(frame) is True


def _among(node: Among) -> Holding:
    collection, inner, variable = terms.elements(node.collection), condition(node.condition), node.variable
    quantifier = node.quantifier

    def run(frame: Frame) -> bool:
        found = collection(frame)
        if not isinstance(found, list | tuple):
            # Of nothing, nothing holds: `every` and `no` are true of an empty list, but not of a missing one.
            return quantifier == "no"
        holding = (inner(frame.bound(variable, item)) for item in found)
        if quantifier == "any":
            return any(holding)
        return all(holding) if quantifier == "every" else not any(holding)

    return run


def _test(node: Test) -> Holding:
    left, right = node.left, node.right
    if isinstance(left, Spelled) and isinstance(right, Const):
        return spelled.test(node, left)
    plain_left = isinstance(left, Get) and not left.many
    if isinstance(right, Const):
        check = single(node)
        if plain_left:
            read = readers.reader(left.type) if isinstance(left, Get) and node.kind in _READ else None
            assert isinstance(left, Get)
            fetch = terms.direct(left)
            if read is None:
                return lambda frame: check(fetch(frame))
            return lambda frame: check(read(fetch(frame)))
        many = _many(left, node.kind)
        return lambda frame: any(check(value) for value in many(frame))
    operator = operator_of(node)
    kind, fold = node.kind, node.ignore_case
    one, fits = _many(left, node.kind), FITS[kind]
    if node.many or node.operator == "in":
        items = _listed(right, node.kind)
        meets = all if node.many == "all" else any

        def run_list(frame: Frame) -> bool:
            others = items(frame)
            if others is not None and node.many == "all" and isinstance(left, Spelled):
                # Each is met by one of the texts, as a list `contains all of` them.
                return all(
                    any(operator(value, other, kind, fold) for value in one(frame)) for other in others
                )
            return others is not None and any(
                meets(fits(other) and operator(value, other, kind, fold) for other in others)
                for value in one(frame)
            )

        return run_list
    two = _many(right, node.kind)

    def run(frame: Frame) -> bool:
        # Two values that are both missing, or both of a type that was not declared, are not equal: they are nothing.
        others = [other for other in two(frame) if fits(other)]
        return any(operator(value, other, kind, fold) for value in one(frame) for other in others)

    return run


def joined(node: Condition) -> tuple[Condition, ...]:
    """What the author joined by `and` or `or`. The two bounds of `between` were written as one, and count as one."""
    if isinstance(node, All | Any) and not (
        node.parts and all(part.span == node.span for part in node.parts)
    ):
        return node.parts
    return ()


_READ = ("moment", "date", "duration")


def _listed(node: Term, kind: str) -> Callable[[Frame], list[Anything] | None]:
    """The elements of a list that the event gives, None where there is none: those of one list, of every list that
    a path leads to, or all the values of a path through a list."""
    if isinstance(node, Get) and node.many:
        walk = _many(node, kind)

        def gather(frame: Frame) -> list[Anything]:
            found: list[Anything] = []
            for value in walk(frame):
                if isinstance(value, list | tuple):
                    found.extend(value)
                else:
                    found.append(value)
            return found

        return gather
    if isinstance(node, MakeList):
        # Each is compared for itself: one that is missing equals nothing, and takes nothing from the others.
        items = tuple(terms.term(item) for item in node.items)
        if any(isinstance(item, Spelled) for item in node.items):
            makes = tuple(_many(item, kind) for item in node.items)
            return lambda frame: [value for make in makes for value in make(frame)]
        return lambda frame: [item(frame) for item in items]
    if isinstance(node, Spelled):
        return spelled.listed(node)
    inner = terms.term(node)

    def one(frame: Frame) -> list[Anything] | None:
        value = inner(frame)
        return list(value) if isinstance(value, list | tuple) else None

    return one


def _many(node: Term, kind: str) -> Callable[[Frame], Anything]:
    """Every value of a side: those of a path through arrays, or just the one."""
    if isinstance(node, Get):
        walk = terms.values(node)
        read = readers.reader(node.type) if kind in _READ else None
        if read is None:
            return walk
        return lambda frame: (read(value) for value in walk(frame))
    if isinstance(node, Spelled):
        return spelled.texts(node)
    inner = terms.term(node)
    return lambda frame: (inner(frame),)
