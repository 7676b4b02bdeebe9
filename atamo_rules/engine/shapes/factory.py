"""From a shape's expression to a function: compiled once for each shape, called once for each condition of it.

For `subject contains "down" and channel is "web"` the function is made by

    def make(n, c0, c1):
        t = None
        def f(e):
            nonlocal t
            try:
                return (e['channel'] == c0 and (c1 in (v := e['subject']) and isinstance(v, str)))
            except SURPRISES:
                if t is None:
                    t = T(n)
                return t(e)
        return f

The expression answers when the body is as its type says. Anything else raises, and the closures that are right about
everything answer instead; entering a `try` costs nothing (CPython 3.11 and later).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Any, TypeAlias

from atamo_rules.engine.frame import bare
from atamo_rules.engine.shapes import total
from atamo_rules.engine.shapes.piece import MARK, Piece
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import is_number
from atamo_rules.model.meaning import Condition

Residual: TypeAlias = Callable[[Any], bool]

SURPRISES = (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, RecursionError)
"""What Python raises where a body is not as an expression takes it to be."""

MOST_SHAPES = 16_384
"""Factories kept, at about two kilobytes each."""


def function(condition: Condition, piece: Piece) -> Residual:
    """The function of a condition whose piece was written."""
    make = _factory(piece.text)
    return make(condition, *piece.constants) if make is not None else total.asked(condition)


@lru_cache(MOST_SHAPES)
def _factory(text: str) -> Callable[..., Residual] | None:
    """The factory of a shape, None where Python does not take an expression so large."""
    pieces = text.split(MARK)
    numbered = "".join(f"{piece}c{at}" for at, piece in enumerate(pieces[:-1])) + pieces[-1]
    names = ", ".join(["n", *(f"c{at}" for at in range(len(pieces) - 1))])
    space = dict(_SPACE)
    try:
        exec(compile(_SOURCE.format(names=names, expression=numbered), "<shape>", "exec"), space)
    except (SyntaxError, RecursionError, MemoryError):
        return None
    make: Callable[..., Residual] = space["make"]
    return make


_SOURCE = """\
def make({names}):
    t = None
    def f(e):
        nonlocal t
        try:
            return {expression}
        except SURPRISES:
            if t is None:
                t = T(n)
            return t(e)
    return f
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
    "L": (list, tuple),
    "N": is_number,
    "NEG": -inf,
    "P": _any_part,
    "POS": inf,
    "Q": _all_parts,
    "SURPRISES": SURPRISES,
    "T": total.asked,
}
"""All that an expression can name, besides its constants and the body."""

SPACE = _SPACE
"""The same, for functions that write conditions into their own text."""
