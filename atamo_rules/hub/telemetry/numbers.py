"""Counters, gauges and histograms by labels: the few kinds of number that a monitor scrapes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of a length of time."""
MOST = 1000
"""Series of one family; whoever makes up label values fills no memory. What comes beyond is counted as `other`."""

Labels: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Counter:
    """A number that only rises, for every combination of label values."""

    name: str
    about: str
    labels: Labels = ()
    values: dict[Labels, float] = field(default_factory=dict)
    kind: Literal["counter"] = "counter"

    def add(self, *labels: str, by: float = 1) -> None:
        """Count something."""
        values = self.values
        try:
            values[labels] += by
        except KeyError:
            labels = bounded(labels, values)
            values[labels] = values.get(labels, 0) + by

    def total(self, **only: str) -> float:
        """The sum over all series with these label values."""
        places = [(self.labels.index(name), value) for name, value in only.items()]
        return sum(n for key, n in self.values.items() if all(key[at] == value for at, value in places))


@dataclass(slots=True)
class Gauge:
    """A number that is looked up when somebody asks: `read` gives label values and the number."""

    name: str
    about: str
    labels: Labels
    read: Callable[[], Sequence[tuple[Labels, float]]]
    kind: Literal["gauge"] = "gauge"


@dataclass(slots=True)
class Spread:
    """How one series of a histogram is spread: `counts` by bucket, the last for what is beyond all bounds."""

    counts: list[int]
    total: float = 0.0


@dataclass(slots=True)
class Histogram:
    """Observations, counted by the bucket they fall into."""

    name: str
    about: str
    labels: Labels = ()
    bounds: tuple[float, ...] = SECONDS
    values: dict[Labels, Spread] = field(default_factory=dict)
    kind: Literal["histogram"] = "histogram"

    def observe(self, value: float, *labels: str) -> None:
        """Count one observation; a value on a bound falls below it."""
        spread = self.values.get(labels)
        if spread is None:
            spread = self.values.setdefault(
                bounded(labels, self.values), Spread([0] * (len(self.bounds) + 1))
            )
        spread.counts[bisect_left(self.bounds, value)] += 1
        spread.total += value

    def counts(self) -> tuple[int, ...]:
        """The buckets of all series together."""
        return tuple(map(sum, zip(*(one.counts for one in self.values.values()), strict=True))) or (0,) * (
            len(self.bounds) + 1
        )


Family: TypeAlias = "Counter | Gauge | Histogram"


def quantile(share: float, counts: Sequence[int], bounds: Sequence[float]) -> float | None:
    """About which value a share of all observations lies below, linear within its bucket as Prometheus'
    histogram_quantile; None without observations. Beyond the last bound it is that bound."""
    total = sum(counts)
    if not total:
        return None
    rank, before, low = share * total, 0, 0.0
    for count, bound in zip(counts, bounds, strict=False):
        if before + count >= rank and count:
            return low + (bound - low) * (rank - before) / count
        before, low = before + count, bound
    return bounds[-1]


def cumulative(spread: Spread, bounds: Sequence[float]) -> Iterator[tuple[float, int]]:
    """Every bound and how many observations lie at or below it; the last bound is infinite."""
    seen = 0
    for bound, count in zip((*bounds, float("inf")), spread.counts, strict=True):
        seen += count
        yield bound, seen


def bounded(labels: Labels, known: Sized) -> Labels:
    """A series of its own, or the one for all that came after `MOST` others."""
    return labels if len(known) < MOST else ("other",) * len(labels)
