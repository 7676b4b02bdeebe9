"""Conditions as fast functions of an event's body: one compiled function per *shape*, its constants as arguments.

`total > 100 and channel is web` and `total > 7 and channel is mail` have one shape; whatever the number of rules,
only their shapes are compiled. See `factory` for what a function looks like and why it can be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping

from atamo_rules.engine.shapes import factory, joins
from atamo_rules.engine.shapes.factory import Question as Question
from atamo_rules.engine.shapes.factory import Residual as Residual
from atamo_rules.engine.shapes.piece import FRAME, Beyond, Here, Piece
from atamo_rules.engine.shapes.piece import Held as Held
from atamo_rules.engine.shapes.piece import Place as Place
from atamo_rules.model.meaning import Condition

__all__ = ["Held", "Place", "Question", "Residual", "expression", "nanoseconds", "question", "residual"]

TOP = Here({"event": "e"})


def residual(condition: Condition) -> Residual | None:
    """The condition as a function of an event's body; None where it reads more (`user`, `now`, a `let`, a table).

    The function takes the body as a JSON reader gives it, floats included, and is total: whatever the body holds, it
    gives True or False, the same as `engine.conditions` does on a frame, and never raises.
    """
    try:
        piece = joins.piece(condition, TOP)
    except Beyond:
        return None
    return factory.function(condition, piece)


def question(of: str, condition: Condition) -> Question | None:
    """The same as a tuple that asks itself, `question[0](body, question)`; its second item is `of`."""
    try:
        piece = joins.piece(condition, TOP)
    except Beyond:
        return None
    return factory.question(of, condition, piece)


def nanoseconds(condition: Condition) -> float:
    """What asking a condition takes, about, on a machine on which a call takes a hundred nanoseconds."""
    try:
        return joins.piece(condition, TOP).cost * 10.0
    except Beyond:
        return FRAME * 20.0


def expression(condition: Condition, held: Mapping[Place, Held] | None = None) -> Piece | None:
    """The condition as an expression of the body `e`, to be written into a larger function; None where it reads more.
    `held` are the paths of `e` that the function has read already.

    It names nothing else but its constants, what is in `factory.SPACE`, and variables of its own that begin with u, v
    or x. It raises one of `factory.SURPRISES` where the body is not as its type says.
    """
    try:
        return joins.piece(condition, TOP._replace(held=held) if held else TOP)
    except Beyond:
        return None
