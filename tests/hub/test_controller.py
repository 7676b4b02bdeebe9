"""A controller from its start to its end: what fails on the way leaves nothing behind, an end comes once, and a change
of the rules that came to nothing is said and does not end the following of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import atamo_rules as atamo
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub import controller as module
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.controller import Controller
from tests.hub.stage import Heard, state

RULES = """
event thing.seen
  name: text
"""
MORE = RULES + "event thing.lost\n  name: text\n"


class Broken:
    """An event provider that cannot be begun with."""

    path = ""

    def remember(self, memory: Any) -> None:
        raise OSError("its place cannot be read")


class Turns:
    """A configuration provider whose states a test hands in; an exception is raised. Called again, it tells the last
    state first."""

    def __init__(self, first: Any) -> None:
        self.last = first
        self.news: asyncio.Queue[Any] = asyncio.Queue()

    async def states(self) -> AsyncIterator[Any]:
        yield self.last
        while True:
            state = await self.news.get()
            if isinstance(state, Exception):
                raise state
            self.last = state
            yield state


def test_a_start_that_fails_halfway_gives_the_store_back(tmp_path: Path) -> None:
    async def story() -> None:
        rules, heard = atamo.TextProvider(RULES), Heard()
        failing = Controller(rules, SqliteStore(tmp_path / "hub.db"), [heard], events=[Broken()])  # type: ignore[list-item]
        with pytest.raises(OSError, match="its place cannot be read"):
            await failing.start()
        assert await failing.stop() == 0, "there is nothing left to stop"
        assert heard.kinds()[-1] == "hub.stopped"
        async with Controller(rules, SqliteStore(tmp_path / "hub.db")) as second:
            await second.hub.submit_json({"type": "thing.seen", "data": {"name": "bolt"}})

    asyncio.run(asyncio.wait_for(story(), 20))


def test_one_that_was_not_started_or_is_stopped_already_has_nothing_to_stop() -> None:
    async def story() -> None:
        heard = Heard()
        controller = Controller(atamo.TextProvider(RULES), MemoryStore(), [heard])
        assert await controller.stop() == 0
        await controller.start()
        assert await asyncio.gather(controller.stop(), controller.stop()) == [0, 0]
        assert await controller.stop() == 0
        assert heard.kinds().count("hub.stopped") == 1

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.parametrize("where", ["where it comes from", "where it is heard of"])
def test_a_change_that_comes_to_nothing_is_said_and_the_next_is_taken(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST", 0.0)
    one, two, three = state(RULES, {}), state(MORE, {}), state(RULES, {})

    async def story() -> None:
        rules, alerts, heard, seen = Turns(one), list[Alert](), Heard(), asyncio.Event()

        def hear(told: Any) -> None:
            if told is two and where == "where it is heard of":
                raise ValueError("no window to show it in")
            if told is three:
                seen.set()

        controller = Controller(rules, MemoryStore(), [heard], hear, alerts.append)
        await controller.start()
        rules.news.put_nowait(two)
        if where == "where it comes from":
            rules.news.put_nowait(ValueError("no window to show it in"))
        rules.news.put_nowait(three)
        await seen.wait()
        assert controller.ruled is three
        await controller.stop()
        (alert,) = alerts
        assert (alert.kind, alert.message.rpartition(": ")[2]) == ("provider", "no window to show it in")
        assert heard.what("provider.broken")[0]["provider"] == "rules"
        assert len(heard.what("rules.activated")) == 2

    asyncio.run(asyncio.wait_for(story(), 20))
