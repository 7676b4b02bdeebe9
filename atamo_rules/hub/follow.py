"""What becomes of a message, step by step, for its sender: the last records of each event, and the next as it comes.

Memory is bounded: the longest unused events make room.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from weakref import WeakValueDictionary

from atamo_rules.model.audit import AuditRecord, Note

MOST = 20_000
"""Records that are remembered, over all events."""
ENDS = ("event.finished", "event.refused", "event.quarantined")


class Followers:
    """The recent records of every event."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.size = 0
        self._notes: OrderedDict[str, list[tuple[int, Note]]] = OrderedDict()
        self._bells: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        """Kept by those who wait."""

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Remember steps as they are committed, and wake who follows their events."""
        remembered, last, followed = self._notes, "", bool(self._bells)
        known: list[tuple[int, Note]] = []
        for position, note in enumerate(notes, first):
            event = note.event
            if not event:
                continue
            if event != last:  # the records of one event mostly stand together
                last = event
                if event in remembered:
                    known = remembered[event]
                    remembered.move_to_end(event)
                else:
                    known = remembered[event] = []
            known.append((position, note))
            self.size += 1
            while self.size > self.most and len(remembered) > 1:
                self.size -= len(remembered.popitem(last=False)[1])
            bell = self._bells.pop(event, None) if followed else None
            if bell is not None:
                bell.set()

    def after(self, event: str, position: int) -> Sequence[AuditRecord]:
        """The records of an event after a position, as far as they are remembered."""
        return [note.placed(at) for at, note in self._notes.get(event, ()) if at > position]

    async def follow(
        self, event: str, position: int = 0, beat: float = 15.0
    ) -> AsyncIterator[AuditRecord | None]:
        """Records of an event as they come, to its end; None for every `beat` seconds in which none came. What is
        still told of an event that is over is given first."""
        while True:
            bell = self._bells.setdefault(event, asyncio.Event())
            records = self.after(event, position)
            for record in records:
                position = record.position
                yield record
            known = self._notes.get(event)
            if known and known[-1][1].kind in ENDS and known[-1][0] <= position:
                return
            if records:
                continue
            try:
                async with asyncio.timeout(beat):
                    await bell.wait()
            except TimeoutError:
                yield None
