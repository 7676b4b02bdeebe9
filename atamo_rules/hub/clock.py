"""Time, from one place: what the hub and its stores know of it can be put in their hands by a test."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


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
