"""A circuit breaker: an agent that fails again and again is left alone for a while, which spends nobody's attempts.

After Nygard, "Release It!" (2007): closed while things go well, open after so many failures in a row, and half open
after a pause, when one attempt shows whether it may close.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """It opens after so many `failures` in a row, for `pause` seconds; twice as long each time the attempt after a
    pause fails too, up to `cap`. With 0 failures it never opens."""

    failures: int = 10
    pause: float = 1.0
    cap: float = 60.0


class Breaker:
    """Of one agent. Times are seconds of one clock that only rises."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self.policy = policy
        self.failed = 0
        self.troubled = False
        """Whether a success would change it: it is open, or something failed since the last."""
        self.pauses = 0
        self.until: float | None = None
        """When it is half open; None while it is closed."""

    @property
    def open(self) -> bool:
        """Whether it is open or half open: one attempt at a time, or none."""
        return self.until is not None

    def room(self, now: float, running: int) -> int | None:
        """How many more attempts may begin; None for any number."""
        if self.until is None:
            return None
        return 1 if now >= self.until and running == 0 else 0

    def failure(self, now: float) -> bool:
        """An attempt failed and may work later. True when the breaker opens with it."""
        self.failed += 1
        self.troubled = True
        if self.until is None and (self.policy.failures == 0 or self.failed < self.policy.failures):
            return False
        opened = self.until is None
        if opened or now >= (self.until or 0.0):
            self.until = now + min(self.policy.cap, self.policy.pause * float(2 ** min(self.pauses, 30)))
            self.pauses += 1
        return opened

    def success(self) -> bool:
        """The agent was reached. True when the breaker closes with it."""
        closed = self.until is not None
        self.failed = self.pauses = 0
        self.troubled, self.until = False, None
        return closed
