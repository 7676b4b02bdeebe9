"""Whole conditions as expressions: and, or, not, and questions about the elements of lists.

The parts of `and` and of `or` are asked cheapest first. Each is pure and has an answer whatever the body holds, so
their order cannot be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from atamo_rules.engine import readers
from atamo_rules.engine.shapes import atoms, comparisons, numbers, total
from atamo_rules.engine.shapes.paths import place, plain, read
from atamo_rules.engine.shapes.piece import DEEPEST, ELEMENTS, PRESENCE, Here, Piece, Place
from atamo_rules.model.meaning import (
    EACH,
    All,
    Among,
    Any,
    Condition,
    Const,
    Constant,
    Exists,
    Get,
    IsNull,
    Not,
    Present,
    Test,
)
from atamo_rules.model.types import Anything, Text


def piece(condition: Condition, here: Here) -> Piece:
    """A condition as an expression. Raises Beyond where it reads more than the body."""
    if here.depth > DEEPEST:
        return total.piece(condition, here)
    if isinstance(condition, Test):
        return atoms.piece(condition, here, piece) or total.piece(condition, here)
    match condition:
        case All():
            return _between(condition, here) or _joined(" and ", "True", condition.parts, here)
        case Any():
            return _joined(" or ", "False", condition.parts, here)
        case Not():
            inner = piece(condition.part, here.deeper(_asked(condition.part, here)))
            return Piece(inner.cost, f"(not {inner.text})", inner.constants)
        case Constant():
            return Piece(PRESENCE, str(condition.value))
        case Among():
            return _among(condition, here) or total.piece(condition, here)
        case _:
            return atoms.piece(condition, here, piece) or total.piece(condition, here)


_NOTHING: frozenset[Place] = frozenset()
_COST = itemgetter(0, 1)


def _joined(word: str, none: str, parts: Sequence[Condition], here: Here) -> Piece:
    if not parts:
        return Piece(PRESENCE, none)
    soft = _NOTHING
    for part in parts:
        if not isinstance(part, Test):
            soft |= _asked(part, here)
    inner = here.deeper(soft)
    parts = _needed(parts, here) if soft and word == " and " else parts
    pieces = sorted([piece(part, inner) for part in parts], key=_COST)
    if len(pieces) == 1:
        return pieces[0]
    return Piece(
        pieces[-1].cost,
        f"({word.join([one.text for one in pieces])})",
        tuple([constant for one in pieces for constant in one.constants]),
    )


def _asked(part: Condition, here: Here) -> frozenset[Place]:
    """The path whose presence a part asks: the parts beside it read what may be absent."""
    if isinstance(part, Not):
        part = part.part
    if isinstance(part, Present | Exists | IsNull) and isinstance(part.term, Get):
        return frozenset((place(part.term, here),))
    return _NOTHING


def _needed(parts: Sequence[Condition], here: Here) -> Sequence[Condition]:
    """The parts of an `and` without `x is present` where a test of x beside it says as much."""
    tested = {
        place(part.left, here)
        for part in parts
        if isinstance(part, Test)
        and isinstance(part.left, Get)
        and not part.left.many
        and isinstance(part.right, Const)
        and not part.many
        and not comparisons.has_null(part.right.value)
    }
    if not tested:
        return parts
    return [
        part
        for part in parts
        if not (isinstance(part, Present) and isinstance(part.term, Get) and place(part.term, here) in tested)
    ]


def _between(node: All, here: Here) -> Piece | None:
    """Two bounds of one value, written as one comparison."""
    if len(node.parts) != 2:
        return None
    low, high = node.parts
    if not (isinstance(low, Test) and isinstance(high, Test) and low.left is high.left):
        return None
    if not (isinstance(low.left, Get) and isinstance(low.right, Const) and isinstance(high.right, Const)):
        return None
    if (
        low.kind not in ("number", "json")
        or low.operator not in ("ge", "gt")
        or high.operator not in ("le", "lt")
    ):
        return None
    if not plain(low.left.steps):
        return None
    text, soft = read(low.left, here)
    return numbers.between(
        (low.operator, low.right.value), (high.operator, high.right.value), text, soft, here.value
    )


def _among(node: Among, here: Here) -> Piece | None:
    """Quantified over a list that stands at one place, its elements as they came."""
    collection = node.collection
    if not isinstance(collection, Get) or readers.reader(collection.type) is not None:
        return None
    each = collection.steps[-1:] == (EACH,) and isinstance(collection.type, Anything)
    whole = Get(collection.root, collection.steps[:-1], Text(), span=collection.span) if each else collection
    if not plain(whole.steps):
        return None
    text, _ = read(whole, here)
    inside, name = here.inside(node.variable)
    asked = piece(node.condition, inside)
    if each:
        # The values that a path leads to: what is null is none of them.
        if node.quantifier != "any":
            return None
        held = f"any({asked.text} for {name} in I({text}) if {name} is not None)"
    elif node.quantifier == "every":
        # Every element of an empty list, but nothing of what is no list.
        held = f"(isinstance({here.value} := {text}, L) and all({asked.text} for {name} in {here.value}))"
    else:
        negated = "not " if node.quantifier == "no" else ""
        held = f"({negated}any({asked.text} for {name} in I({text})))"
    return Piece(ELEMENTS + asked.cost, held, asked.constants)
