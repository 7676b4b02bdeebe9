"""JSON that another program has read, as our strict reader would have: exact, and refused for the same reasons."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

from atamo_rules.model.strict_json import DEEPEST, DIGITS, JsonRefused, half_of_a_pair
from atamo_rules.model.types import Json

LONGEST_INT = 14_284
"""Bits that 4,300 digits surely hold."""
SMALL = 2**63
_TEXTS = {str}


def exact(value: Any) -> Json:
    """The value with every float as the decimal its shortest text writes, and tuples as lists.

    Raises JsonRefused for NaN and infinities, for what no JSON can write, and for what is beyond strict JSON's limits.
    """
    if type(value) is dict and _is_plain(value):
        return value.copy()
    made = _exact(value, DEEPEST)
    if half_of_a_pair(made):
        raise JsonRefused("a text holds half of a surrogate pair")
    return made


def _is_plain(value: dict[Any, Any]) -> bool:
    """Whether an object, as most answers are, holds only what stays as it is: texts of ASCII, small whole numbers,
    truth values and nulls."""
    for key, item in value.items():
        if type(key) is not str or not key.isascii():
            return False
        kind = type(item)
        if kind is str:
            if not item.isascii():
                return False
        elif kind is int:
            if not -SMALL < item < SMALL:
                return False
        elif kind is not bool and item is not None:
            return False
    return True


def _exact(value: Any, depth: int) -> Json:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value  # type: ignore[no-any-return]
    if kind is dict and depth and set(map(type, value)) <= _TEXTS:
        return {key: _exact(item, depth - 1) for key, item in value.items()}
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        if value.bit_length() > LONGEST_INT:
            raise JsonRefused(f"a number has more than {DIGITS} digits")
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise JsonRefused(f"{float.__repr__(value)} is not a JSON number")
        return Decimal(float.__repr__(value))
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if (
            not isinstance(exponent, int)
            or exponent < -2 * DIGITS
            or abs(value.adjusted()) > DIGITS
            or len(value.as_tuple().digits) > DIGITS
        ):
            raise JsonRefused(f"the number {str(value)[:40]} cannot be held exactly")
        return value
    if not depth:
        raise JsonRefused(f"it is nested more than {DEEPEST} deep")
    if isinstance(value, list | tuple):
        return [_exact(item, depth - 1) for item in value]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise JsonRefused(f"the key {key!r:.40} is no text")
        return {key: _exact(item, depth - 1) for key, item in value.items()}
    raise JsonRefused(f"a Python {type(value).__name__} is no JSON value")
