"""A window of a rule under one key, at the moment an event is put to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from atamo_rules.engine.frame import Frame
from atamo_rules.engine.windows.ledger import Ledger, Progress
from atamo_rules.engine.windows.state import Micros, Place, State, length
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule
from atamo_rules.model.types import Json
from atamo_rules.model.window import Time, Window

Answers = tuple[tuple[str, Json], ...]


class Firing(NamedTuple):
    """A rule that fires on an event; `answers` are what its actions read beside that event, by name: the bodies of the
    events before it, or of all that were collected."""

    rule: Rule
    event: Event
    frame: Frame
    answers: Answers = ()


@dataclass(frozen=True, slots=True)
class Pane:
    """What a step of a window reads and writes. `now` is the moment that counts for it."""

    rule: Rule
    time: Time
    window: Window
    place: Place
    ledger: Ledger
    now: Micros

    @property
    def state(self) -> State | None:
        """What is kept under the key."""
        return self.ledger.get(self.place)

    @property
    def within(self) -> Micros:
        """The length of the window."""
        return length(self.window.within)

    def put(self, state: State | None) -> None:
        """What is kept from here on."""
        self.ledger.put(self.place, state)

    def tell(self, sentence: str, fires: bool = False) -> None:
        """Say what became of the event."""
        self.ledger.told.append(Progress(self.rule.id, sentence, fires, self.time.by))
