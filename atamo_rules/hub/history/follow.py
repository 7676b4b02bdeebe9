"""What becomes of a message, step by step, for its sender: its records so far, and the next as it comes.

The last records of all events are remembered as they were heard, and put in order by event only when somebody asks;
what is older is read from the store. Memory is bounded: the oldest make room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeAlias
from weakref import WeakValueDictionary

from atamo_rules.model.audit import AuditRecord, Note

MOST = 20_000
"""Records that are remembered, over all events."""
AT_ONCE = 500
"""Records that are read at once."""
ENDS = ("event.finished", "event.refused", "event.quarantined")

Read: TypeAlias = Callable[[int, int, str], Awaitable[Sequence[AuditRecord]]]
"""Records after a position, at most so many, of one event: `Store.audit`."""


class Followers:
    """The recent records of every event, and by `read` the older ones."""

    def __init__(self, read: Read, most: int = MOST) -> None:
        self.read = read
        self.most = most
        self._first = 2**63
        """The position of the first record that is remembered; everything after it is too."""
        self._last = 0
        self._heard: deque[tuple[int, Sequence[Note]]] = deque()
        """Runs of records, each with the position of its first, that nobody has looked into."""
        self._sorted: deque[tuple[int, Sequence[Note]]] = deque()
        """Those before them, which are in order by event too."""
        self._by_event: dict[str, deque[tuple[int, Note]]] = {}
        self._bells: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        """Kept by those who wait."""
        self._waiting = 0

    @property
    def size(self) -> int:
        """How many records are remembered."""
        return self._last - self._first + 1 if self._last else 0

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Remember steps as they are committed, and wake who follows their events."""
        if not self._last:
            self._first = first
        self._heard.append((first, notes))
        self._last = first + len(notes) - 1
        if self._last - self._first >= self.most:
            self._let_go()
        if self._waiting:
            for event in {note.event for note in notes}:
                bell = self._bells.pop(event, None)
                if bell is not None:
                    bell.set()

    def forget(self) -> None:
        """Let go of all that is remembered: what is asked for is read from the store again, as it is there now."""
        self._heard.clear()
        self._sorted.clear()
        self._by_event.clear()
        if self._last:
            self._first = self._last + 1

    async def steps(self, event: str, after: int = 0, limit: int = 2**53) -> Sequence[AuditRecord]:
        """The records of an event after a position, the oldest first, at most so many."""
        found: list[AuditRecord] = []
        while len(found) < limit:
            known = self._known(event)
            begins = bool(known) and known[0][1].kind == "event.accepted"
            if begins or after + 1 >= self._first:
                found += [note.placed(at) for at, note in known if at > after]
                break
            committed = self._last
            older = await self.read(after, AT_ONCE, event)
            found += older
            after = older[-1].position if older else after
            if len(older) < AT_ONCE:
                after = max(after, committed)  # there is no more of it up to there
                if not self._last:
                    break
        return found[:limit]

    async def follow(
        self, event: str, position: int = 0, beat: float = 15.0
    ) -> AsyncIterator[AuditRecord | None]:
        """Records of an event as they come, to its end; None for every `beat` seconds in which none came. What is
        still told of an event that is over is given first."""
        over = begun = False
        self._waiting += 1
        try:
            while True:
                bell = self._bells.setdefault(event, asyncio.Event())
                records = await self.steps(event, position)
                for record in records:
                    position = record.position
                    over = over or record.kind in ENDS
                    yield record
                if not begun and not over:  # it may have been followed to its end before
                    over = any(
                        one.kind in ENDS and one.position <= position for one in await self.steps(event)
                    )
                begun = True
                if over:  # what is told of a request may come after the end of its event
                    return
                if records:
                    continue
                try:
                    async with asyncio.timeout(beat):
                        await bell.wait()
                except TimeoutError:
                    yield None
        finally:
            self._waiting -= 1

    def _known(self, event: str) -> Sequence[tuple[int, Note]]:
        """What is remembered of an event."""
        by_event = self._by_event
        while self._heard:
            run = self._heard.popleft()
            self._sorted.append(run)
            for at, note in enumerate(run[1], run[0]):
                if note.event:
                    by_event.setdefault(note.event, deque()).append((at, note))
        return by_event.get(event, ())

    def _let_go(self) -> None:
        """Forget the oldest records."""
        while self._last - self._first >= self.most and len(self._sorted) + len(self._heard) > 1:
            if not self._sorted:
                first, notes = self._heard.popleft()
            else:
                first, notes = self._sorted.popleft()
                for event in (note.event for note in notes if note.event):
                    known = self._by_event[event]
                    known.popleft()
                    if not known:
                        del self._by_event[event]
            self._first = first + len(notes)
