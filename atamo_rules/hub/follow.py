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
        for position, note in enumerate(notes, first):
            if note.event:
                self._remember(position, note)

    def _remember(self, position: int, note: Note) -> None:
        known = self._notes.get(note.event)
        if known is None:
            known = self._notes[note.event] = []
        else:
            self._notes.move_to_end(note.event)
        known.append((position, note))
        self.size += 1
        while self.size > self.most and len(self._notes) > 1:
            _, gone = self._notes.popitem(last=False)
            self.size -= len(gone)
        bell = self._bells.pop(note.event, None)
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
