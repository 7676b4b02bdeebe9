"""When to try again: exponential backoff with full jitter, never sooner than the other side asked.

After Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015): uniform over [0, min(cap, base·2ⁿ)].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from atamo_rules.model.outcome import Again, Failed

LONGEST = 3600.0
"""Seconds that another side may have us wait."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` in all; waits in seconds between them, doubling from `base` up to `cap`. No attempt begins later than
    `within` seconds after the action was decided. A failure of a class in `never` is not tried again."""

    attempts: int = 5
    base: float = 0.5
    cap: float = 60.0
    within: float | None = None
    never: frozenset[str] = frozenset()


def wait(attempt: int, policy: RetryPolicy, after: float | None, chance: Callable[[], float]) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1); `chance` gives a number in [0, 1)."""
    jittered = chance() * min(policy.cap, policy.base * float(2 ** min(attempt - 1, 30)))
    return max(jittered, min(after, LONGEST)) if after is not None else jittered


def verdict(
    failure: Again, attempt: int, age: float, policy: RetryPolicy, chance: Callable[[], float]
) -> Again | Failed:
    """What a failure that may pass means for an action of that age in seconds: when it is tried again, or that it is
    given up."""
    seconds = wait(attempt, policy, failure.after, chance)
    late = policy.within is not None and age + seconds > policy.within
    if attempt >= policy.attempts or late or failure.error in policy.never:
        return Failed(failure.why, failure.error)
    return Again(failure.why, seconds, failure.error)
