"""`at most N per D`: how often a rule may act in any stretch of time of that length."""

from __future__ import annotations

from typing import NamedTuple

from atamo_rules.engine.windows.state import Micros, State


class Throttled(NamedTuple):
    """Whether the rule may act, and how often it did within the length before."""

    state: State | None
    may: bool
    had: int


def throttled(state: State | None, now: Micros, per: Micros, most: int) -> Throttled:
    """One more time that a rule would act. What is held back does not count: a flood that goes on for ever lets the
    rule act once in every stretch. Where the clock was set back, the time of the last act holds."""
    times = state.held if state is not None else []
    if times and now < times[-1]:
        now = times[-1]
    kept = [time for time in times if now - time < per]
    if len(kept) >= most:
        return Throttled(state, False, len(kept))
    kept.append(now)
    return Throttled(State(now + per, False, kept), True, len(kept) - 1)
