"""When a number is worth waking somebody for: thresholds that hold for a time before they raise, and before they clear.

Pure: (thresholds, values, what stands, now) to what stands now and the alerts that follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Measure: TypeAlias = Literal[
    "throughput",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "failures",
    "retries",
    "under_way",
    "oldest",
    "dead",
]
MEASURES: Mapping[str, str] = {
    "throughput": "events finished a second",
    "latency_p50": "seconds from accepted to finished, of the middle one",
    "latency_p95": "the same, of 95 in a hundred",
    "latency_p99": "the same, of 99 in a hundred",
    "failures": "the share of ended actions that were given up",
    "retries": "attempts made again, a second",
    "under_way": "open actions",
    "oldest": "the age of the oldest open action, in seconds",
    "dead": "dead letters",
}
"""What each is. Rates and shares are over the last minute."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Raises an alert once `measure` has been above (or below) a bound for `seconds` without a break."""

    name: str
    measure: Measure
    above: float | None = None
    below: float | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise ValueError(f"`{self.measure}` is not measured: there are {', '.join(MEASURES)}")
        if (self.above is None) == (self.below is None):
            raise ValueError(f"the threshold `{self.name}` needs either `above` or `below`")

    def broken(self, value: float) -> bool:
        """Whether a value is on the wrong side."""
        return value > self.above if self.above is not None else value < (self.below or 0.0)

    def __str__(self) -> str:
        side = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        return f"{self.measure} {side}" + (f" for {self.seconds:g} s" if self.seconds else "")


_WRITTEN = re.compile(r"(\w+)\s+(above|below)\s+(\d+(?:\.\d+)?)(?:\s+for\s+(\d+(?:\.\d+)?)(?:\s*s)?)?")


def read_threshold(text: str) -> Threshold:
    """A threshold as it is written: `latency_p95 above 2 for 30`. Raises ValueError, a sentence."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"`{text[:80]}` is not `MEASURE above|below NUMBER [for SECONDS]`")
    measure, side, bound, seconds = found.groups()
    above, below = (float(bound), None) if side == "above" else (None, float(bound))
    return Threshold(" ".join(text.split()), measure, above, below, float(seconds or 0))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a threshold stands: raised or not, and since when its value says the opposite (None: it does not)."""

    raised: bool = False
    turned: float | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """A threshold that is broken (`raised`), or no longer is."""

    threshold: Threshold
    value: float
    raised: bool

    def __str__(self) -> str:
        what = "is" if self.raised else "is no longer"
        return f"{self.threshold.name}: {self.threshold.measure} {what} {self.limit}, it is {self.value:g}"

    @property
    def limit(self) -> str:
        return str(self.threshold).partition(" ")[2]


def judge(
    thresholds: Sequence[Threshold],
    values: Mapping[str, float],
    standing: Mapping[str, Standing],
    now: float,
) -> tuple[dict[str, Standing], tuple[Crossing, ...]]:
    """How every threshold stands now, and what is to be said. A measure without a value changes nothing."""
    after: dict[str, Standing] = {}
    alerts: list[Crossing] = []
    for one in thresholds:
        stands = standing.get(one.name, Standing())
        value = values.get(one.measure)
        if value is None:
            after[one.name] = stands
            continue
        if one.broken(value) == stands.raised:
            after[one.name] = Standing(stands.raised)
            continue
        turned = stands.turned if stands.turned is not None else now
        if now - turned >= one.seconds:
            alerts.append(Crossing(one, value, not stands.raised))
            after[one.name] = Standing(not stands.raised)
        else:
            after[one.name] = Standing(stands.raised, turned)
    return after, tuple(alerts)
