"""Functions on numbers: exact, int and Decimal throughout."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.signature import Function, takes
from atamo_rules.model.types import Number, Type

WHOLE = Number(whole=True)
NUMBER = Number()
EXACT = Context(prec=1000, Emax=10_000, Emin=-10_000)


def same(types: tuple[Type, ...]) -> Type:
    """Whole when all arguments are."""
    return Number(whole=all(isinstance(t, Number) and t.whole for t in types))


def exact(value: int | Decimal) -> Decimal:
    return EXACT.create_decimal(value)


def _round(value: int | Decimal, digits: int = 0) -> Any:
    if not -100 <= digits <= 100:
        return ABSENT
    try:
        made = exact(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN, EXACT)
    except InvalidOperation:
        return ABSENT
    return int(made) if digits <= 0 else made


def _whole(value: int | Decimal, rounding: str) -> Any:
    try:
        return int(exact(value).to_integral_value(rounding, EXACT))
    except (InvalidOperation, OverflowError):
        return ABSENT


def _number(text: str) -> Any:
    text = text.strip()
    if len(text) > 1000 or not text.isascii() or "_" in text:
        return ABSENT
    try:
        made = EXACT.create_decimal(text)
    except InvalidOperation:
        return ABSENT
    if not made.is_finite():
        return ABSENT
    return int(text) if text.lstrip("+-").isdigit() else made


FUNCTIONS = (
    Function("abs", "The number without its sign.", takes("number:number"), same, abs,
             (("abs(-1.5)", Decimal("1.5")),)),
    Function("round", "Rounded half to even, to so many digits after the point.",
             takes("number:number", optional="digits:whole"), NUMBER, _round,
             (("round(2.5)", 2), ("round(1.245, 2)", Decimal("1.24")))),
    Function("floor", "The whole number below.", takes("number:number"), WHOLE, lambda n: _whole(n, ROUND_FLOOR),
             (("floor(-1.5)", -2),)),
    Function("ceil", "The whole number above.", takes("number:number"), WHOLE, lambda n: _whole(n, ROUND_CEILING),
             (("ceil(1.2)", 2),)),
    Function("number", "The number a text writes; absent when it writes none.", takes("text:text"), NUMBER, _number,
             (('number("1.50")', Decimal("1.50")), ('number(" 12 ")', 12))),
)  # fmt: skip
