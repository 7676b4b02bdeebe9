"""Numbers in patterns: both engines compare them as binary64 floats, and rules compare decimals exactly."""

from __future__ import annotations

from decimal import Decimal

from atamo_rules.importers.json_text import Number

LONGEST = 1000
"""Digits of a number that are looked at."""


def comparable(number: Number) -> bool:
    """Whether a number is one that anybody means: few enough digits, and no exponent that would fill the memory."""
    return len(number.text) <= LONGEST and -LONGEST < Decimal(number.text).adjusted() < LONGEST


def exact(number: Number) -> int | Decimal | None:
    """The number, where a float and its decimal are one: the shortest decimal that reads back as the nearest float
    (Steele and White 1990) is the number itself. None of one with more digits than a float keeps, or beyond its range.
    """
    found = shortest(number)
    return found if found is not None and Decimal(found) == Decimal(number.text) else None


def shortest(number: Number) -> int | Decimal | None:
    """The shortest decimal that reads back as the float nearest to a number; None beyond the range of floats."""
    nearest = float(number.text) if comparable(number) else float("inf")
    return None if nearest in (float("inf"), float("-inf")) else _short(Decimal(repr(nearest)))


def written(number: Number) -> int | Decimal:
    """The number with all its digits."""
    return _short(Decimal(number.text))


def _short(value: Decimal) -> int | Decimal:
    """`3.0e2` is a whole number too, and nobody writes it so; `1e300` stays as short as it is."""
    whole = abs(value) < 10**18 and value == value.to_integral_value()
    return int(value) if whole else value
