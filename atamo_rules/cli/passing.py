"""Time that passes as the events of a file say: what rules about time make of one event after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atamo_rules.engine.windows.book import Book
    from atamo_rules.engine.windows.ledger import Progress
    from atamo_rules.engine.windows.state import Micros
    from atamo_rules.model.decision import Decision
    from atamo_rules.model.event import Event
    from atamo_rules.model.rule import Ruleset

MOST = 1000
"""Things that time makes between two events; schedules are not told of any further."""


class Passing:
    """The windows of one ruleset. Time begins with the first event, and so do schedules; it never goes back: an event
    that says it is older happens now. `left_out` says that schedules had more moments than are told."""

    def __init__(self, ruleset: Ruleset, book: Book | None = None) -> None:
        from atamo_rules.engine.windows.book import Book

        self.ruleset = ruleset
        self.book = book if book is not None else Book()
        self.now: Micros | None = None
        self.left_out = False

    def take(self, event: Event) -> tuple[list[tuple[Event, Decision]], Decision, Sequence[Progress]]:
        """What time made up to an event, what was decided of it, and what it did to windows."""
        from atamo_rules.engine.decide import decide
        from atamo_rules.engine.windows.shelves import schedules
        from atamo_rules.engine.windows.state import micros

        if self.now is None:
            self.now = micros(event.at)
            self.book.keep(schedules(self.ruleset, event.at, self.book.get))
        self.now = max(self.now, micros(event.at))
        ends = list(self._passed(self.now, before=True))
        ledger = self.book.ledger(self.now)
        decision = decide(self.ruleset, event, ledger=ledger)
        self.book.keep(ledger.written)
        return ends, decision, ledger.told

    def until(self, moment: datetime) -> list[tuple[Event, Decision]]:
        """What time makes after the last event, up to a moment and in it."""
        from atamo_rules.engine.windows.state import micros

        return list(self._passed(micros(moment))) if self.now is not None else []

    def _passed(self, now: Micros, *, before: bool = False) -> Iterator[tuple[Event, Decision]]:
        from atamo_rules.engine.decide import elapse, rule_of
        from atamo_rules.engine.windows.schedule import begin
        from atamo_rules.engine.windows.state import moment

        many = 0
        while places := self.book.take(now, 1, before=before):
            (place,) = places
            state = self.book.get(place)
            assert state is not None
            time = rule_of(self.ruleset, place.shelf.partition(" ")[0]).time
            if many >= MOST and time is not None and time.schedule is not None:
                self.left_out = True
                self.book.keep({place: begin(time.schedule, moment(now))})
                continue
            ledger = self.book.ledger(state.wake)
            for end in elapse(self.ruleset, place, state, ledger):
                many += 1
                yield end
            self.book.keep(ledger.written)
            self.book.enter(place)
