"""Time, from one place: what the hub and its stores know of it can be put in their hands by a test."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from typing import Protocol

STANDS = 3600.0
"""Seconds for which a wall clock that was set forward must stand before it is believed."""
AWAY = 86_400.0
"""Seconds beyond the last record up to which a hub that starts believes it was merely not there."""


class Clock(Protocol):
    """`now` is the wall clock, which may be set and may step; it dates records and what outlives the process. `passed`
    are seconds that only ever rise; leases and waits inside one process are measured by it."""

    def now(self) -> datetime: ...
    def passed(self) -> float: ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def passed(self) -> float:
        return time.monotonic()


class BelievedClock:
    """The wall clock, as far as what cannot be undone may go by it: letting go of what is old.

    One that is set back is believed at once, one that is set forward when it has stood for an hour; a machine whose
    clock was a year ahead for a minute has then forgotten nothing. What a process finds when it begins is measured by
    the last record of the one before. So `now` is the wall clock, or behind it, and never ahead of it.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._ahead: deque[tuple[float, float]] = deque()
        """How far the wall clock is ahead of `passed`: what is believed, and behind it what is not yet, ever further,
        each with when it was first seen to be at least so far."""

    def begin(self, newest: datetime | None) -> None:
        """A process begins on what was kept before, whose last record is of that moment."""
        believed = self.clock.now().timestamp()
        if newest is not None:
            believed = min(believed, newest.timestamp() + AWAY)
        passed = self.clock.passed()
        self._ahead.append((passed, believed - passed))

    def now(self) -> datetime:
        """What the wall clock would say, had nobody set it forward within the last hour."""
        passed = first = self.clock.passed()
        ahead = self.clock.now().timestamp() - passed
        while self._ahead and self._ahead[-1][1] >= ahead:
            first, _ = self._ahead.pop()
        self._ahead.append((first, ahead))
        while len(self._ahead) > 1 and self._ahead[1][0] <= passed - STANDS:
            self._ahead.popleft()
        return datetime.fromtimestamp(passed + self._ahead[0][1], UTC)
