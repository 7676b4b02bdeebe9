"""States that decisions on their way to the store will leave, ahead of those that are kept.

The next event of a key is decided on them, so that many events of one key are kept by one commit. That is right only
where what they rest on comes to be: each such decision names its grounds, and the store keeps it only where they hold.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.state import Micros, Place, State
from atamo_rules.model.work import Ground

MOST = 256
"""Decisions on their way at one place; the next one waits for them. So many are taken again where one comes to
nothing."""


class Step(Struct, eq=False):
    """What one decision writes, and the ground it gives to those that build on it. `event` is the key of its event."""

    event: str
    written: Mapping[Place, State | None]
    ground: Ground


class Ahead:
    """A line of steps at each place that has some, in the order in which they were decided."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._lines: dict[Place, deque[Step]] = {}
        self._events: dict[str, Step] = {}
        self._waiting: set[asyncio.Event] = set()

    def get(self, place: Place) -> State | None:
        """The state that will be at a place."""
        line = self._lines.get(place)
        return line[-1].written[place] if line else self.book.get(place)

    def ledger(self, now: Micros) -> Ledger:
        """A ledger over what will be kept."""
        return Ledger(now, self.get)

    def at(self, place: Place) -> int:
        """How many are on their way at a place."""
        line = self._lines.get(place)
        return len(line) if line is not None else 0

    def room(self, places: Iterable[Place]) -> bool:
        """Whether one more may be on its way at these places."""
        lines = self._lines
        return not any(place in lines and len(lines[place]) >= MOST for place in places)

    def grounds(self, event: str, read: Iterable[Place]) -> tuple[Ground, ...]:
        """What a decision rests on that has read these places; one of an event that is on its way rests on that, too:
        if it is kept this is a repetition, and if not it is to be decided anew."""
        found = [self._lines[place][-1].ground for place in read if place in self._lines]
        known = self._events.get(event)
        if known is not None:
            found.append(known.ground)
        return tuple(dict.fromkeys(found)) if found else ()

    def enter(self, step: Step) -> bool:
        """It is on its way: the next ones at its places are decided on what it leaves. A repetition of an event that is
        on its way is passed over, since it leaves nothing."""
        if step.event in self._events:
            return False
        self._events[step.event] = step
        for place in step.written:
            line = self._lines.get(place)
            if line is None:
                self._lines[place] = deque((step,))
            else:
                line.append(step)
        return True

    def kept(self, step: Step) -> None:
        """It came to be, and so did all before it in its lines: what they rest on was kept."""
        for place, state in step.written.items():
            line = self._lines.get(place)
            if line is None or step not in line:
                continue  # one behind it was told of first
            while line.popleft() is not step:
                pass
            self.book.keep({place: state})
            self._left(place, line)
        self._gone(step)

    def fell(self, step: Step) -> None:
        """It came to nothing, and so will all behind it in its lines: they rest on it."""
        for place in step.written:
            line = self._lines.get(place)
            if line is None or step not in line:
                continue
            while line.pop() is not step:
                pass
            self._left(place, line)
        self._gone(step)

    async def over(self, places: Sequence[Place]) -> None:
        """Come back when nothing is on its way at any of these places."""
        while any(place in self._lines for place in places):
            bell = asyncio.Event()
            self._waiting.add(bell)
            try:
                await bell.wait()
            finally:
                self._waiting.discard(bell)

    def _left(self, place: Place, line: deque[Step]) -> None:
        if not line:
            del self._lines[place]
            for bell in self._waiting:
                bell.set()

    def _gone(self, step: Step) -> None:
        if self._events.get(step.event) is step:
            del self._events[step.event]
