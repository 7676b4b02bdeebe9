"""Questions about the value at a path, or about any value a path through one list leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any as Anything

from atamo_rules.engine import terms
from atamo_rules.engine.operators import FITS, operator_of, single
from atamo_rules.engine.shapes import comparisons
from atamo_rules.engine.shapes.numbers import SIGNS
from atamo_rules.engine.shapes.paths import LONGEST, plain, read
from atamo_rules.engine.shapes.piece import CALL, ELEMENTS, MARK, PART, Here, Piece
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.meaning import (
    EACH,
    Condition,
    Const,
    Empty,
    Exists,
    Get,
    Holds,
    IsNull,
    Otherwise,
    Present,
    Test,
)
from atamo_rules.model.types import Text


def piece(node: Condition, here: Here) -> Piece | None:
    """The expression of an atom, None where only a frame can tell. Raises Beyond."""
    if isinstance(node, Test) and isinstance(node.left, Get) and isinstance(node.right, Const):
        left = node.left
        if plain(left.steps):
            text, soft = read(left, here)
            return comparisons.test(node, left.type, text, soft, here.value)
        return _any_element(node, left, here) if left.many else None
    match node:
        case Test(left=Get() as left, right=Get() as right) if plain(left.steps) and plain(right.steps):
            return _pair(node, left, right, here)
        case Test(left=Otherwise(value=Get() as get, fallback=Const() as fallback), right=Const()):
            return _otherwise(node, get, fallback, here) if plain(get.steps) else None
        case Present(term=Get() as get) | Empty(term=Get() as get) | Holds(term=Get() as get):
            if get.many:
                return _any_element(node, get, here)
            if not plain(get.steps):
                return None
            text, _ = read(get, here, soft=isinstance(node, Present))
            return _state(node, text, here.value)
        case IsNull(term=get) | Exists(term=get):
            if get.many:
                return _any_element(node, get, here)
            return _state(node, read(get, here, default="A")[0], here.value) if plain(get.steps) else None
        case _:
            return None


def _state(node: Condition, text: str, value: str) -> Piece:
    match node:
        case Present():
            return comparisons.present(text)
        case Empty():
            return comparisons.empty(text, value)
        case Holds():
            return comparisons.true(text)
        case IsNull():
            return comparisons.null(text)
    return comparisons.exists(text)


def _any_element(node: Condition, get: Get, here: Here) -> Piece | None:
    """Some value that a path through one list leads to. What an element lacks is often absent."""
    at = get.steps.index(EACH)
    tail = get.steps[at + 1 :]
    if len(get.steps) > LONGEST or not all(isinstance(step, str) for step in (*get.steps[:at], *tail)):
        return None
    head, soft = read(Get(get.root, get.steps[:at], Text(), span=get.span), here)
    if not tail and isinstance(node, Test) and (quick := _member(node, head, soft, here)) is not None:
        return quick
    inside, name = here.inside("an element")
    last = ", A" if isinstance(node, IsNull | Exists) else ""
    text = name
    for position, step in enumerate(tail):
        text = f"({text} or E)" if position else text
        text = f"{text}.get({step!r}{last if position == len(tail) - 1 else ''})"
    if isinstance(node, Test):
        asked = comparisons.test(node, get.type, text, bool(tail), inside.value)
        if asked is None:
            return None
    else:
        asked = _state(node, text, inside.value)
    return Piece(ELEMENTS + asked.cost, f"any({asked.text} for {name} in I({head}))", asked.constants)


def _member(node: Test, head: str, soft: bool, here: Here) -> Piece | None:
    """An element that equals a text, or one of several texts."""
    assert isinstance(node.right, Const)
    constant, value = node.right.value, here.value
    if node.ignore_case or node.many:
        return None
    there = f"({value} := {head}) is not None and " if soft else ""
    looked = value if soft else f"({value} := {head})"
    if node.operator == "eq" and isinstance(constant, str):
        return Piece(PART, f"({there}{MARK} in {looked} and isinstance({value}, L))", (constant,))
    if node.operator == "in" and isinstance(constant, tuple) and all(isinstance(i, str) for i in constant):
        text = f"({there}not {MARK}.isdisjoint({looked}) and isinstance({value}, L))"
        return Piece(PART, text, (frozenset(constant),))
    return None


def _pair(node: Test, left: Get, right: Get, here: Here) -> Piece | None:
    """Two fields of the event beside each other."""
    if node.many or node.operator == "in":
        return None
    (one, _), (two, _) = read(left, here), read(right, here)
    ask = _both(node, left, right)
    first, second = here.value, f"{here.value}2"
    if node.kind == "number" and (sign := {**SIGNS, "eq": "=="}.get(node.operator)):
        text = (
            f"({first} {sign} {second} if type({first} := {one}) is type({second} := {two}) is int"
            f" else {MARK}({first}, {second}))"
        )
        return Piece(PART, text, (ask,))
    return Piece(CALL, f"{MARK}({one}, {two})", (ask,))


def _both(node: Test, left: Get, right: Get) -> Callable[[Anything, Anything], bool]:
    operator, fits, kind, fold = operator_of(node), FITS[node.kind], node.kind, node.ignore_case
    if kind in comparisons.READ:
        first, second = terms.reader(left.type), terms.reader(right.type)

        def times(one: Anything, two: Anything) -> bool:
            two = two if second is None else second(two)
            return fits(two) and operator(one if first is None else first(one), two, kind, fold)

        return times
    return lambda one, two: fits(two) and operator(one, two, kind, fold)


def _otherwise(node: Test, get: Get, fallback: Const, here: Here) -> Piece | None:
    """`(x else "y") is "z"`: whether the fallback would do is known now."""
    text, _ = read(get, here, soft=True)
    if not isinstance(node.right, Const) or node.right.value is None or get.many:
        return None
    asked = single(node)
    instead = asked(fallback.value)
    type, convert = get.type, terms.reader(get.type)

    def ask(value: Anything) -> bool:
        value = value if convert is None or value is None else convert(value)
        if value is None or value is ABSENT or not terms.of_type(value, type):
            return instead
        return asked(value)

    return Piece(CALL, f"{MARK}({text})", (ask,))
