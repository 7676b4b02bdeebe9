"""Rates and latencies of the last minute, from readings of numbers that only rise."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from atamo_rules.hub.telemetry.meter import Meter
from atamo_rules.hub.telemetry.numbers import SECONDS, quantile

LENGTH = 60.0
"""Seconds that rates and shares are taken over."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The counts at one moment, in seconds that never go back."""

    at: float
    finished: float = 0.0
    ended: float = 0.0
    failed: float = 0.0
    retries: float = 0.0
    spread: tuple[int, ...] = (0,) * (len(SECONDS) + 1)


def reading(meter: Meter, at: float) -> Reading:
    """What a meter says now."""
    actions = meter.actions
    return Reading(
        at,
        meter.finished.total(),
        actions.total(),
        actions.total(outcome="failed") + actions.total(outcome="timeout"),
        meter.retries.total(),
        meter.event_seconds.counts(),
    )


class Window:
    """The readings of the last minute."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()

    def take(self, now: Reading) -> dict[str, float]:
        """Add a reading; gives the measures between the oldest one and it. What cannot be said yet is left out."""
        readings = self._readings
        readings.append(now)
        while len(readings) > 2 and now.at - readings[1].at >= LENGTH:
            readings.popleft()
        old = readings[0]
        passed = now.at - old.at
        if passed <= 0:
            return {}
        values = {
            "throughput": (now.finished - old.finished) / passed,
            "retries": (now.retries - old.retries) / passed,
        }
        if now.ended > old.ended:
            values["failures"] = (now.failed - old.failed) / (now.ended - old.ended)
        spread = [after - before for after, before in zip(now.spread, old.spread, strict=True)]
        for share, name in ((0.5, "latency_p50"), (0.95, "latency_p95"), (0.99, "latency_p99")):
            value = quantile(share, spread, SECONDS)
            if value is not None:
                values[name] = value
        return values
