"""Transactions put together: a step, what follows from it, and what the audit says of both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from atamo_rules.builtin.stores.journal import Change, Incoming, Moved
from atamo_rules.builtin.stores.open_work import Item, item_of
from atamo_rules.hub import records
from atamo_rules.hub.audit.levels import keeps
from atamo_rules.hub.clock import Clock
from atamo_rules.model.audit import Kind, Level
from atamo_rules.model.types import Json
from atamo_rules.model.work import NOTHING, Arrival, Decided, Following


class Draft:
    """Makes the changes of one store. `row` is the last row that an action was given, `letter` the last dead letter;
    what is `paused` meanwhile gets no lease."""

    def __init__(self, clock: Clock, paused: Callable[[tuple[str, str, str]], bool]) -> None:
        self.clock = clock
        self.paused = paused
        self.row = 0
        self.letter = 0

    def change(self) -> Change:
        """An empty transaction of now."""
        return Change(self.clock.now())

    def tell(self, change: Change, kind: Kind, item: Item, **more: Json) -> None:
        """Record a step of an attempt."""
        number = item.attempts
        note = records.of_attempt(kind, change.at, item.work, number, number)
        change.notes.append(note.saying(more) if more else note)

    def end(self, change: Change, item: Item, state: str, why: str = "", answer: Json = None) -> None:
        """An action is over."""
        change.moved.append(Moved(item, state, why, answer))
        event = item.event
        change.open[event] = change.open.get(event, 0) - 1

    def incoming(self, arrival: Arrival) -> Incoming:
        """An event to keep, with all that follows from it where it is new."""
        change = Change(arrival.at, notes=records.accepted(arrival))
        if arrival.decided is not None:
            event = arrival.event
            self.decide(change, event.key, event.who, arrival.decided)
        return Incoming(arrival, change)

    def decide(self, change: Change, event: str, who: str, decided: Decided) -> None:
        """A decision and what follows from it; an event of which nothing follows is finished by it."""
        change.decided.append((event, decided.decision))
        change.notes.append(records.decided(change.at, event, who, decided.decision))
        change.open.setdefault(event, 0)
        self.follow(change, event, decided.following)

    def follow(self, change: Change, event: str, following: Following) -> None:
        """What is kept beside a step."""
        if following is NOTHING:
            return
        notes, open, paused = change.notes, change.open, self.paused
        notes += following.notes
        for work in following.work:
            self.row += 1
            item = item_of(self.row, work)
            open[item.event] = open.get(item.event, 0) + 1
            change.added.append(item)
            if work.lease > 0 and not paused(item.hold):
                item.attempts = 1
                notes.append(records.of_attempt("action.started", change.at, work, 1, 0))
            elif work.due is not None:
                change.moved.append(Moved(item, "later", wait=seconds_until(work.due, change.at)))
        if following.done:
            change.done += tuple((row, event, one) for row, one in enumerate(following.done, self.row + 1))
            self.row += len(following.done)
        if following.arrivals:
            change.incoming += [self.incoming(one) for one in following.arrivals]
        if following.frames or following.puts:
            change.frames += following.frames
            change.puts += following.puts
        if following.problems:
            change.problems += ((event, following.problems),)


def seconds_until(due: datetime, now: datetime) -> float:
    """How long something still waits."""
    return max(0.0, (due - now).total_seconds())


def thin(change: Change, level: Level) -> None:
    """Leave out the records that a level does not keep, also of what comes in with a change."""
    change.notes = [note for note in change.notes if keeps(level, note.kind)]
    for one in change.incoming:
        thin(one.change, level)
