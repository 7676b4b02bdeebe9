"""Functions that compute as JavaScript does: on doubles (IEEE 754 binary64), with what it reads in a value.

`loose_sum` and `loose_product` read as its `parseFloat` does, the number that the text of a value begins with; the
others as its operators do, which is `loose_number`. Results have the shortest digits that read back as the double.
What is no number (NaN) is absent; infinity is `BEYOND`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.loose import BEYOND, BLANKS, any_text, loose_number
from atamo_rules.functions.signature import LONGEST_TEXT, Function, takes
from atamo_rules.model.types import Number, Text

_LEADING = re.compile(r"[+-]?(?:Infinity|[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)")


def to_double(value: Any) -> float:
    """ToNumber of a value that is there."""
    found = loose_number(value)
    if found is ABSENT:
        return math.nan
    if abs(found) >= BEYOND:
        return math.copysign(math.inf, found)
    return float(found)


def leading_double(value: Any) -> float:
    """parseFloat of a value that is there."""
    found = _LEADING.match(any_text(value).lstrip(BLANKS))
    return float(found.group()) if found else math.nan


def number_of(double: float) -> Any:
    """A double as a number of ours: an int where it is whole, a Decimal of its shortest digits, ABSENT of NaN."""
    if math.isnan(double):
        return ABSENT
    if math.isinf(double):
        return BEYOND if double > 0 else -BEYOND
    if double == 0:
        return Decimal("-0.0") if math.copysign(1, double) < 0 else 0
    return int(double) if double.is_integer() and abs(double) < 1e21 else Decimal(repr(double))


def quotient(one: float, two: float) -> float:
    """Division as JavaScript does it: by zero it is infinite, or no number."""
    if two:
        return one / two
    return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one) * math.copysign(1, two)


def remainder(one: float, two: float) -> float:
    """What is left of a division, as JavaScript has it."""
    return math.fmod(one, two) if two and not math.isinf(one) else math.nan


def least(one: float, two: float) -> float:
    """The lesser of two; no number where one is none."""
    return math.nan if math.isnan(one) or math.isnan(two) else min(one, two)


def greatest(one: float, two: float) -> float:
    """The greater of two; no number where one is none."""
    return math.nan if math.isnan(one) or math.isnan(two) else max(one, two)


def _on(read: Callable[[Any], float], compute: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    def run(one: Any, two: Any) -> Any:
        return number_of(compute(read(one), read(two)))

    return run


loose_sum = _on(leading_double, lambda one, two: one + two)
loose_product = _on(leading_double, lambda one, two: one * two)
loose_difference = _on(to_double, lambda one, two: one - two)
loose_quotient = _on(to_double, quotient)
loose_remainder = _on(to_double, remainder)
loose_least = _on(to_double, least)
loose_greatest = _on(to_double, greatest)


def loose_join(one: Any, two: Any) -> Any:
    """The texts of two values, one after the other."""
    made = any_text(one) + any_text(two)
    return made if len(made) <= LONGEST_TEXT else ABSENT


def loose_part(of: Any, begin: Any, length: Any = None) -> Any:
    """`String.prototype.substr` in UTF-16 units; a negative length leaves so many off the end. Half of a surrogate
    pair is U+FFFD."""
    units = any_text(of).encode("utf-16-le", "surrogatepass")
    size, at = len(units) // 2, _whole(begin)
    start = max(size + at, 0) if at < 0 else min(at, size)
    if length is None:
        count = size
    else:
        asked = to_double(length)
        count = _truncated(size - start + asked if asked < 0 else asked)
    end = min(start + max(count, 0), size)
    return units[2 * start : 2 * end].decode("utf-16-le", "replace")


def _whole(value: Any) -> int:
    return _truncated(to_double(value))


def _truncated(double: float) -> int:
    return 0 if math.isnan(double) else int(max(min(double, 2.0**53), -(2.0**53)))


def _two(name: str, about: str, call: Callable[[Any, Any], Any], *examples: tuple[str, Any]) -> Function:
    return Function(name, about, takes("one:any", "two:any"), Number(), call, examples)


FUNCTIONS = (
    _two("loose_sum", "`parseFloat(one) + parseFloat(two)` of JavaScript, rounded as it rounds.", loose_sum,
         ("loose_sum(0.1, 0.2)", Decimal("0.30000000000000004")), ('loose_sum("5 apples", 1)', 6)),
    _two("loose_product", "`parseFloat(one) * parseFloat(two)` of JavaScript.", loose_product,
         ('loose_product("2", 3)', 6)),
    _two("loose_difference", "`one - two` of JavaScript.", loose_difference, ('loose_difference("5", true)', 4)),
    _two("loose_quotient", "`one / two` of JavaScript; absent of 0 / 0, and 1e309 for `Infinity`.", loose_quotient,
         ("loose_quotient(1, 3)", Decimal("0.3333333333333333"))),
    _two("loose_remainder", "`one % two` of JavaScript, which has the sign of `one`.", loose_remainder,
         ("loose_remainder(-7, 3)", -1)),
    _two("loose_least", "`Math.min(one, two)` of JavaScript.", loose_least, ('loose_least("3", 20)', 3)),
    _two("loose_greatest", "`Math.max(one, two)` of JavaScript.", loose_greatest, ('loose_greatest("3", 20)', 20)),
    Function("loose_join", "The texts JavaScript makes of two values, one after the other.",
             takes("one:any", "two:any"), Text(), loose_join, (('loose_join("a", 1.50)', "a1.5"),)),
    Function("loose_part", "`substr` of JavaScript: from a position, counted from the end where it is negative, "
             "so many characters.", takes("of:any", "begin:any", optional="length:any"), Text(), loose_part,
             (('loose_part("jsonlogic", 4)', "logic"), ('loose_part("jsonlogic", -5, -2)', "log"))),
)  # fmt: skip
