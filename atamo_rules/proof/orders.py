"""Values of what has an order, cut at the constants that tests name.

Between two neighbours, and on each of them, every comparison has one truth, so that one value for each piece stands for
all of them (a small-model argument). Those at the edges come first: what is shown is worth a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor
from typing import Any, TypeVar

from atamo_rules.engine.examples import example
from atamo_rules.functions.printing import duration_text
from atamo_rules.model.types import Moment, Number

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)


def numbers(type: Number, constants: Sequence[Any]) -> list[Any]:
    """Numbers of a type."""
    cuts = sorted({value for value in constants if is_number(value)})
    bounds = [bound for bound in (type.low, type.high) if bound is not None]
    found: list[Any] = []
    if type.whole:
        for cut in (*cuts, *bounds):
            found += [floor(cut), ceil(cut), ceil(cut) + 1, floor(cut) - 1]
    else:
        found += [*cuts, *pieces(sorted({*cuts, *bounds}))]
    found.append(example(type))
    low, high = type.low, type.high
    inside = (v for v in found if (low is None or v >= low) and (high is None or v <= high))
    return list(dict.fromkeys(inside))


def pieces(cuts: Sequence[Any]) -> list[Any]:
    """Each cut, what lies before the first and behind the last, and the middle of each two."""
    if not cuts:
        return []
    between = [(Decimal(low) + Decimal(high)) / 2 for low, high in pairwise(cuts)]
    return [*cuts, cuts[0] - 1, cuts[-1] + 1, *between]


def is_number(value: Any) -> bool:
    """Whether it is a number; a truth value is none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def tame(constants: Sequence[Any]) -> bool:
    """Whether numbers are such that the middle of two of them, and one more or less, are exact in 28 digits."""
    return all(
        not is_number(value) or (abs(value) < 10**15 and value == round(value, 9)) for value in constants
    )


def moments(type: Moment, constants: Sequence[Any]) -> list[str]:
    """Moments, or days, as events write them."""
    if type.date_only:
        days = {one for one in constants if isinstance(one, date) and not isinstance(one, datetime)}
        return [one.isoformat() for one in _times(sorted(days), _DAY)]
    found = _times(sorted({one for one in constants if isinstance(one, datetime)}), _SECOND)
    return [one.astimezone(UTC).isoformat().replace("+00:00", "Z") for one in found]


def lengths(constants: Sequence[Any]) -> list[str]:
    """Lengths of time as events write them."""
    cuts = sorted({value for value in constants if isinstance(value, timedelta)})
    return [duration_text(one) for one in _times(cuts, _SECOND)]


_Time = TypeVar("_Time", date, datetime, timedelta)


def _times(cuts: Sequence[_Time], step: timedelta) -> list[_Time]:
    """Each cut, what lies a step beside it where there is anything, and the middle of each two."""
    found: list[_Time] = list(cuts)
    for cut in cuts:
        for away in (-step, step):
            with suppress(OverflowError):
                found.append(cut + away)
    between: list[Any] = [low + (high - low) / 2 for low, high in pairwise(cuts)]
    return [*found, *between]
