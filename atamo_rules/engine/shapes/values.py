"""Values that are worked out: functions, arithmetic, fallbacks and counts, as calls in an expression.

An expression gives None or ABSENT where there is no value. Both satisfy nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from atamo_rules.engine import calls, readers
from atamo_rules.engine.shapes.paths import plain, read
from atamo_rules.engine.shapes.piece import MARK, Here, Piece
from atamo_rules.model.meaning import Apply, Arith, Condition, Const, Get, Otherwise, Tally, Term, Verdict
from atamo_rules.model.types import ListOf


class Uncovered(Exception):
    """A value that only a frame can give."""


class Made(NamedTuple):
    """The expression of a value, with a MARK for each of its constants."""

    text: str
    constants: tuple[Any, ...] = ()


Conditions = Callable[[Condition, Here], Piece]


def value(node: Term, here: Here, conditions: Conditions) -> Made:
    """The value of a term, as rules see it. Raises Uncovered, and Beyond where it reads more than the body."""
    match node:
        case Const():
            return Made(MARK, (node.value,))
        case Get():
            return _get(node, here)
        case Apply():
            return _apply(node, here, conditions)
        case Arith():
            return _call(calls.arithmetic(node.operator), (node.left, node.right), here, conditions)
        case Otherwise():
            return _call(calls.fallback(node.value), (node.value, node.fallback), here, conditions)
        case Tally():
            return _tally(node, here, conditions)
        case Verdict():
            piece = conditions(node.condition, here)
            return Made(piece.text, piece.constants)
        case _:
            raise Uncovered


def _get(node: Get, here: Here, *, soft: bool = False) -> Made:
    if not plain(node.steps):
        raise Uncovered
    text, _ = read(node, here, soft=soft)
    convert = readers.reader(node.type)
    return Made(text) if convert is None else Made(f"{MARK}({text})", (convert,))


def _call(function: Any, given: tuple[Term, ...], here: Here, conditions: Conditions) -> Made:
    made = [
        _get(one, here, soft=True) if isinstance(one, Get) else value(one, here, conditions) for one in given
    ]
    constants = tuple(constant for one in made for constant in one.constants)
    return Made(f"{MARK}({', '.join(one.text for one in made)})", (function, *constants))


def _apply(node: Apply, here: Here, conditions: Conditions) -> Made:
    only = node.arguments[0]
    if node.function in ("count", "length") and isinstance(only, Get) and isinstance(only.type, ListOf):
        if not plain(only.steps):
            raise Uncovered
        text, _ = read(only, here)
        return Made(f"(len({here.value}) if isinstance({here.value} := {text}, L) else None)")
    return _call(calls.applied(node), node.arguments, here, conditions)


def _tally(node: Tally, here: Here, conditions: Conditions) -> Made:
    collection = node.collection
    if not isinstance(collection, Get) or not plain(collection.steps) or readers.reader(collection.type):
        raise Uncovered
    text, _ = read(collection, here)
    inside, name = here.inside(node.variable)
    asked = conditions(node.condition, inside)
    return Made(f"sum([{asked.text} for {name} in I({text})])", asked.constants)
