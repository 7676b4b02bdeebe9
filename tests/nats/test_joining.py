"""Whole hubs that share a store, while requests and windows are open: each has one hub that runs its clocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Agent, Reply
from atamo_rules.hub.requests.afar import WORDS
from atamo_rules.hub.requests.request import Options
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.decision import Action
from atamo_rules.model.frame import Frame, Page
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.work import Put
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state
from tests.nats.test_hubs import until

RULES = """
request stock.promise
  sku: text
  answer
    pieces: whole
agent stock
  ask count
    sku: text
    answer
      pieces: whole
rule promise
  on request stock.promise
  do
    ask stock.count within 60 seconds as shelf
      sku: sku
      on timeout
        reply error "nobody knows"
    reply
      pieces: shelf.pieces
"""
HASTY = RULES.replace("within 60 seconds", "within 0.7 seconds")
LONG = 600
Start = Callable[[Agent], Coroutine[Any, Any, Hub]]


def shared(
    place: Place, folder: Path, story: Callable[[Start], Coroutine[Any, Any, None]], rules: str = RULES,
    agent: str = "stock", grace: float = 10.0,
) -> None:  # fmt: skip
    """Tell a story of hubs that begin as it goes."""

    async def whole() -> None:
        hubs: list[Hub] = []

        async def start(stock: Agent) -> Hub:
            hub = Hub(state(rules, {agent: stock}), NatsStore(place, folder, grace=grace), [Heard()])
            hubs.append(hub)
            await hub.start()
            return hub

        try:
            async with asyncio.timeout(40):
                await story(start)
        finally:
            for hub in (one for one in hubs if not one.stopping):
                await hub.drain(0.1, park=True)
                await hub.end()

    asyncio.run(whole())


async def ask(hub: Hub, id: str, **how: Any) -> str:
    """Open a request; gives its name."""
    taken, _ = await hub.submit_json({"sku": id}, type_name="stock.promise", key=id, options=Options(**how))
    assert taken.event is not None
    return taken.event.key


async def read(hub: Hub, key: str) -> list[Frame]:
    return [frame async for frame in hub.requests.stream(key) if frame is not None]


async def records(hub: Hub, kind: str) -> list[AuditRecord]:
    return [one for one in await hub.store.audit(0, 10_000) if one.kind == kind]


def bodies(frames: list[Frame]) -> list[Any]:
    return [frame.body for frame in frames]


async def lose(hub: Hub) -> None:
    """End a hub as a loss of its process does."""
    store = hub.store
    assert isinstance(store, NatsStore)
    await store.beats.end()
    await store.stream.close()
    hub.stopping = True
    hub.windows.end()
    hub.requests.end()
    if hub.house is not None:
        hub.house.cancel()
    for lane in hub.lanes.values():
        if lane.pump is not None:
            lane.pump.cancel()
    await hub.underway.finish(0.0)


def test_what_another_hub_answered_is_heard_where_the_request_is_kept(place: Place, tmp_path: Path) -> None:
    slow, quick = ScriptedAgent(LONG, concurrency=1), ScriptedAgent(Done({"pieces": 3}))

    async def story(start: Start) -> None:
        one, two = await start(slow), await start(quick)
        await ask(one, "e1")
        await until(lambda: slow.asked)
        key = await ask(one, "e2")
        assert bodies(await read(one, key)) == [{"pieces": 3}, {"state": "complete"}]
        while await two.store.entries(WORDS):  # which may hear of it later than whoever reads at the other
            await asyncio.sleep(0.01)

    shared(place, tmp_path, story)


def test_a_word_of_a_request_that_nobody_keeps_any_more_is_not_kept(place: Place, tmp_path: Path) -> None:
    async def story(start: Start) -> None:
        one = await start(ScriptedAgent())
        assert await one.store.put(Put(WORDS, "late", {"request": "forgotten", "said": []})) is not None
        while await one.store.entries(WORDS):
            await asyncio.sleep(0.01)

    shared(place, tmp_path, story)


def test_who_joins_runs_no_clock_of_a_hub_that_lives(place: Place, tmp_path: Path) -> None:
    slow, other = ScriptedAgent(LONG), ScriptedAgent(LONG)

    async def story(start: Start) -> None:
        one = await start(slow)
        key = await ask(one, "e1", deadline=1.0)
        two = await start(other)
        assert two.requests.open == {}
        assert bodies(await read(two, key))[-1]["state"] == "expired"
        await until(lambda: one.requests.open[key].over)
        while not await records(
            one, "request.expired"
        ):  # which may see it later than whoever reads at the other
            await asyncio.sleep(0.01)
        assert len(await records(one, "request.expired")) == 1
        assert [frame.kind for frame in await read(one, key)].count("end") == 1

    shared(place, tmp_path, story)


def test_an_ask_is_given_up_once_and_its_request_hears_of_it(place: Place, tmp_path: Path) -> None:
    slow, other = ScriptedAgent(LONG), ScriptedAgent(LONG)

    async def story(start: Start) -> None:
        one = await start(slow)
        key = await ask(one, "e1")
        await start(other)
        assert [frame.kind for frame in await read(one, key)] == ["error", "end"]
        assert len(await records(one, "action.timeout")) == 1

    shared(place, tmp_path, story, HASTY)


def test_a_request_can_be_cancelled_at_any_hub(place: Place, tmp_path: Path) -> None:
    slow, other = ScriptedAgent(LONG), ScriptedAgent()

    async def story(start: Start) -> None:
        one, two = await start(slow), await start(other)
        key = await ask(one, "e1")
        await until(lambda: slow.running)
        while await two.requests.cancel(key) is None:
            await asyncio.sleep(0.01)
        assert bodies(await read(two, key)) == [{"state": "cancelled", "why": "cancelled by the client"}]
        await until(lambda: not slow.running)
        assert len(await records(two, "request.cancelled")) == 1

    shared(place, tmp_path, story)


def test_the_clocks_of_a_hub_that_is_lost_go_on_with_one_of_the_others(place: Place, tmp_path: Path) -> None:
    agents = [ScriptedAgent(LONG, concurrency=1) for _ in range(3)]

    async def story(start: Start) -> None:
        one, two, three = [await start(agent) for agent in agents]
        key = await ask(one, "e1", deadline=3.0)
        await until(lambda: agents[0].asked)
        await lose(one)
        await until(lambda: key in two.requests.open or key in three.requests.open)
        assert bodies(await read(two, key))[-1]["state"] == "expired"
        assert (key in two.requests.open) is not (key in three.requests.open)
        assert len(await records(two, "request.expired")) == 1

    shared(place, tmp_path, story, grace=0.4)


def test_who_was_only_slow_leaves_its_requests_to_whoever_has_them(place: Place, tmp_path: Path) -> None:
    agents = [ScriptedAgent(LONG) for _ in range(2)]

    async def story(start: Start) -> None:
        one, two = [await start(agent) for agent in agents]
        key = await ask(one, "e1", deadline=3.0)
        assert isinstance(one.store, NatsStore)
        await one.store.beats.end()
        await until(lambda: key in two.requests.open)
        await until(lambda: one.requests.afar.doubted)
        assert bodies(await read(two, key))[-1]["state"] == "expired"
        await until(lambda: key not in one.requests.open)
        assert len(await records(two, "request.expired")) == 1

    shared(place, tmp_path, story, grace=0.4)


def test_who_ends_in_order_leaves_its_requests_at_once(place: Place, tmp_path: Path) -> None:
    agents: Mapping[str, ScriptedAgent] = {
        "one": ScriptedAgent(LONG),
        "two": ScriptedAgent(Done({"pieces": 1})),
    }

    async def story(start: Start) -> None:
        one, two = await start(agents["one"]), await start(agents["two"])
        key = await ask(one, "e1")
        await until(lambda: agents["one"].running)
        await one.drain(0.1, park=True)
        await one.end()
        assert bodies(await read(two, key)) == [{"pieces": 1}, {"state": "complete"}]

    shared(place, tmp_path, story)


class Held(ScriptedAgent):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__(Done({"pieces": 1}))
        self.let = asyncio.Event()

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        await self.let.wait()
        return await super().perform(action, reply)


def test_an_answer_that_comes_while_its_request_is_taken_over_is_not_missed(
    place: Place, tmp_path: Path
) -> None:
    held = Held()

    async def story(start: Start) -> None:
        slow = ScriptedAgent(LONG)
        one, two = await start(slow), await start(held)
        key = await ask(one, "e1")
        await until(lambda: slow.running)
        store, read_page = two.store, two.store.read

        async def and_then_it_answers(log: str, after: int, limit: int, wait: float) -> Page:
            page = await read_page(log, after, limit, wait)
            if not held.let.is_set():
                held.let.set()
                while not await records(two, "action.done"):
                    await asyncio.sleep(0.01)
            return page

        store.read = and_then_it_answers  # type: ignore[method-assign]
        await one.drain(0.1, park=True)
        await one.end()
        await until(held.let.is_set)
        store.read = read_page  # type: ignore[method-assign]
        assert bodies(await read(two, key)) == [{"pieces": 1}, {"state": "complete"}]

    shared(place, tmp_path, story)
