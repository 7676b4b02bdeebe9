"""Where a number lies among thresholds, exactly, whichever of Python's numbers it is.

A *cut* (c, 0) lies just below the number c and (c, 1) just above it, so that `v >= c` says that v is right of
(c, 0), and `v > c` that it is right of (c, 1). A sorted tuple of cuts divides the numbers into slots. Slot 0 and the
last slot are for what is no number: missing values, texts, booleans, NaN and the infinities. The slots between are
numbered from 1, rising.

Floats mean the decimal that their shortest repr writes (`0.1` is 0.1). That reading rises strictly with the float, and
rounding a decimal to the nearest float never falls, so every cut has one least float right of it. Whole numbers have
one too. So floats and whole numbers are placed by one bisection of an array of their own kind, without a conversion.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from math import inf, nextafter
from sys import float_info
from typing import Any, TypeAlias

Number: TypeAlias = "int | Decimal"
Cut: TypeAlias = "tuple[Number, int]"
Rank: TypeAlias = "tuple[float, Number, int]"
Place: TypeAlias = Callable[[Any], int]

SAFE = 1 << 53
"""Every whole number nearer to zero is a float."""


class Slots(dict[type, Place]):
    """By the class of a value, the function that gives its slot: `slots[v.__class__](v)`. Total."""

    __slots__ = ("_ranks", "cuts")

    def __init__(self, cuts: Iterable[Cut]) -> None:
        super().__init__()
        self._ranks = _ranked(cuts)
        self.cuts: tuple[Cut, ...] = tuple([(number, above) for _, number, above in self._ranks])

    def __missing__(self, kind: type) -> Place:
        place = self[kind] = self._place(kind)
        return place

    def __len__(self) -> int:
        """How many slots there are, the two for what is no number included."""
        return len(self.cuts) + 3

    def __bool__(self) -> bool:
        return True

    def of(self, value: Any) -> int:
        """The slot of any value."""
        return self[value.__class__](value)

    def right_of(self, cut: Cut) -> tuple[int, bool]:
        """The first slot that is all right of a cut, and whether the slot before it is all left of it, as it is where
        the cut is one of these."""
        rank = _rank(cut)
        at = bisect_left(self._ranks, rank)
        return at + 2, at < len(self._ranks) and self._ranks[at] == rank

    def _place(self, kind: type) -> Place:
        if issubclass(kind, bool):
            return _nowhere
        if issubclass(kind, float):
            return partial(bisect_right, [-float_info.max, *map(least_float, self.cuts), inf])
        if issubclass(kind, int):
            return partial(bisect_right, [-inf, *map(least_int, self.cuts), inf])
        if issubclass(kind, Decimal):
            return _decimals(self.cuts)
        return _nowhere


def _nowhere(value: Any) -> int:
    return 0


def ordered(cuts: Iterable[Cut]) -> tuple[Cut, ...]:
    """Cuts from left to right, each once."""
    return tuple([(number, above) for _, number, above in _ranked(cuts)])


def _ranked(cuts: Iterable[Cut]) -> list[Rank]:
    """What cuts sort by, rising, each once: equal numbers may be written as int and as Decimal."""
    found: list[Rank] = []
    last = None
    for rank in sorted(map(_rank, cuts)):
        if rank != last:
            found.append(rank)
            last = rank
    return found


def _rank(cut: Cut) -> Rank:
    """Sorts as the cut itself does, mostly by comparing floats."""
    number, above = cut
    try:
        return (float(number), number, above)
    except OverflowError:
        return (nearest(number), number, above)


def nearest(number: Number) -> float:
    """The nearest float; an infinity beyond the floats."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def least_float(cut: Cut) -> float:
    """The least float right of a cut; infinity where every float is left of it."""
    number, above = cut
    near = nearest(number)
    if near in (inf, -inf):
        return inf if near > 0 else -float_info.max
    if isinstance(number, int) and -SAFE < number < SAFE:
        return nextafter(near, inf) if above else near
    means = meaning(near)
    return near if means > number or (means == number and not above) else nextafter(near, inf)


def meaning(value: float) -> Decimal:
    """The decimal that a finite float means: what its shortest repr writes."""
    return Decimal(repr(float(value)))


def least_int(cut: Cut) -> int:
    """The least whole number right of a cut."""
    number, above = cut
    if isinstance(number, int):
        return number + above
    if above:
        return int(number.to_integral_value(ROUND_FLOOR)) + 1
    return int(number.to_integral_value(ROUND_CEILING))


def _decimals(cuts: Sequence[Cut]) -> Place:
    """Between two decimals there is always a third, so the numbers of the cuts are bisected, and one is compared."""
    numbers: list[Decimal] = []
    at: list[int] = []
    below: list[int] = []
    for slot, (number, above) in enumerate(cuts, 1):
        if not numbers or numbers[-1] != number:
            numbers.append(Decimal(number))
            at.append(slot)
            below.append(slot)
        if not above:
            at[-1] = slot + 1
    numbers.append(Decimal(inf))
    at.append(len(cuts) + 1)
    below.append(len(cuts) + 1)

    def place(value: Any) -> int:
        if not value.is_finite():
            return 0
        found = bisect_left(numbers, value)
        return at[found] if numbers[found] == value else below[found]

    return place
