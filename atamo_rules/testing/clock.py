"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """`move` lets time pass; `step` sets the wall clock alone, as an operator or a time server does."""

    def __init__(self, wall: datetime = datetime(2026, 2, 3, 12, tzinfo=UTC)) -> None:
        self.wall = wall
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.wall

    def passed(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds
        self.step(seconds)

    def step(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
