"""`N different FIELD within D`: values counted in a window that slides, each once, used up by the firing they make."""

from __future__ import annotations

from atamo_rules.engine.windows.count import Counted
from atamo_rules.engine.windows.state import Micros, State


def distinct(state: State | None, now: Micros, within: Micros, wanted: int, value: str) -> Counted:
    """One more event, with the canonical text of its value. A value counts as of when it was seen last. Times never
    fall inside one window: where the clock was set back, it counts as of the last."""
    seen = state.held if state is not None else []
    if seen and now < seen[-1][0]:
        now = seen[-1][0]
    kept = [one for one in seen if now - one[0] <= within and one[1] != value]
    kept.append([now, value])
    if len(kept) >= wanted:
        return Counted(None, True, len(kept))
    return Counted(State(now + within + 1, False, kept), False, len(kept))
