"""Rules about time where hubs share a store: each counts by itself, which is said; a schedule is everybody's."""

from __future__ import annotations

import asyncio
from pathlib import Path

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.hub.agents.limits import limits_of
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.windows.keeping import BUCKET
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state
from tests.nats.test_hubs import until
from tests.nats.test_joining import Start, lose, records, shared

EVENTS = """
event order.placed
  order: text
event order.paid
  order: text
agent desk
  send note
    text: text
"""
UNPAID = (
    EVENTS
    + """
rule unpaid
  on order.placed as o without order.paid within 2 seconds by order
  do
    send desk.note
      text: "unpaid {{ o.order }}"
"""
)
BOTH = (
    UNPAID.replace("2 seconds", "30 minutes")
    + """
event seat.held
  order: text
event seat.bought
  order: text
rule unbought
  on seat.held as s without seat.bought within 2 seconds by order
  do
    send desk.note
      text: "unbought {{ s.order }}"
"""
)
HOURLY = (
    EVENTS
    + """
rule beat
  every 1 second
  do
    send desk.note
      text: "tick"
"""
)


async def tell(hub: Hub, type: str, id: str, order: str = "1") -> None:
    await hub.submit_json({"order": order}, type_name=type, key=id)


def test_who_joins_ends_no_wait_of_a_hub_that_lives(place: Place, tmp_path: Path) -> None:
    agents = ScriptedAgent(), ScriptedAgent()

    async def story(start: Start) -> None:
        one = await start(agents[0])
        await tell(one, "order.placed", "e1")
        await tell(one, "seat.held", "e2", "2")
        two = await start(agents[1])
        await tell(one, "order.paid", "e3")
        await until(lambda: agents[0].asked or agents[1].asked)
        await until(lambda: two.windows.book.next() is None and one.windows.book.next() is None)
        assert [one.body for agent in agents for one in agent.asked] == [{"text": "unbought 2"}]

    shared(place, tmp_path, story, BOTH, "desk")


def test_a_wait_of_a_hub_that_is_lost_ends_once_at_another(place: Place, tmp_path: Path) -> None:
    agents = [ScriptedAgent() for _ in range(3)]

    async def story(start: Start) -> None:
        hubs = [await start(agent) for agent in agents]
        await tell(hubs[0], "order.placed", "e1")
        await until(lambda: hubs[0].windows.book.next() is not None)
        await lose(hubs[0])
        await until(lambda: agents[1].asked or agents[2].asked)
        assert [one.body for agent in agents for one in agent.asked] == [{"text": "unpaid 1"}]
        while await hubs[1].store.entries(BUCKET):
            await asyncio.sleep(0.01)
        assert len(await records(hubs[1], "action.done")) <= 1

    shared(place, tmp_path, story, UNPAID, "desk", grace=0.4)


def test_each_moment_of_a_schedule_is_one_event(place: Place, tmp_path: Path) -> None:
    agents = ScriptedAgent(), ScriptedAgent()

    async def story(start: Start) -> None:
        one, two = await start(agents[0]), await start(agents[1])
        while len(await records(one, "event.finished")) < 2:
            await asyncio.sleep(0.05)
        for hub in (one, two):  # while a moment is decided, the next is not known yet
            await until(lambda hub=hub: hub.windows.book.next() is not None)  # type: ignore[misc]
        events = [record.event for record in await records(one, "event.accepted")]
        assert len(events) == len(set(events))
        done = [record.event for record in await records(one, "action.done")]
        assert len(done) == len(set(done))

    shared(place, tmp_path, story, HOURLY, "desk")


def test_a_schedule_goes_on_where_all_hubs_had_ended(place: Place, tmp_path: Path) -> None:
    async def story(start: Start) -> None:
        one = await start(ScriptedAgent())
        before = one.windows.book.next()
        while not await one.store.entries(BUCKET):
            await asyncio.sleep(0.01)
        await lose(one)
        two = await start(ScriptedAgent())
        assert before is not None
        while (due := two.windows.book.next()) is None or due <= before:
            await asyncio.sleep(0.05)
        assert len(await records(two, "event.accepted")) >= 1

    shared(place, tmp_path, story, HOURLY, "desk")


def test_rules_that_count_what_one_hub_took_are_named_at_each_activation(
    place: Place, tmp_path: Path
) -> None:
    async def whole() -> None:
        said: list[Alert] = []
        agent = ScriptedAgent()
        hub = Hub(state(UNPAID, {"desk": agent}), NatsStore(place, tmp_path), [Heard()], alarm=said.append)
        await hub.start()
        assert [one.kind for one in said] == ["windows"]
        assert said[0].message.startswith("`unpaid` counts and waits by the events that one hub took")
        await hub.activate(state(HOURLY, {"desk": agent}))
        assert [one.message for one in said if "by the events that one hub" in one.message] == [
            said[0].message
        ]
        await hub.activate(state(UNPAID, {"desk": agent}))
        assert len([one for one in said if "by the events that one hub" in one.message]) == 2
        await hub.drain(0.1, park=True)
        await hub.end()

    asyncio.run(whole())


def test_limits_that_each_hub_keeps_by_itself_are_named_at_each_activation(
    place: Place, tmp_path: Path
) -> None:
    async def whole() -> None:
        said: list[Alert] = []
        agent = ScriptedAgent()
        limited, without = state(HOURLY, {"desk": agent}), state(HOURLY, {"desk": agent})
        limited.agents["desk"].limits = limits_of({"rate": "1 per minute"})
        hub = Hub(limited, NatsStore(place, tmp_path), [Heard()], alarm=said.append)
        await hub.start()
        assert [one.message.partition(",")[0] for one in said if one.kind == "limits"] == [
            "`desk` has `limits`"
        ]
        await hub.activate(without)
        assert len([one for one in said if one.kind == "limits"]) == 1
        await hub.activate(limited)
        assert len([one for one in said if one.kind == "limits"]) == 2
        await hub.drain(0.1, park=True)
        await hub.end()

    asyncio.run(whole())
