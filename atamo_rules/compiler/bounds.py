"""What the declared bounds of a number already decide about a comparison."""

from __future__ import annotations

from decimal import Decimal

from atamo_rules.model.meaning import Const, Get, Test
from atamo_rules.model.types import Number


def bounds_verdict(test: Test) -> bool | None:
    """What the declared bounds of a number say about a test against a constant: True, False, or None (either).

    An interval argument, nothing more: exact for one number and one constant.
    """
    left, right = test.left, test.right
    if not (isinstance(left, Get) and isinstance(right, Const) and not left.many):
        return None
    value = right.value
    if not isinstance(left.type, Number) or isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    low, high = left.type.low, left.type.high
    below = high is not None and high < value
    above = low is not None and low > value
    touches_low = low is not None and low == value
    touches_high = high is not None and high == value
    match test.operator:
        case "eq":
            return False if below or above else None
        case "lt":
            return True if below else False if above or touches_low else None
        case "le":
            return True if below or touches_high else False if above else None
        case "gt":
            return True if above else False if below or touches_high else None
        case "ge":
            return True if above or touches_low else False if below else None
    return None
