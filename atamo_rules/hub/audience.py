"""Auditors, each with its own place in the audit: who falls behind catches up from the store, and holds up nobody."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress

from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.ports import Auditor
from atamo_rules.hub.store import Hear, Store
from atamo_rules.model.audit import AuditRecord, Note

AT_ONCE = 500
"""Records read at once."""
AGAIN = 1.0
"""Seconds until an auditor that raised is told again."""


class Listener:
    """One auditor and the position of the last record it took."""

    def __init__(self, auditor: Auditor, at: int) -> None:
        self.auditor = auditor
        self.at = at
        self.catching_up: asyncio.Task[None] | None = None

    def tell(self, records: Sequence[AuditRecord]) -> bool:
        """Have it take records that follow on what it took, and pass by those it took already: while some were read
        for it, they may have been heard. False when it raised."""
        for record in records:
            if record.position <= self.at:
                continue
            try:
                self.auditor.tell(record)
            except Exception as error:  # somebody's plug-in
                sys.stderr.write(f"atamo: an auditor failed: {type(error).__name__}: {error}\n")
                return False
            self.at = record.position
        return True


class Audience:
    """All auditors of a hub."""

    def __init__(self, store: Store, auditors: Sequence[Auditor]) -> None:
        self.store = store
        self.listeners = [Listener(auditor, 0) for auditor in auditors]
        self.begun = False
        self.ears: list[Hear] = []
        """Parts of the hub itself that are told of every run of records, and never raise."""

    async def begin(self) -> None:
        """Tell each auditor what it missed, and from here on everything."""
        head = await self.store.head()
        for listener in self.listeners:
            at = getattr(listener.auditor, "position", head) if self.store.caps.durable else 0
            listener.at = at if at <= head else 0  # a position beyond the end is one of another store
        self.begun = True
        await asyncio.gather(*(self._catch_up(listener, once=True) for listener in self.listeners))

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Take records as they are committed; `first` is the position of the first of them."""
        for ear in self.ears:
            ear(first, notes)
        if not self.begun or not self.listeners:
            return
        records = [note.placed(position) for position, note in enumerate(notes, first)]
        for listener in self.listeners:
            in_line = listener.at == first - 1
            if listener.catching_up is None and not (in_line and listener.tell(records)):
                listener.catching_up = asyncio.get_running_loop().create_task(self._catch_up(listener))

    async def end(self) -> None:
        """Tell what can still be told."""
        for listener in self.listeners:
            if listener.catching_up is not None:
                listener.catching_up.cancel()
                await asyncio.gather(listener.catching_up, return_exceptions=True)
            with suppress(StoreUnavailable):
                await self._catch_up(listener, once=True)

    async def _catch_up(self, listener: Listener, once: bool = False) -> None:
        while True:
            records = await self.store.audit(listener.at, AT_ONCE)
            if not records:
                listener.catching_up = None
                return
            if not listener.tell(records):
                if once:
                    return
                await asyncio.sleep(AGAIN)
