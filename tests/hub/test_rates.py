"""An agent with a rate, under virtual time: never called more often than it says, and no less than it may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.breaker import BreakerPolicy
from atamo_rules.hub.agents.limits import Limits, elsewhere, limits_of, unsound
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.hub import Hub
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Outcome
from atamo_rules.model.work import Hold, Selector
from atamo_rules.testing.agents import ScriptedAgent, Step
from tests.hub.stage import Heard, state
from tests.hub.test_failures import ONE
from tests.properties.test_bucket import most
from tests.sharing.test_slots import TEXT as QUOTES
from tests.simulation.time import VirtualClock, VirtualLoop


class Desk(ScriptedAgent):
    """Remembers when it was called."""

    def __init__(self, clock: VirtualClock, *script: Step, concurrency: int = 16) -> None:
        super().__init__(*script, concurrency=concurrency)
        self.clock = clock
        self.calls: list[float] = []

    async def perform(self, action: Action, reply: Any) -> Outcome:
        self.calls.append(self.clock.passed())
        return await super().perform(action, reply)


class Slow(MemoryStore):
    """Takes a while to lease, as a disk does, and counts how often it is asked."""

    asked = 0

    async def claim(self, *args: Any) -> Any:
        self.asked += 1
        leases = await super().claim(*args)
        if leases:
            await asyncio.sleep(0.003)
        return leases


class Scene:
    """A hub whose `desk` has limits."""

    def __init__(self, clock: VirtualClock, agent: Desk, text: str = ONE, **limits: Any) -> None:
        self.clock, self.agent, self.heard, self.text = clock, agent, Heard(), text
        self.store = Slow(clock=clock)
        self.hub = Hub(self.state(**limits), self.store, [self.heard], clock=clock, chance=lambda: 0.5)

    def state(self, **limits: Any) -> Any:
        made = state(self.text, {"desk": self.agent, "list": self.agent})
        for name in ("desk", "list"):
            made.agents[name].limits = limits_of(limits)
        return made

    async def send(self, count: int, first: int = 0) -> None:
        for n in range(first, first + count):
            await self.hub.submit_json({"type": "thing.happened", "id": f"e{n}", "data": {"n": n}})

    async def over(self, count: int) -> None:
        for n in range(count):
            await self.hub.wait(f"e{n}", 1e6)

    def left(self) -> float:
        """Tokens that nobody has put aside."""
        tokens = self.hub.lane("desk").tokens
        assert tokens.bucket is not None
        return tokens.bucket.tokens(self.clock.passed()) - tokens.aside


def play(story: Callable[[VirtualClock], Coroutine[Any, Any, None]]) -> None:
    clock = VirtualClock()
    loop = VirtualLoop(clock)
    try:
        loop.run_until_complete(story(clock))
    finally:
        loop.kill()


@pytest.mark.parametrize(
    ("rate", "burst"), [("20 per second", 1), ("200 per second", 5), ("3 per minute", 1)]
)
def test_a_line_is_served_as_fast_as_the_rate_allows_and_never_faster(rate: str, burst: int) -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock, 0.02)
        scene = Scene(clock, agent, rate=rate, burst=burst)
        await scene.send(200)
        await scene.over(200)
        each = limits_of({"rate": rate, "burst": burst})
        assert each.rate is not None
        assert len(agent.calls) == 200
        assert most(agent.calls, each.rate, burst) < 1e-6
        # As fast as it may be: the disk takes three thousandths for each lease, which costs no token.
        assert agent.calls[-1] - agent.calls[0] <= 199 * each.rate.each * 1.001
        assert [action.body["n"] for action in agent.asked] == list(range(200))  # type: ignore[index, call-overload]
        assert {what["attempt"] for what in scene.heard.what("action.started")} == {1}
        assert scene.store.asked <= 2 * 200 + 5, "it is asked when there may be something, not now and then"
        waits = scene.hub.meter.rate_waits.values[("desk",)]
        assert sum(waits.counts) >= 180
        assert waits.total == pytest.approx(sum(agent.calls) - 200 * agent.calls[0], rel=0.15, abs=10)
        assert await scene.hub.drain(60) == 0

    play(story)


def test_a_burst_may_come_after_some_quiet_and_not_at_the_start() -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock)
        scene = Scene(clock, agent, rate="1 per 10 seconds", burst=4)
        begin = clock.passed()
        await scene.send(2)
        await scene.over(2)
        assert [round(at - begin, 3) for at in agent.calls] == [0.0, 10.0]
        await asyncio.sleep(1000)
        again = clock.passed()
        await scene.send(6, first=2)
        await scene.over(8)
        assert [round(at - again, 1) for at in agent.calls[2:]] == [0.0, 0.0, 0.0, 0.0, 10.0, 20.0]
        assert await scene.hub.drain(60) == 0

    play(story)


def test_at_once_takes_the_place_of_the_plug_ins_own_number() -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock, 1.0, concurrency=16)
        scene = Scene(clock, agent, at_once=3)
        await scene.send(9)
        await scene.over(9)
        assert (agent.most_running, round(clock.passed() - agent.calls[0], 1)) == (3, 3.0)
        more = Desk(clock, 1.0, concurrency=1)
        scene = Scene(clock, more, at_once=5)
        await scene.send(5)
        await scene.over(5)
        assert more.most_running == 5

    play(story)


def test_no_attempt_and_no_retry_is_spent_by_waiting() -> None:
    """What fails goes into the line again; it is given up after its attempts, however long it stood there."""

    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock, Again("busy"))
        scene = Scene(clock, agent, rate="1 per minute")
        for bound in scene.hub.current.agents.values():
            bound.retry, bound.breaker = RetryPolicy(attempts=3), BreakerPolicy(failures=0)
        await scene.send(10)
        await scene.over(10)
        assert len(agent.calls) == 30
        assert len(scene.heard.what("action.failed")) == 10
        assert not scene.heard.what("action.lost")
        assert round(agent.calls[-1] - agent.calls[0]) == 29 * 60
        assert await scene.hub.drain(60) == 0

    play(story)


def test_a_dead_agent_with_a_rate_comes_back_at_that_rate() -> None:
    async def story(clock: VirtualClock) -> None:
        back = clock.passed() + 300
        agent = Desk(clock, lambda action: Again("down") if clock.passed() < back else Done({}))
        scene = Scene(clock, agent, rate="10 per second", burst=2)
        for bound in scene.hub.current.agents.values():
            bound.retry = RetryPolicy(attempts=30)
        await scene.send(300)
        await scene.over(300)
        rate = scene.hub.current.agents["desk"].limits.rate
        assert most(agent.calls, rate, 2) < 1e-6
        served = [at for at in agent.calls if at >= back]
        assert served[-1] - served[0] <= (len(served) - 1) * rate.each * 1.001
        kinds = scene.heard.kinds()
        assert kinds.count("breaker.opened") == kinds.count("breaker.closed") == 1
        assert kinds.count("action.done") == 300
        assert await scene.hub.drain(60) == 0

    play(story)


def test_what_is_paused_or_cancelled_costs_no_token() -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock)
        scene = Scene(clock, agent, rate="1 per 10 seconds", burst=3)
        await scene.hub.start()
        await asyncio.sleep(100)
        assert scene.left() == 3
        await scene.hub.pause(Hold("agent", "desk"))
        await scene.send(5)
        await asyncio.sleep(100)
        assert (agent.calls, scene.left()) == ([], 3)
        await scene.hub.resume(Hold("agent", "desk"))
        begin = clock.passed()
        await asyncio.sleep(15)
        assert [round(at - begin) for at in agent.calls] == [0, 0, 0, 10]
        assert await scene.hub.cancel(Selector(agent="desk")) == 1
        await asyncio.sleep(100)
        assert (len(agent.calls), scene.left()) == (4, 3)
        assert await scene.hub.drain(60) == 0

    play(story)


def test_one_that_is_cancelled_as_its_token_comes_leaves_it_to_the_next() -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock)
        scene = Scene(clock, agent, rate="1 per 10 seconds")
        await scene.send(3)
        begin = clock.passed()
        await asyncio.sleep(9.98)  # it was leased ahead of its token
        assert (len(agent.calls), scene.hub.lane("desk").running) == (1, 1)
        assert await scene.hub.cancel(Selector(event="e1")) == 1
        await scene.over(3)
        assert [round(at - begin, 3) for at in agent.calls] == [0.0, 10.0]
        assert [action.body["n"] for action in agent.asked] == [0, 2]  # type: ignore[index, call-overload]
        assert await scene.hub.drain(60) == 0

    play(story)


def test_an_answer_that_is_shared_costs_no_token() -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock, lambda action: Done({"price": 1}))
        scene = Scene(clock, agent, QUOTES.replace("1 second", "1 hour"), rate="1 per hour", burst=2)
        await scene.hub.ask("price.quote", {"sku": "a"})
        lane = scene.hub.lane("list")
        assert lane.tokens.bucket is not None
        for _ in range(50):
            assert (await scene.hub.ask("price.quote", {"sku": "a"})).first == {"price": 1}
        assert (len(agent.calls), lane.tokens.aside) == (1, 0)
        assert lane.tokens.bucket.tokens(clock.passed()) < 0.1
        # One that stands in line, and whose answer is there by then, gives its token back.
        await asyncio.sleep(3600)
        both = [asyncio.ensure_future(scene.hub.ask("price.quote", {"sku": sku})) for sku in "bcb"]
        await asyncio.gather(*both)
        assert len(agent.calls) <= 3
        assert lane.tokens.aside == 0
        assert await scene.hub.drain(60) == 0

    play(story)


def test_other_rules_bring_another_rate_for_those_in_line() -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock)
        scene = Scene(clock, agent, rate="1 per hour")
        await scene.send(30)
        await asyncio.sleep(60)
        assert len(agent.calls) == 1
        scene.hub.swap(scene.state(rate="1 per second"))
        begin = clock.passed()
        await asyncio.sleep(9.5)
        assert 9 <= len(agent.calls) - 1 <= 10
        assert round(agent.calls[1] - begin, 2) <= 1.0
        scene.hub.swap(scene.state())
        await scene.over(30)
        assert clock.passed() - begin < 10
        assert await scene.hub.drain(60) == 0

    play(story)


def test_at_its_end_a_hub_leaves_the_line_to_the_next() -> None:
    async def story(clock: VirtualClock) -> None:
        agent = Desk(clock)
        scene = Scene(clock, agent, rate="1 per hour")
        await scene.send(5)
        await asyncio.sleep(3599.97)  # one is leased, and waits for its token
        assert scene.hub.lane("desk").running == 1
        before = clock.passed()
        assert await scene.hub.drain(20, park=True) == 4
        assert clock.passed() - before < 1
        assert len(agent.calls) == 1

    play(story)


def test_limits_that_were_left_out_are_the_plug_ins() -> None:
    assert limits_of(None) == Limits()
    assert limits_of({"rate": "20 per 10 seconds"}).rate is not None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("100/m", "100 per minute"), ("5r/s", "5 per second"), ("10 per 1s", "10 per second"),
        ("60rpm", "60 per minute"),
        ("10 in 5 minutes", "10 per 5 minutes"), ("2/second", "2 per second"), ("1000/h", "1000 per hour"),
        ("7 calls every day", "7 per day"), ("5 Requests / 10 Seconds", "5 per 10 seconds"),
    ],
)  # fmt: skip
def test_what_others_write_for_a_rate_is_answered_with_what_is_written_here(written: str, meant: str) -> None:
    ((said, remedy),) = unsound({"rate": written})
    assert (said, remedy) == (f"`limits.rate`: `{written}` is no rate", f'write `rate: "{meant}"`')
    assert not unsound({"rate": meant})
    assert elsewhere("rate_limit", written) == f'write `limits: {{ rate: "{meant}" }}`'


def test_what_others_call_a_limit_is_known_and_nothing_else() -> None:
    assert elsewhere("requests_per_second", 5) == 'write `limits: { rate: "5 per second" }`'
    assert elsewhere("rateLimit", {"limit": 10}) == 'write `limits: { rate: "100 per minute" }`'
    assert elsewhere("max-in-flight", 3) == "write `limits: { at_once: 3 }`"
    assert elsewhere("concurrency", "many") == "write `limits: { at_once: 4 }`"
    assert elsewhere("url", "https://a.example") is elsewhere("timeout", 5) is None


@pytest.mark.parametrize(
    "written", ["0 per second", "10 per 0 seconds", "often", "", "1e9 per second", "-1 per second"]
)
def test_what_is_no_rate_is_refused(written: str) -> None:
    ((said, remedy),) = unsound({"rate": written})
    assert said.endswith("is no rate")
    assert remedy
