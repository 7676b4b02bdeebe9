"""From a shape's expression to a function: compiled once for each shape, called once for each condition of it.

For `subject contains "down" and channel is "web"` the function is made by

    def make(t, c0, c1):
        def f(e):
            try:
                return (e['channel'] == c0 and (c1 in (v := e['subject']) and isinstance(v, str)))
            except SURPRISES:
                return t(e)
        return f

The expression answers when the body is as its type says. Anything else raises, and the closures that are right about
everything answer instead; entering a `try` costs nothing (CPython 3.11 and later).

An index, which holds very many, has no function for each: it keeps the constants in a tuple that begins with the
function of the shape,

    def f(e, c):
        try:
            return (e['channel'] == c[3] and (c[4] in (v := e['subject']) and isinstance(v, str)))
        except SURPRISES:
            return c[2](e)

and asks `c[0](body, c)`. One tuple takes a quarter of the memory of a function and its cells, and where all of it lies
beyond the caches, waiting for memory is what asking costs.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Any, TypeAlias

from atamo_rules.engine.frame import bare
from atamo_rules.engine.shapes import total
from atamo_rules.engine.shapes.kept import KEPT, emptied
from atamo_rules.engine.shapes.piece import MARK, Piece
from atamo_rules.engine.spelled import joined
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import is_number
from atamo_rules.model.meaning import Condition

Residual: TypeAlias = Callable[[Any], bool]
Question: TypeAlias = "tuple[Any, ...]"
"""A function of a shape, what it belongs to, and its constants: `question[0](body, question)` asks it."""
FIRST = 3
"""Where the constants of a question begin."""

SURPRISES = (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, RecursionError)
"""What Python raises where a body is not as an expression takes it to be."""

MOST_SHAPES = 16_384
"""Factories kept, at about two kilobytes each."""


def function(condition: Condition, piece: Piece) -> Residual:
    """The function of a condition whose piece was written."""
    make = _factory(piece.text)
    surprised = total.Asked(condition)
    return make(surprised, *piece.constants) if make is not None else surprised


def question(of: str, condition: Condition, piece: Piece) -> Question:
    """The same as a question; `of` is what it belongs to."""
    ask = _asking(piece.text)
    surprised = total.Asked(condition)
    return (_surprised, of, surprised) if ask is None else (ask, of, surprised, *piece.constants)


def _surprised(body: Any, question: Question) -> bool:
    holds: bool = question[2](body)
    return holds


@lru_cache(MOST_SHAPES)
def _factory(text: str) -> Callable[..., Residual] | None:
    """The factory of a shape, None where Python does not take an expression so large."""
    names = ", ".join(["t", *(f"c{at}" for at in range(text.count(MARK)))])
    return _compiled(_FACTORY.format(names=names, first=_first(text), expression=_numbered(text, "c{}")))


@lru_cache(MOST_SHAPES)
def _asking(text: str) -> Callable[[Any, Question], bool] | None:
    """The function of a shape that is given its constants; None where Python does not take it."""
    return _compiled(_ASKING.format(first=_first(text), expression=_numbered(text, "c[{}]", FIRST)))


def _first(text: str) -> str:
    """What the function of an expression does first, if anything."""
    return f"{emptied(text)}; " if KEPT in text else ""


def _numbered(text: str, constant: str, first: int = 0) -> str:
    pieces = text.split(MARK)
    return (
        "".join([f"{piece}{constant.format(at)}" for at, piece in enumerate(pieces[:-1], first)]) + pieces[-1]
    )


def _compiled(source: str) -> Callable[..., Any] | None:
    space = dict(_SPACE)
    try:
        exec(compile(source, "<shape>", "exec"), space)
    except (SyntaxError, RecursionError, MemoryError):
        return None
    made: Callable[..., Any] = space["made"]
    return made


_FACTORY = """\
def made({names}):
    def f(e):
        try:
            {first}return {expression}
        except SURPRISES:
            return t(e)
    return f
"""
_ASKING = """\
def made(e, c):
    try:
        {first}return {expression}
    except SURPRISES:
        return c[2](e)
"""


def _elements(value: Any) -> Any:
    """What a path through a list goes through: nothing where no list is."""
    return value if isinstance(value, list | tuple) else ()


def _any_part(text: str, parts: tuple[str, ...]) -> bool:
    for part in parts:  # noqa: SIM110
        if part in text:
            return True
    return False


def _all_parts(text: str, parts: tuple[str, ...]) -> bool:
    for part in parts:  # noqa: SIM110
        if part not in text:
            return False
    return True


_SPACE: dict[str, Any] = {
    "__builtins__": {
        known.__name__: known
        for known in (any, all, sum, len, isinstance, type, int, float, str, bool, list, tuple, dict)
    },
    "A": ABSENT,
    "D": Decimal,
    "E": {},
    "F": bare,
    "I": _elements,
    "J": joined,
    "L": (list, tuple),
    "N": is_number,
    "NEG": -inf,
    "P": _any_part,
    "POS": inf,
    "Q": _all_parts,
    "SURPRISES": SURPRISES,
}
"""All that an expression can name, besides its constants and the body."""

SPACE = _SPACE
"""The same, for functions that write conditions into their own text."""
