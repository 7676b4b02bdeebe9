"""When to try again: exponential backoff with full jitter, never sooner than the other side asked.

After Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): uniform over [0, min(cap, base·2ⁿ)].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` in all; waits in seconds between them, doubling from `base` up to `cap`."""

    attempts: int = 5
    base: float = 0.5
    cap: float = 60.0


def wait(attempt: int, policy: RetryPolicy, after: float | None, chance: Callable[[], float]) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1); `chance` gives a number in [0, 1)."""
    jittered = chance() * min(policy.cap, policy.base * float(2 ** min(attempt - 1, 30)))
    return max(jittered, min(after, 3600.0)) if after is not None else jittered
