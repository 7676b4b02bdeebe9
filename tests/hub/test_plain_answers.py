"""What an agent says is JSON before anybody keeps, shares or sends it; what cannot be is a failure, in every store."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.agents.functions import FunctionAgent, Value
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import AnswerRefused
from atamo_rules.hub.answer import plain
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Done
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state

TEXT = """
event thing.seen
  name: text
request thing.price
  name: text
agent desk
  send note
    name: text
  ask price
    name: text
    safe fresh 1 minute
  publish prices
    name: text
rule note
  on thing.seen
  do
    send desk.note
      name: name
rule price
  on request thing.price
  when name is "asked"
  do
    ask desk.price within 1 hour as found
      name: name
    reply
rule prices
  on request thing.price
  when name is "published"
  do
    publish desk.prices
      name: name
"""
MOMENT = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
loop: list[Any] = []
loop.append(loop)
NONE = [object(), {1, 2}, b"x", {"a": [object()]}, {("a", "b"): 1}, loop]


def stores(place: Path) -> list[Any]:
    return [MemoryStore(), SqliteStore(place / "hub.db")]


@pytest.mark.parametrize("answer", NONE, ids=["object", "set", "bytes", "inside", "key", "endless"])
def test_what_is_no_json_is_the_failure_of_its_agent(answer: Any, tmp_path: Path) -> None:
    async def publish(name: str) -> Any:
        yield Value("a", answer)

    async def story(store: Any) -> None:
        agent = ScriptedAgent(Done(answer))
        hub = Hub(state(TEXT, {"desk": agent}), store)
        await hub.submit_json({"type": "thing.seen", "id": "e1", "data": {"name": "bolt"}})
        await hub.wait("e1", 10)
        (letter,) = await hub.store.dead()
        assert (letter.error, letter.why.partition(":")[0]) == ("answer", "its answer is no JSON")
        got = await hub.ask("thing.price", {"name": "asked"})  # a shared call
        assert got.state == "failed"
        hub.swap(state(TEXT, {"desk": FunctionAgent(prices=publish)}))  # type: ignore[dict-item]
        got = await hub.ask("thing.price", {"name": "published"})
        assert (got.state, got.all) == ("failed", ())
        assert "its answer is no JSON" in got.errors[0]
        assert await hub.drain(5) == 0
        await hub.end()

    for store in stores(tmp_path):
        asyncio.run(asyncio.wait_for(story(store), 20))


def test_moments_and_numbers_that_are_none_are_as_they_are_printed(tmp_path: Path) -> None:
    async def story(store: Any) -> Any:
        agent = ScriptedAgent(Done({"at": MOMENT, "on": date(2026, 11, 26), "of": float("nan")}))
        hub = Hub(state(TEXT, {"desk": agent}), store)
        await hub.submit_json({"type": "thing.seen", "id": "e1", "data": {"name": "bolt"}})
        await hub.wait("e1", 10)
        told: Any = await hub.store.told("e1")
        assert await hub.drain(5) == 0
        await hub.end()
        return told["actions"][0]["answer"]

    for store in stores(tmp_path):
        answer = asyncio.run(asyncio.wait_for(story(store), 20))
        assert answer == {"at": "2026-11-26T12:30:00Z", "on": "2026-11-26", "of": None}


def test_what_is_json_stays_the_very_value() -> None:
    value = {"a": [1, 2.5, None, True, "x"]}
    assert plain(value) is value
    with pytest.raises(AnswerRefused):
        plain(object())
