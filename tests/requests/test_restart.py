"""A hub that ends with requests open goes on with them: whoever asked comes back to the same log."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from atamo_rules.builtin.agents.functions import LOADED, FunctionAgent, Value
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.requests import asking
from tests.hub.stage import Heard, state
from tests.requests.prices import DECLARED
from tests.waiting import until

TEXT = (
    DECLARED
    + """
rule cheap
  on request price.quote
  when sku is not "gold"
  do
    reply
      price: 1
rule listed
  on request price.quote
  when sku is not "gold"
  do
    ask list.price within 30 seconds as found
      sku: sku
    reply
      price: found.price
rule market
  on request price.quote
  when sku is "gold"
  do
    publish market.prices
      sku: sku
"""
)


class Life:
    """One process's hub on a folder; `gone` ends it in the middle of its work, without a word to anybody."""

    def __init__(self, folder: Path, answering: bool) -> None:
        async def price(sku: str) -> Any:
            if not answering:
                await asyncio.sleep(60)
            return {"price": 10}

        async def prices(sku: str) -> Any:
            yield Value("a", 1)
            yield LOADED
            await asyncio.sleep(0 if answering else 60)

        self.heard = Heard()
        agents = {"list": FunctionAgent(price=price), "market": FunctionAgent(prices=prices)}
        self.hub = Hub(state(TEXT, agents), SqliteStore(folder / "hub.db"), [self.heard])  # type: ignore[arg-type]
        self.hub.policy = RetryPolicy(attempts=5, base=0.0)

    async def gone(self) -> None:
        for task in list(self.hub.underway.tasks):
            task.cancel()
        await self.hub.drain(0, park=True)
        await self.hub.end()


def test_what_was_told_is_not_told_again_and_what_was_missing_comes(tmp_path: Path) -> None:
    async def story() -> None:
        first = Life(tmp_path, answering=False)
        await asking.opened(first.hub, "price.quote", {"sku": "x"}, "q", None, asking.options())
        view = await first.hub.requests.look("q")
        assert view is not None
        assert (view.request.state, [f.body for f in view.frames]) == ("partial", [{"price": 1}])
        await first.gone()
        second = Life(tmp_path, answering=True)
        await second.hub.start()
        got = [frame async for frame in second.hub.requests.stream("q", view.cursor) if frame is not None]
        assert [(f.seq, f.kind, f.body) for f in got] == [
            (2, "data", {"price": 10}), (3, "end", {"state": "complete"}),
        ]  # fmt: skip
        again = await second.hub.ask("price.quote", {"sku": "x"}, max_age=60)
        assert (again.request.source, len(again.all)) == ("q", 2)
        await second.hub.drain(5)
        await second.hub.end()
        third = Life(tmp_path, answering=True)
        await third.hub.start()
        view = await third.hub.requests.look("q")
        assert view is not None
        assert (view.request.state, len(view.frames)) == ("complete", 3)
        again = await third.hub.ask("price.quote", {"sku": "x"}, max_age=60)
        assert again.request.source == "q"
        await third.hub.drain(5)
        await third.hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_feed_is_taken_up_again_and_ends(tmp_path: Path) -> None:
    async def story() -> None:
        first = Life(tmp_path, answering=False)
        await asking.opened(first.hub, "price.quote", {"sku": "gold"}, "q", None, asking.options("feed"))
        await until(lambda: first.hub.requests.open["q"].state == "live")
        await first.gone()
        second = Life(tmp_path, answering=True)
        await second.hub.start()
        got = [frame async for frame in second.hub.requests.stream("q") if frame is not None]
        assert [(f.kind, f.agent, f.body) for f in got] == [
            ("data", "market", 1), ("data", "market", 1), ("end", "market", None),
            ("end", "", {"state": "complete"}),
        ]  # fmt: skip
        await second.hub.drain(5)
        await second.hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))
