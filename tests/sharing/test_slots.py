"""An agent has no more calls at once than it says, whoever shares them: a call keeps its slot to its end, also when the
one it was made for has left, or had what was kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.breaker import BreakerPolicy
from atamo_rules.hub.hub import Hub
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Outcome
from atamo_rules.model.types import Json
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.clock import ManualClock
from tests.hub.stage import state

TEXT = """
request price.quote
  sku: text
  answer
    price: whole
agent list
  ask price
    sku: text
    answer
      price: whole
    safe fresh 1 second stale 10 minutes
rule quote
  on request price.quote
  do
    ask list.price within 30 seconds as found
      sku: sku
    reply
      price: found.price
"""

EVENT = (
    TEXT
    + """
event asked
  sku: text
rule look
  on asked
  do
    ask list.price within 30 seconds
      sku: sku
"""
)


class Gated(ScriptedAgent):
    """One call at a time, each as long as the gate is shut."""

    def __init__(self) -> None:
        super().__init__(concurrency=1)
        self.gate = asyncio.Event()
        self.gate.set()
        self.outcome: Outcome = Done({"price": 1})

    async def perform(self, action: Action, reply: Any) -> Outcome:
        self.asked.append(action)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        return self.outcome


async def turns(held: Callable[[], bool]) -> None:
    """Let the loop turn until something holds, and then some more for what should not happen."""
    while not held():
        await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)


def test_stale_answers_are_made_anew_one_at_a_time_where_an_agent_does_one_at_a_time() -> None:
    async def story() -> None:
        agent, clock = Gated(), ManualClock()
        hub = Hub(state(TEXT, {"list": agent}), MemoryStore(clock=clock), clock=clock)
        for sku in "abc":
            await hub.ask("price.quote", {"sku": sku})
        clock.move(60)
        agent.gate.clear()
        asks = [asyncio.ensure_future(hub.ask("price.quote", {"sku": sku})) for sku in "abc"]
        await turns(lambda: agent.running > 0 and asks[0].done())
        assert (agent.most_running, hub.lane("list").running) == (1, 1)
        agent.gate.set()
        answers = await asyncio.gather(*asks)
        assert [answer.first for answer in answers] == [{"price": 1}] * 3
        await turns(lambda: len(agent.asked) == 6 and not agent.running)
        assert (agent.most_running, hub.lane("list").running) == (1, 0)
        assert await hub.drain(60) == 0

    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_call_that_goes_on_for_others_keeps_its_slot_when_the_first_leaves() -> None:
    async def story() -> None:
        agent = Gated()
        hub = Hub(state(TEXT, {"list": agent}), MemoryStore())
        agent.gate.clear()
        first, second = (
            asyncio.ensure_future(hub.ask("price.quote", {"sku": "a"}, id=id)) for id in ("q1", "q2")
        )
        await turns(lambda: len(hub.requests.open) == 2 and agent.running > 0)
        await hub.requests.cancel("q1")
        other = asyncio.ensure_future(hub.ask("price.quote", {"sku": "b"}, id="q3"))
        await turns(lambda: first.done() and "q3" in hub.requests.open)
        assert (agent.running, hub.lane("list").running) == (1, 1)
        agent.gate.set()
        assert [(await one).first for one in (second, other)] == [{"price": 1}] * 2
        assert (agent.most_running, len(agent.asked)) == (1, 2)
        await turns(lambda: not hub.lane("list").running)
        assert await hub.drain(60) == 0

    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.parametrize("looks", [1, 2], ids=["that never began", "that has just ended"])
def test_who_was_to_join_a_call_waits_for_a_slot(looks: int) -> None:
    """There is a call to join as it is decided, or also as it begins, and none any more as it gets there."""

    async def story() -> None:
        agent = Gated()
        hub = Hub(state(TEXT, {"list": agent}), MemoryStore())
        await hub.start()
        agent.gate.clear()
        lane, calls = hub.lane("list"), hub.calls
        busy = asyncio.ensure_future(hub.ask("price.quote", {"sku": "b"}, id="q0"))
        await turns(lambda: agent.running == 1)
        said = iter([True] * looks)
        calls.flights.spares = lambda key: next(said, False)  # type: ignore[method-assign]
        joiner = asyncio.ensure_future(hub.ask("price.quote", {"sku": "a"}, id="q1"))
        await turns(lambda: len(lane.behind) == 1)
        assert (agent.running, lane.running) == (1, 1)
        agent.gate.set()
        assert [(await one).first for one in (busy, joiner)] == [{"price": 1}] * 2
        assert (agent.most_running, len(agent.asked)) == (1, 2)
        await turns(lambda: not lane.running)
        assert (lane.tokens.aside, await hub.drain(5)) == (0, 0)

    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_call_that_makes_a_stale_answer_anew_is_told_to_the_breaker() -> None:
    async def story() -> None:
        agent, clock = Gated(), ManualClock()
        generation = state(TEXT, {"list": agent})
        generation.agents["list"].breaker = BreakerPolicy(failures=1, pause=60)
        hub = Hub(generation, MemoryStore(clock=clock), clock=clock)
        await hub.ask("price.quote", {"sku": "a"})
        clock.move(60)
        agent.outcome = Again("down")
        assert (await hub.ask("price.quote", {"sku": "a"})).first == {"price": 1}
        await turns(lambda: len(agent.asked) == 2 and not agent.running)
        assert hub.lane("list").breaker.open
        assert await hub.drain(60) == 0

    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_message_that_comes_many_times_in_one_turn_gives_back_no_more_slots_than_it_took() -> None:
    async def story() -> None:
        agent = Gated()
        hub = Hub(state(EVENT, {"list": agent}), MemoryStore())
        for id in ("e1", "e1", "e2"):  # new, known, and new again, while the answer is fresh
            message: Json = {"type": "asked", "id": id, "data": {"sku": id}}
            taken = await asyncio.gather(*(hub.submit_json(message) for _ in range(5)))
            assert sum(known for _, known in taken) >= 4
        assert await hub.drain(5) == 0
        lane = hub.lane("list")
        assert (lane.running, lane.reserved, lane.tokens.aside) == (0, 0, 0)
        assert (hub.calls.free, hub.calls.keys, hub.calls.begun) == ({}, {}, {})
        assert agent.most_running == 1
        await hub.end()

    asyncio.run(asyncio.wait_for(story(), 20))
