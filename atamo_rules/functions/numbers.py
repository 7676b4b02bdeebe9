"""Functions on numbers: exact, int and Decimal throughout."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import Any

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.signature import Function, takes
from atamo_rules.model.strict_json import DIGITS
from atamo_rules.model.types import Number, Type

WHOLE = Number(whole=True)
NUMBER = Number()
EXACT = Context(
    prec=20_000, Emax=30_000, Emin=-30_000, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact]
)
"""Room for every sum, difference and product of numbers that JSON may hold; raises rather than round."""
ROUNDING = Context(prec=20_000, Emax=30_000, Emin=-30_000)
SHARE = 34
"""Significant digits of a quotient that does not end, and at least 28 after the point (IEEE 754 decimal128 has 34)."""


def same(types: tuple[Type, ...]) -> Type:
    """Whole when all arguments are."""
    return Number(whole=all(isinstance(t, Number) and t.whole for t in types))


def exact(value: int | Decimal) -> Decimal:
    """The decimal of a number; raises rather than round."""
    return EXACT.create_decimal(value)


def held(value: int | Decimal) -> Any:
    """The number itself, or absent when it is beyond what strict JSON takes: a result can always be written."""
    if isinstance(value, int):
        return value if value.bit_length() <= 14_284 else ABSENT
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(value.adjusted()) > DIGITS or exponent < -2 * DIGITS:
        return ABSENT
    return value if len(value.as_tuple().digits) <= DIGITS else ABSENT


def divided(one: Decimal, two: Decimal) -> Decimal:
    """The quotient, exactly where it ends; else rounded half to even to `SHARE` digits or more."""
    digits = len(one.as_tuple().digits) + 4 * len(two.as_tuple().digits) + 10
    try:
        ends = Context(prec=digits, Emax=30_000, Emin=-30_000, traps=EXACT.traps)
        return ends.divide(one, two)
    except Inexact:
        whole = max(0, one.adjusted() - two.adjusted() + 1)
        return Context(prec=max(SHARE, whole + 28), Emax=30_000, Emin=-30_000).divide(one, two)


def _round(value: int | Decimal, digits: int = 0) -> Any:
    if not -100 <= digits <= 100:
        return ABSENT
    try:
        made = exact(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN, ROUNDING)
    except InvalidOperation:
        return ABSENT
    return held(int(made) if digits <= 0 else made)


def _whole(value: int | Decimal, rounding: str) -> Any:
    try:
        return held(int(exact(value).to_integral_value(rounding, ROUNDING)))
    except (InvalidOperation, OverflowError):
        return ABSENT


def _absolute(value: int | Decimal) -> Any:
    # The built-in abs() would round a Decimal to the context's 28 digits.
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


def number_of(text: str) -> Any:
    """The number a text writes, ABSENT when it writes none."""
    text = text.strip()
    if len(text) > 1000 or not text.isascii() or "_" in text:
        return ABSENT
    try:
        made = EXACT.create_decimal(text)
    except InvalidOperation:
        return ABSENT
    if not made.is_finite():
        return ABSENT
    return held(int(text) if text.lstrip("+-").isdigit() else made)


FUNCTIONS = (
    Function("abs", "The number without its sign.", takes("number:number"), same, _absolute,
             (("abs(-1.5)", Decimal("1.5")),)),
    Function("round", "Rounded half to even, to so many digits after the point.",
             takes("number:number", optional="digits:whole"), NUMBER, _round,
             (("round(2.5)", 2), ("round(1.245, 2)", Decimal("1.24")))),
    Function("floor", "The whole number below.", takes("number:number"), WHOLE, lambda n: _whole(n, ROUND_FLOOR),
             (("floor(-1.5)", -2),)),
    Function("ceil", "The whole number above.", takes("number:number"), WHOLE, lambda n: _whole(n, ROUND_CEILING),
             (("ceil(1.2)", 2),)),
    Function("number", "The number a text writes; absent when it writes none.", takes("text:text"), NUMBER, number_of,
             (('number("1.50")', Decimal("1.50")), ('number(" 12 ")', 12))),
)  # fmt: skip
