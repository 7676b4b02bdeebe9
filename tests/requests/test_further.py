"""What became of requests after their beginning is known to the next process too: rules that went on, answers that are
no longer kept. And who waits for a feed keeps it alive."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from atamo_rules.builtin.agents.functions import LOADED, FunctionAgent, Value
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.requests import asking
from atamo_rules.hub.requests.live import BUCKET
from tests.hub.stage import state
from tests.hub.test_recovery import Left
from tests.requests.prices import DECLARED
from tests.simulation.time import VirtualClock, VirtualLoop
from tests.waiting import until

TEXT = (
    DECLARED
    + """
rule handed_on
  on request price.quote
  when sku is "gold"
  do
    ask list.price within 30 seconds
      sku: sku
    publish market.prices
      sku: sku
rule twice
  on request price.quote
  when sku is "iron"
  do
    ask list.price within 30 seconds
      sku: "first"
    ask list.price within 30 seconds as found
      sku: "second"
    reply
      price: found.price
"""
)


class Shop:
    """Agents that answer, but for what is held back."""

    def __init__(self, *held: str) -> None:
        self.held = set(held)
        self.asked: list[str] = []
        self.agents: Any = {
            "list": FunctionAgent(price=self.price),
            "market": FunctionAgent(prices=self.prices),
        }

    async def price(self, sku: str) -> Any:
        self.asked.append(sku)
        if sku in self.held:
            await asyncio.sleep(60)
        return {"price": 10}

    async def prices(self, sku: str) -> Any:
        if "prices" in self.held:
            await asyncio.sleep(60)
        yield Value("a", 1)


def test_an_agent_that_a_rule_let_answer_when_it_went_on_is_still_expected(tmp_path: Path) -> None:
    async def story() -> None:
        left = Left(tmp_path)
        hub = left.start(TEXT, Shop("prices").agents)
        key = await asking.opened(hub, "price.quote", {"sku": "gold"}, "q", None, asking.options())
        await until(lambda: len(hub.requests.open[key].parts) == 2)
        await left.kill()
        hub = left.start(TEXT, Shop().agents)
        await hub.start()
        got = [frame async for frame in hub.requests.stream("q") if frame is not None]
        assert [(f.kind, f.agent, f.body) for f in got] == [
            ("data", "market", 1), ("end", "", {"state": "complete"}),
        ]  # fmt: skip
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_what_a_rule_asks_by_now_is_stopped_with_its_request(tmp_path: Path) -> None:
    async def story() -> None:
        left, shop = Left(tmp_path), Shop("second")
        hub = left.start(TEXT, shop.agents)
        await asking.opened(hub, "price.quote", {"sku": "iron"}, "q", None, asking.options())
        await until(lambda: shop.asked == ["first", "second"])
        await left.kill()
        shop = Shop("second")
        hub = left.start(TEXT, shop.agents)
        await hub.start()
        await until(lambda: shop.asked == ["second"])
        await hub.requests.cancel("q")
        await hub.wait("q", 60)
        told: Any = await hub.store.told("q")
        assert [line["state"] for line in told["actions"]] == ["done", "cancelled"]
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_answers_that_were_kept_until_some_time_between_two_processes_are_forgotten(tmp_path: Path) -> None:
    async def story() -> None:
        left = Left(tmp_path)
        hub = left.start(TEXT, Shop().agents)
        await hub.ask("price.quote", {"sku": "iron"}, id="q", retain=0.5)
        await left.kill()
        await asyncio.sleep(0.6)
        hub = left.start(TEXT, Shop().agents)
        await hub.start()
        await until(lambda: "q" in hub.requests.forgetting.tombstones)
        view = await hub.requests.look("q")
        assert view is not None
        assert (view.request.state, view.request.forgotten, view.frames, view.had) == (
            "complete",
            True,
            (),
            2,
        )
        entry = await hub.store.get(BUCKET, "q")
        assert entry is not None
        assert entry.value["forgotten"] is True  # type: ignore[call-overload, index]
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_feed_goes_on_for_who_waits_however_seldom_something_comes() -> None:
    async def prices(sku: str) -> Any:
        yield Value("a", 1)
        yield LOADED
        await asyncio.sleep(1000)
        yield Value("a", 2)

    clock = VirtualClock()
    loop = VirtualLoop(clock)
    market: Any = FunctionAgent(prices=prices)
    text = TEXT.replace("ask list.price within 30 seconds\n      sku: sku\n    publish", "publish")

    async def story() -> None:
        hub = Hub(state(text, {"market": market, "list": market}), MemoryStore(clock=clock), clock=clock)
        frames = hub.request("price.quote", {"sku": "gold"}, mode="feed", keep_alive=4)
        got = [frame.body async for frame in frames if frame.kind != "end"]
        assert got == [1, 2]
        assert await hub.drain(60) == 0
        await hub.end()

    try:
        loop.run_until_complete(story())
    finally:
        loop.kill()


def test_a_feed_that_nobody_reads_ends_and_a_second_reader_keeps_it() -> None:
    async def prices(sku: str) -> Any:
        yield Value("a", 1)
        yield LOADED
        for number in range(2, 1000):
            await asyncio.sleep(0.05)
            yield Value("a", number)

    clock = VirtualClock()
    loop = VirtualLoop(clock)
    market: Any = FunctionAgent(prices=prices)
    text = TEXT.replace("ask list.price within 30 seconds\n      sku: sku\n    publish", "publish")

    async def story() -> None:
        hub = Hub(state(text, {"market": market, "list": market}), MemoryStore(clock=clock), clock=clock)
        how = asking.options("feed", keep_alive=1.0)
        key = await asking.opened(hub, "price.quote", {"sku": "gold"}, "q", None, how)
        cursor = 0
        for _ in range(6):
            await asyncio.sleep(0.9)
            view = await hub.requests.look(key, cursor)
            assert view is not None
            assert view.request.state == "live"
            assert view.cursor > cursor
            cursor = view.cursor
        await asyncio.sleep(1.1)
        request = await hub.requests.find(key)
        assert request is not None
        assert (request.state, request.why) == ("expired", "nobody read for 1 seconds")
        assert await hub.drain(60) == 0
        await hub.end()

    try:
        loop.run_until_complete(story())
    finally:
        loop.kill()


def test_who_goes_away_while_a_request_is_opened_leaves_none_behind() -> None:
    """At whichever turn of the loop: it was not opened, or is ended again."""

    async def story() -> None:
        hub = Hub(state(TEXT, Shop("gold").agents), MemoryStore())
        await hub.start()
        for turns in range(40):
            asks = asyncio.ensure_future(hub.ask("price.quote", {"sku": "gold"}, id=f"q{turns}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            asks.cancel()
            await asyncio.wait({asks})
        await until(lambda: all(request.over for request in hub.requests.open.values()))
        ends = {request.state for request in hub.requests.open.values()}
        assert ends <= {"complete", "cancelled"}
        assert "cancelled" in ends
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_two_who_ask_by_one_id_wait_for_one_request_and_it_ends_with_the_last() -> None:
    async def story() -> None:
        shop, gate = Shop(), asyncio.Event()

        async def price(sku: str) -> Any:
            shop.asked.append(sku)
            await gate.wait()
            return {"price": 10}

        agents = {**shop.agents, "list": FunctionAgent(price=price)}
        hub = Hub(state(TEXT, agents), MemoryStore())
        ask = [asyncio.ensure_future(hub.ask("price.quote", {"sku": "iron"}, id="q")) for _ in range(3)]
        await until(lambda: hub.requests.asking["q"] == 3)
        ask[0].cancel()
        await asyncio.wait({ask[0]})
        gate.set()
        assert [(await one).first for one in ask[1:]] == [{"price": 10}] * 2
        assert not hub.requests.asking
        assert shop.asked == ["first", "second"]
        assert await hub.drain(60) == 0
        await hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))
