"""Time that passes as the events of a file say: what rules about time make of one event after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atamo_rules.engine.windows.ledger import Progress
    from atamo_rules.model.decision import Decision
    from atamo_rules.model.event import Event
    from atamo_rules.model.rule import Ruleset


class Passing:
    """The windows of one ruleset. Time begins with the first event and never goes back: an event that says it is older
    happens now. Schedules are left out, because nothing says when they began or will end."""

    def __init__(self, ruleset: Ruleset) -> None:
        from atamo_rules.engine.windows.book import Book

        self.ruleset = ruleset
        self.book = Book()
        self.now = 0

    def take(self, event: Event) -> tuple[list[tuple[Event, Decision]], Decision, Sequence[Progress]]:
        """What time made up to an event, what was decided of it, and what it did to windows."""
        from atamo_rules.engine.decide import decide, elapse
        from atamo_rules.engine.windows.state import micros

        self.now = max(self.now, micros(event.at))
        ends: list[tuple[Event, Decision]] = []
        while places := self.book.take(self.now, 1, before=True):
            state = self.book.get(places[0])
            assert state is not None
            passed = self.book.ledger(state.wake)
            ends += elapse(self.ruleset, places[0], state, passed)
            self.book.keep(passed.written)
            self.book.enter(places[0])
        ledger = self.book.ledger(self.now)
        decision = decide(self.ruleset, event, ledger=ledger)
        self.book.keep(ledger.written)
        return ends, decision, ledger.told
