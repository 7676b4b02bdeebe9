"""`N times within D`: events counted in a window that slides, used up by the firing that they make."""

from __future__ import annotations

from typing import NamedTuple

from atamo_rules.engine.windows.state import Micros, State


class Counted(NamedTuple):
    """What one more event makes of a count. `have` is how many stand in the window, this one among them."""

    state: State | None
    fires: bool
    have: int


def counted(state: State | None, now: Micros, within: Micros, wanted: int) -> Counted:
    """One more event. Times never fall inside one window: where the clock was set back, it counts as of the last."""
    times = state.held if state is not None else []
    if times and now < times[-1]:
        now = times[-1]
    kept = [time for time in times if now - time <= within]
    kept.append(now)
    if len(kept) >= wanted:
        return Counted(None, True, len(kept))
    return Counted(State(now + within + 1, False, kept), False, len(kept))
