"""A hub that starts: whoever asked for it may go away, a start that failed is told to everybody, and what a process
before left open goes on, also what the rules of now know nothing of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.store import Hear
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.work import Recovered, Selector
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state
from tests.hub.test_recovery import Left

DESK = """
event thing.seen
  name: text
agent desk
  send note
    text: text
rule note
  on thing.seen
  do
    send desk.note
      text: name
"""
OTHER = DESK.replace("desk", "till")


class Gated(MemoryStore):
    """A store that is slow to open."""

    def __init__(self) -> None:
        super().__init__()
        self.opening, self.gate = asyncio.Event(), asyncio.Event()

    async def open(self, hear: Hear) -> Recovered:
        self.opening.set()
        await self.gate.wait()
        return await super().open(hear)


def seen(hub: Hub, id: str) -> Any:
    return hub.submit_json({"type": "thing.seen", "id": id, "data": {"name": "bolt"}})


def test_who_goes_away_while_a_hub_starts_does_not_stop_it_from_starting() -> None:
    async def story() -> None:
        store = Gated()
        hub = Hub(state(DESK, {"desk": ScriptedAgent()}), store)
        first = asyncio.ensure_future(seen(hub, "e1"))
        await store.opening.wait()
        first.cancel()
        await asyncio.wait({first})
        second = asyncio.ensure_future(seen(hub, "e2"))
        await asyncio.sleep(0)
        assert not second.done(), "it is taken before the store is open"
        store.gate.set()
        taken, known = await second
        assert hub.running
        assert (taken.event is not None, known) == (True, False)
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(story())


def test_a_hub_that_is_stopped_while_it_starts_starts_no_more() -> None:
    async def story() -> None:
        store = Gated()
        hub = Hub(state(DESK, {"desk": ScriptedAgent()}), store)
        first = asyncio.ensure_future(hub.start())
        await store.opening.wait()
        assert await hub.drain(60) == 0
        await hub.end()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert not hub.running

    asyncio.run(story())


def test_a_start_that_failed_is_told_to_everybody_who_comes(tmp_path: Path) -> None:
    async def story() -> None:
        holder = Hub(state(DESK, {"desk": ScriptedAgent()}), SqliteStore(tmp_path / "hub.db"))
        await holder.start()
        second = Hub(state(DESK, {"desk": ScriptedAgent()}), SqliteStore(tmp_path / "hub.db"))
        for id in ("e1", "e2"):
            with pytest.raises(StoreUnavailable, match="in use by another hub"):
                await seen(second, id)
        for hub in (second, holder):
            await hub.drain(1)
            await hub.end()

    asyncio.run(story())


def test_what_is_in_line_for_an_agent_that_is_no_more_ends_as_a_dead_letter(tmp_path: Path) -> None:
    async def story() -> None:
        left = Left(tmp_path)
        hub = left.start(DESK, {"desk": ScriptedAgent(30.0, concurrency=1)})
        for id in ("e1", "e2"):
            await seen(hub, id)
        await left.kill()
        hub = left.start(OTHER, {"till": ScriptedAgent()})
        await hub.start()
        assert hub.left.agents == {"desk"}
        for id in ("e1", "e2"):
            await hub.wait(id, 60)
        assert [letter.why for letter in await hub.store.dead()] == ["no agent is called `desk`"] * 2
        assert len(left.alerts) == 2
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(story())


def test_dead_letters_of_an_agent_that_is_no_more_are_tried_where_they_are_redriven(tmp_path: Path) -> None:
    async def story() -> None:
        left = Left(tmp_path)
        hub = left.start(DESK, {"desk": ScriptedAgent(Failed("no"))})
        await seen(hub, "e1")
        await hub.wait("e1", 60)
        await left.kill()
        hub = left.start(OTHER, {"till": ScriptedAgent(Done())})
        await hub.start()
        (letter,) = await hub.store.dead()
        assert await hub.redrive(Selector(), letter.number) == 1
        await hub.wait("e1", 60)
        (again,) = await hub.store.dead()
        assert (again.number > letter.number, again.why) == (True, "no agent is called `desk`")
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(story())
