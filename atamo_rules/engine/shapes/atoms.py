"""Questions about the value at a path, about two fields of the event, and about values that are worked out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atamo_rules.engine import readers
from atamo_rules.engine.operators import FITS, operator_of
from atamo_rules.engine.shapes import comparisons, elements, numbers, spelled
from atamo_rules.engine.shapes.numbers import SIGNS
from atamo_rules.engine.shapes.paths import is_number, plain, read
from atamo_rules.engine.shapes.piece import CALL, HOLE, MARK, PART, Here, Piece
from atamo_rules.engine.shapes.values import Conditions, Made, Uncovered, value
from atamo_rules.model.meaning import (
    Condition,
    Const,
    Empty,
    Exists,
    Get,
    Holds,
    IsNull,
    Present,
    Spelled,
    Test,
)
from atamo_rules.model.types import Anything


def piece(node: Condition, here: Here, conditions: Conditions) -> Piece | None:
    """The expression of an atom, None where only a frame can tell. Raises Beyond."""
    if isinstance(node, Test) and isinstance(node.left, Get) and isinstance(node.right, Const):
        left = node.left
        if plain(left.steps):
            text, soft = read(left, here)
            if is_number(left, here) and (sure := numbers.sure(node.operator, node.right.value, text)):
                return sure
            return comparisons.test(node, left.type, text, soft, here.value)
        return elements.piece(node, left, here) if left.many else None
    if isinstance(node, Test) and isinstance(node.left, Spelled):
        return spelled.piece(node, node.left, here)
    try:
        return _test(node, here, conditions) if isinstance(node, Test) else _state(node, here, conditions)
    except Uncovered:
        return None


def _test(node: Test, here: Here, conditions: Conditions) -> Piece | None:
    left, right = node.left, node.right
    if isinstance(left, Get) and isinstance(right, Get) and plain(left.steps) and plain(right.steps):
        return _pair(node, left, right, here)
    if isinstance(left, Get | Const) or not isinstance(right, Const):
        return None
    asked = comparisons.test(node, Anything(), HOLE, True, here.value)
    return asked and _filled(asked, value(left, here, conditions))


def _filled(asked: Piece, made: Made) -> Piece:
    """A question of a computed value; the value's constants stand among the question's, where the value itself
    stands."""
    before, _, after = asked.text.partition(HOLE)
    at = before.count(MARK)
    constants = (*asked.constants[:at], *made.constants, *asked.constants[at:])
    return Piece(CALL + asked.cost, before + made.text + after, constants)


def _state(node: Condition, here: Here, conditions: Conditions) -> Piece | None:
    if not isinstance(node, Present | Empty | Holds | IsNull | Exists):
        return None
    get = node.term
    if not isinstance(get, Get):
        if isinstance(node, Present):
            return None
        return _filled(comparisons.state(node, HOLE, here.value), value(get, here, conditions))
    if get.many:
        return elements.piece(node, get, here)
    if not plain(get.steps):
        return None
    default = "A" if isinstance(node, IsNull | Exists) else ""
    text, _ = read(get, here, default=default, soft=isinstance(node, Present))
    return comparisons.state(node, text, here.value)


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


def _both(node: Test, left: Get, right: Get) -> Callable[[Any, Any], bool]:
    operator, fits, kind, fold = operator_of(node), FITS[node.kind], node.kind, node.ignore_case
    if kind in comparisons.READ:
        first, second = readers.reader(left.type), readers.reader(right.type)

        def times(one: Any, two: Any) -> bool:
            two = two if second is None else second(two)
            return fits(two) and operator(one if first is None else first(one), two, kind, fold)

        return times
    return lambda one, two: fits(two) and operator(one, two, kind, fold)
