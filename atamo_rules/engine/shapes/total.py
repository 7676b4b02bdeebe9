"""Conditions asked of a bare body through the engine's closures: what no shape covers, and every surprise."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from atamo_rules.engine import conditions
from atamo_rules.engine.frame import Frame, bare
from atamo_rules.engine.shapes.piece import FRAME, MARK, Beyond, Here, Piece
from atamo_rules.model.meaning import (
    All,
    Among,
    Apply,
    Arith,
    Condition,
    Const,
    Constant,
    Get,
    MakeList,
    Not,
    Otherwise,
    Spelled,
    Tally,
    Term,
    Test,
    Verdict,
)
from atamo_rules.model.meaning import Any as AnyOf


class Asked:
    """A condition that reads nothing but the body, as a function of the body, which is made when it is first asked."""

    __slots__ = ("_condition", "_holds")

    def __init__(self, condition: Condition) -> None:
        self._condition = condition
        self._holds: Callable[[Frame], bool] | None = None

    def __call__(self, body: Any) -> bool:
        if self._holds is None:
            self._holds = conditions.condition(self._condition)
        return self._holds(bare(body))


def piece(condition: Condition, here: Here) -> Piece:
    """A part of a condition asked through a frame of the body and the elements around. Raises Beyond."""
    if not _within(condition, here.names):
        raise Beyond
    names = ", ".join(f"{variable!r}: {name}" for variable, name in here.variables)
    frame = f"F(e, {{{names}}})" if names else "F(e)"
    return Piece(FRAME, f"{MARK}({frame})", (conditions.condition(condition),))


def _within(condition: Condition, names: Collection[str]) -> bool:
    """Whether a condition reads only under these names."""
    match condition:
        case All() | AnyOf():
            return all(_within(part, names) for part in condition.parts)
        case Not():
            return _within(condition.part, names)
        case Constant():
            return True
        case Test():
            return _reads(condition.left, names) and _reads(condition.right, names)
        case Among():
            return _reads(condition.collection, names) and _within(
                condition.condition, {*names, condition.variable}
            )
        case _:
            return _reads(condition.term, names)


def _reads(term: Term, names: Collection[str]) -> bool:
    match term:
        case Const():
            return True
        case Get():
            return term.root in names
        case Spelled():
            return term.get.root in names
        case Apply():
            return all(_reads(argument, names) for argument in term.arguments)
        case Arith():
            return _reads(term.left, names) and _reads(term.right, names)
        case Otherwise():
            return _reads(term.value, names) and _reads(term.fallback, names)
        case Tally():
            return _reads(term.collection, names) and _within(term.condition, {*names, term.variable})
        case Verdict():
            return _within(term.condition, names)
        case MakeList():
            return all(_reads(item, names) for item in term.items)
        case _:  # a table, a template or a record may have no answer, and `now` is not in the body
            return False
