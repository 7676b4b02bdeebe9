"""What one decision reads and writes of windows, held apart until it is kept: a transaction in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from atamo_rules.engine.windows.state import Micros, Place, State

Reads = Callable[[Place], State | None]


@dataclass(frozen=True, slots=True)
class Progress:
    """What an event did to one window or throttle of a rule, in a sentence; `fires` when the rule went on to fire, or
    was let through. `by` are the author's words for the key."""

    rule: str
    sentence: str
    fires: bool
    by: tuple[str, ...] = ()


class Ledger:
    """Reads through to what is kept, and remembers what it read: where that is no longer what is kept, the decision
    that rests on it is to be taken again. `now` is the moment the event is taken to happen at."""

    __slots__ = ("_kept", "now", "read", "told", "written")

    def __init__(self, now: Micros, kept: Reads = lambda place: None) -> None:
        self.now = now
        self._kept = kept
        self.read: dict[Place, State | None] = {}
        self.written: dict[Place, State | None] = {}
        self.told: list[Progress] = []

    def get(self, place: Place) -> State | None:
        """The state at a place, as this decision has it."""
        if place in self.written:
            return self.written[place]
        if place not in self.read:
            self.read[place] = self._kept(place)
        return self.read[place]

    def put(self, place: Place, state: State | None) -> None:
        """Another state at a place that was read; None for nothing."""
        if state is not self.get(place):
            self.written[place] = state

    @property
    def stands(self) -> bool:
        """Whether what was read is still what is kept."""
        return all(self._kept(place) is state for place, state in self.read.items())
