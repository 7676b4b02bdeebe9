"""The store in memory counts what is still to be decided as it comes and goes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.work import Arrival, Decided

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_event_is_to_be_decided_until_it_is() -> None:
    async def run() -> list[int]:
        store = MemoryStore()
        await store.open(lambda first, notes: None)
        events = [Event(f"e{number}", "job", {}, NOW) for number in range(3)]
        found = []
        await store.accept([Arrival(event, b"", NOW) for event in events])
        await store.accept([Arrival(Event("bad", "job", {}, NOW), b"", NOW, ("why",), True)])
        found.append((await store.depth()).pending)
        await store.record(events[0], Decided(Decision("e0", "job", "", ())))
        found.append((await store.depth()).pending)
        return found

    assert asyncio.run(run()) == [3, 2]
