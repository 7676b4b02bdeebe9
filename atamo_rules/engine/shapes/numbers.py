"""Order and equality of numbers, exact for int, Decimal and float at once, by how the constant can be written.

A whole constant below 2**53 compares exactly, as an int, with every int, Decimal and float. Any other constant whose
nearest float writes just its digits compares exactly as that float with int and float (shortest texts are monotone,
and no whole number lies between the two), and as a Decimal with Decimal. What is neither is asked of the closures.

A boolean, NaN or an infinity is no number, yet Python orders it; so a comparison that is true still has to be of a
number. One that is false needs no second look: what is no number satisfies nothing, and a text or a list raises.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atamo_rules.engine.shapes.piece import EQUAL, MARK, ORDER, Piece

EXACT_IN_FLOATS = 2**53
SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def whole(constant: Any) -> int | None:
    """The constant as an int that compares exactly with every number; None where it is none."""
    if isinstance(constant, bool) or not isinstance(constant, int | Decimal):
        return None
    if not -EXACT_IN_FLOATS < constant < EXACT_IN_FLOATS:
        return None
    if isinstance(constant, Decimal):
        made = int(constant)
        return made if made == constant else None
    return int(constant)


def broken(constant: Any) -> tuple[Decimal, float] | None:
    """A constant with a fraction as a Decimal and as the float that writes it; None where no float does."""
    if not isinstance(constant, Decimal) or not constant.is_finite():
        return None
    near = float(constant)
    return (constant, near) if Decimal(repr(near)) == constant else None


def order(operator: str, constant: Any, read: str, soft: bool, value: str) -> Piece | None:
    """`read operator constant`; None where only the closures compare exactly.

    A float is asked first, against the float: one chained comparison leaves out NaN and both infinities.
    """
    integral = whole(constant)
    both = broken(constant) if integral is None else (integral, float(integral))
    if both is None:
        return None
    sign = SIGNS[operator]
    name = value if soft else f"({value} := {read})"
    chain = f"NEG < {value} {sign} {MARK}" if sign[0] == "<" else f"POS > {value} {sign} {MARK}"
    right = f"({MARK} if isinstance({value}, D) else {MARK})" if integral is None else MARK
    text = f"({chain} if type({name}) is float else {value} {sign} {right} and (type({value}) is int or N({value})))"
    constants = (both[1], *both) if integral is None else (both[1], integral)
    if soft:
        text = f"(({value} := {read}) is not None and {text})"
    return Piece(ORDER, text, constants)


def sure(operator: str, constant: Any, read: str) -> Piece | None:
    """`read operator constant` of a value that is known to be an int or a float, and nearer to zero than 2**53."""
    sign = SIGNS.get(operator)
    bound = whole(constant)
    if sign is not None and bound is None and (both := broken(constant)) is not None:
        return Piece(ORDER, f"{read} {sign} {MARK}", (both[1],))
    return None if sign is None or bound is None else Piece(ORDER, f"{read} {sign} {MARK}", (bound,))


def between(low: tuple[str, Any], high: tuple[str, Any], read: str, soft: bool, value: str) -> Piece | None:
    """Both bounds at once, each (operator, constant), where both are whole."""
    least, most = whole(low[1]), whole(high[1])
    if least is None or most is None:
        return None
    sign = "<=" if low[0] == "ge" else "<"
    there = f"({value} := {read})"
    first = f"{there} is not None and {MARK} {sign} {value}" if soft else f"{MARK} {sign} {there}"
    number = f"(type({value}) is float or type({value}) is int or N({value}))"  # both bounds are finite
    text = f"({first} {SIGNS[high[0]]} {MARK} and {number})"
    return Piece(ORDER, text, (least, most))


def equal(constant: Any, read: str, value: str) -> Piece | None:
    """`read == constant`. Only 0 and 1 have booleans that Python calls equal to them."""
    integral = whole(constant)
    if integral in (0, 1):
        return Piece(EQUAL, f"(({value} := {read}) == {MARK} and type({value}) is not bool)", (integral,))
    if integral is not None:
        return Piece(EQUAL, f"{read} == {MARK}", (integral,))
    both = broken(constant)
    if both is None:
        return None
    return Piece(EQUAL, f"({value} := {read}) == ({MARK} if isinstance({value}, D) else {MARK})", both)


def among(constants: tuple[Any, ...], read: str, value: str) -> Piece | None:
    """`read` is one of texts and whole numbers, which hash alike in every type that can equal them."""
    members = [item if isinstance(item, str) else whole(item) for item in constants]
    if any(item is None for item in members):
        return None
    if 0 in members or 1 in members:
        return Piece(
            EQUAL, f"(({value} := {read}) in {MARK} and type({value}) is not bool)", (frozenset(members),)
        )
    return Piece(EQUAL, f"{read} in {MARK}", (frozenset(members),))
