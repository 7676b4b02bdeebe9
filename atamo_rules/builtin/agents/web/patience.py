"""Leaving another side alone for as long as it asked: every action waits, not only the one that was told so."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from atamo_rules.model.outcome import Again

LONGEST = 3600.0
"""Seconds that are kept of a wait; whoever asks for more is asked again after an hour."""


class Patience:
    """Until when each of some places is left alone. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def asked(self, place: Hashable, seconds: float) -> None:
        """A place wants to be left alone. What is over by now is forgotten."""
        now = self._clock()
        self._until = {one: until for one, until in self._until.items() if until > now}
        self._until[place] = max(self._until.get(place, 0.0), now + min(seconds, LONGEST))

    def left(self, place: Hashable) -> Again | None:
        """What an action is that comes too early; None when it may go on."""
        seconds = self._until.get(place, 0.0) - self._clock()
        if seconds <= 0:
            return None
        return Again(f"it asked to be left alone for {seconds:.3g} more seconds", seconds, "http 429")
