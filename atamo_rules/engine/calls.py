"""Functions, arithmetic and fallbacks as questions of runtime values. Total: whatever the values, one or ABSENT."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, DecimalException
from operator import add, mul, sub
from typing import Any

from atamo_rules.engine.readers import of_type
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import exactly, is_number
from atamo_rules.functions.numbers import EXACT, divided, exact, held
from atamo_rules.functions.registry import FUNCTIONS
from atamo_rules.model.meaning import Apply, Get, Term
from atamo_rules.model.types import Anything

_KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda v: isinstance(v, str),
    "number": is_number,
    "whole": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "moment": lambda v: isinstance(v, datetime),
    "date": lambda v: isinstance(v, date) and not isinstance(v, datetime),
    "duration": lambda v: isinstance(v, timedelta),
    "list": lambda v: isinstance(v, list | tuple),
    "record": lambda v: isinstance(v, dict),
    "any": lambda v: True,
}


_AS_IT_IS: dict[tuple[str, ...], type] = {
    ("text",): str,
    ("number",): int,
    ("list",): list,
    ("record",): dict,
    ("moment",): datetime,
    ("duration",): timedelta,
}
"""Parameters, and the type of most values given for them: such a value is taken without another look."""


def applied(node: Apply) -> Callable[..., Any]:
    """A call as a Python function of its arguments' runtime values. Absent where an argument is absent, or of another
    type than the function takes or the event's type declares."""
    function = FUNCTIONS[node.function]
    parameters = function.parameters[: len(node.arguments)]
    takes = tuple(_taking(one.kinds, given) for one, given in zip(parameters, node.arguments, strict=True))
    call = function.call
    if len(takes) == 1:
        return _applied_to_one(call, takes[0], _AS_IT_IS.get(parameters[0].kinds))

    def run(*values: Any) -> Any:
        given = []
        for take, value in zip(takes, values, strict=True):
            found = take(value)
            if found is ABSENT:
                return ABSENT
            given.append(found)
        try:
            return call(*given)
        except _NO_ANSWER:
            return ABSENT

    return run


_NO_ANSWER = (ArithmeticError, ValueError, TypeError, RecursionError)
"""Values of an open type can be of any shape; a function that cannot take one has no answer."""


def _applied_to_one(
    call: Callable[..., Any], take: Callable[[Any], Any], usual: type | None
) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        if type(value) is not usual:
            value = take(value)
            if value is ABSENT:
                return ABSENT
        try:
            return call(value)
        except _NO_ANSWER:
            return ABSENT

    return run


def _taking(kinds: tuple[str, ...], given: Term) -> Callable[[Any], Any]:
    """A value as a parameter of these kinds takes it, or absent."""
    checks, whole = tuple(_KINDS[kind] for kind in kinds), "whole" in kinds
    type = given.type if isinstance(given, Get) and not given.many else Anything()

    def take(value: Any) -> Any:
        if isinstance(value, float):
            value = exactly(value)
        if whole and isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)  # 3.0 is a whole number, to JSON Schema and to everybody else
        if value is None or value is ABSENT or not of_type(value, type):
            return ABSENT
        for fits in checks:
            if fits(value):
                return value
        return ABSENT

    return take


_OF_WHOLES: dict[str, Callable[[int, int], int]] = {"+": add, "-": sub, "*": mul}


def arithmetic(operator: str) -> Callable[[Any, Any], Any]:
    """`+ - * /` of two values; absent where they do not go together."""
    of_wholes = _OF_WHOLES.get(operator)

    def run(one: Any, two: Any) -> Any:
        if type(one) is int and type(two) is int and of_wholes is not None:
            return held(of_wholes(one, two))
        one = exactly(one) if isinstance(one, float) else one
        two = exactly(two) if isinstance(two, float) else two
        if one is ABSENT or two is ABSENT or isinstance(one, bool) or isinstance(two, bool):
            return ABSENT
        try:
            return _calculate(operator, one, two)
        except (TypeError, OverflowError, DecimalException, ValueError):
            return ABSENT

    return run


def _calculate(operator: str, one: Any, two: Any) -> Any:
    if isinstance(one, int | Decimal) and isinstance(two, int | Decimal):
        first, second = exact(one), exact(two)
        if operator == "/":
            return held(divided(first, second))
        return held({"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}[operator](first, second))
    if isinstance(one, datetime | date | timedelta):
        if operator == "+":
            return one + two
        if operator == "-":
            return one - two
        if isinstance(one, timedelta) and isinstance(two, int | Decimal):
            micros = (one.days * 86400 + one.seconds) * 1_000_000 + one.microseconds
            scaled = micros * exact(two) if operator == "*" else micros / exact(two)
            return timedelta(microseconds=int(scaled))
    return ABSENT


def fallback(node: Term) -> Callable[[Any, Any], Any]:
    """A value of this term, or what stands for it where it is absent or of another type than declared."""
    type = node.type if isinstance(node, Get) and not node.many else None

    def choose(found: Any, instead: Any) -> Any:
        if found is ABSENT or found is None or (type is not None and not of_type(found, type)):
            return instead
        return found

    return choose
