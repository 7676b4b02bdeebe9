"""Whole hubs that share a store: one does what another took, and each hears how its own ended elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.hub.hub import Hub
from atamo_rules.model.outcome import Outcome
from atamo_rules.model.work import Hold, Kept, Lease, Selector
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state

RULES = """
event order.placed
  order: text
agent desk
  send note
    order: text
rule told
  on order.placed
  do
    send desk.note
      order: order
"""
LONG = 600


def together(
    place: Place, folder: Path, agents: tuple[ScriptedAgent, ScriptedAgent],
    story: Callable[[Hub, Hub], Coroutine[Any, Any, None]],
) -> None:  # fmt: skip
    """Tell a story of two hubs, each with an agent of its own under the same name."""

    async def whole() -> None:
        hubs = [Hub(state(RULES, {"desk": agent}), NatsStore(place, folder), [Heard()]) for agent in agents]
        for hub in hubs:
            await hub.start()
        try:
            async with asyncio.timeout(30):
                await story(*hubs)
        finally:
            for hub in hubs:
                await hub.drain(0.1, park=True)
                await hub.end()

    asyncio.run(whole())


async def until(there: Callable[[], object]) -> None:
    while not there():
        await asyncio.sleep(0.01)


def test_what_one_has_no_room_for_the_other_does_and_the_first_hears_of_it(
    place: Place, tmp_path: Path
) -> None:
    slow, quick = ScriptedAgent(LONG, concurrency=1), ScriptedAgent()

    async def story(one: Hub, two: Hub) -> None:
        await one.submit_json({"order": "1"}, type_name="order.placed", key="e1")
        await until(lambda: slow.asked)
        ending = one.underway.ending("e2")
        await one.submit_json({"order": "2"}, type_name="order.placed", key="e2")
        await ending.wait()
        assert [action.body for action in quick.asked] == [{"order": "2"}]
        assert ((await one.store.told("e2")) or {})["state"] == "finished"

    together(place, tmp_path, (slow, quick), story)


def test_what_is_cancelled_anywhere_stops_where_it_runs(place: Place, tmp_path: Path) -> None:
    slow, other = ScriptedAgent(LONG), ScriptedAgent()

    async def story(one: Hub, two: Hub) -> None:
        await one.submit_json({"order": "1"}, type_name="order.placed", key="e1")
        await until(lambda: slow.running)
        assert await two.cancel(Selector(event="e1"), "ann") == 1
        await until(lambda: not slow.running)
        assert other.asked == []

    together(place, tmp_path, (slow, other), story)


def test_what_is_paused_anywhere_begins_nowhere(place: Place, tmp_path: Path) -> None:
    agents = ScriptedAgent(), ScriptedAgent()

    async def story(one: Hub, two: Hub) -> None:
        await two.pause(Hold("agent", "desk"), "ann")
        await one.submit_json({"order": "1"}, type_name="order.placed", key="e1")
        assert (await one.store.depth()).waiting + (await one.store.depth()).held == 1
        await two.resume(Hold("agent", "desk"), "ann")
        await until(lambda: agents[0].asked or agents[1].asked)
        assert len(agents[0].asked) + len(agents[1].asked) == 1

    together(place, tmp_path, agents, story)


def test_what_ends_in_one_turn_is_settled_together(place: Place, tmp_path: Path) -> None:
    agents = ScriptedAgent(concurrency=20), ScriptedAgent(concurrency=20)

    async def story(one: Hub, two: Hub) -> None:
        sizes: list[int] = []
        settle_all = one.store.settle_all

        async def counted(ended: Sequence[tuple[Lease, Outcome]]) -> list[Kept | None]:
            sizes.append(len(ended))
            return await settle_all(ended)

        one.store.settle_all = counted  # type: ignore[method-assign]
        endings = [one.underway.ending(f"e{number}") for number in range(20)]
        await asyncio.gather(
            *(
                one.submit_json({"order": "1"}, type_name="order.placed", key=f"e{number}")
                for number in range(20)
            )
        )
        for ending in endings:
            await ending.wait()
        assert len(agents[0].asked) + len(agents[1].asked) == 20
        assert max(sizes) > 1

    together(place, tmp_path, agents, story)
