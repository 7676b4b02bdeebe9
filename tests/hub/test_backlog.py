"""An agent is dead while thousands stand in line for it, and comes back: what it is asked meanwhile, and how evenly
afterwards, under virtual time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.breaker import BreakerPolicy
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Outcome
from tests.figures import IN_LINE
from tests.hub.stage import Heard, state
from tests.hub.test_failures import ONE
from tests.simulation.time import VirtualClock, VirtualLoop

DEAD = 600.0
MOMENT = 0.001
TAKES = 0.05
BUCKET = 0.1
FEW = 1000


class Desk:
    """Fails at once until it is back, and then takes its time for each."""

    settings_schema: ClassVar[dict[str, Any]] = {"type": "object"}
    timeout = 5.0

    def __init__(self, clock: VirtualClock, dead: float, concurrency: int) -> None:
        self.clock = clock
        self.back = clock.passed() + dead
        self.concurrency = concurrency
        self.asked: list[float] = []
        self.failed = 0
        self.running = self.most = 0

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        self.asked.append(self.clock.passed())
        if self.clock.passed() < self.back:
            self.failed += 1
            return Again("down")
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(TAKES)
        self.running -= 1
        return Done({})

    async def close(self) -> None:
        return None

    def fullest(self, begin: float, end: float) -> float:
        """How many times the mean came in the fullest tenth of a second between two times."""
        buckets = Counter(int((at - begin) / BUCKET) for at in self.asked if begin <= at < end)
        return max(buckets.values()) / (buckets.total() / ((end - begin) / BUCKET))


def line(
    count: int, desk: Desk, breaker: BreakerPolicy, retry: RetryPolicy, chance: Callable[[], float]
) -> list[str]:
    """Send so many messages at one moment and wait until all are over; gives the kinds of what was audited."""
    loop = VirtualLoop(desk.clock)

    async def story() -> list[str]:
        made = state(ONE, {"desk": desk})
        made.agents["desk"].breaker, made.agents["desk"].retry = breaker, retry
        heard = Heard()
        hub = Hub(made, MemoryStore(clock=desk.clock), [heard], clock=desk.clock, chance=chance)
        await hub.start()
        for n in range(count):
            await hub.submit_json({"type": "thing.happened", "id": f"e{n}", "data": {"n": n}})
        for n in range(count):
            await hub.wait(f"e{n}", 1e6)
        await hub.drain(5, park=True)
        await hub.end()
        return heard.kinds()

    try:
        return loop.run_until_complete(story())
    finally:
        loop.kill()


@pytest.mark.parametrize("count", [pytest.param(FEW, id="few"), IN_LINE.many(300)])
def test_a_dead_agent_is_asked_now_and_then_and_afterwards_no_more_than_it_can_do(count: int) -> None:
    desk = Desk(VirtualClock(), DEAD, concurrency=4)
    kinds = line(count, desk, BreakerPolicy(), RetryPolicy(attempts=30), random.Random(1).random)
    assert kinds.count("action.done") == count
    assert kinds.count("action.failed") == 0
    assert desk.failed <= 10 + 20, "ten to open it, and then one after each pause, up to a minute"
    assert kinds.count("breaker.opened") == kinds.count("breaker.closed") == 1
    assert desk.most == 4
    served = [at for at in desk.asked if at >= desk.back]
    assert served[1] >= served[0] + TAKES, "one shows that it is back before the others come"
    assert desk.fullest(served[1], served[-1]) <= 3


@pytest.mark.parametrize("count", [pytest.param(FEW, id="few"), IN_LINE.many(300)])
def test_those_that_failed_at_one_moment_come_back_evenly(count: int) -> None:
    """Without a breaker, and all at once: their jitter alone keeps them apart."""
    policy = RetryPolicy(attempts=3, base=10.0)

    def fullest(chance: Callable[[], float]) -> float:
        desk = Desk(VirtualClock(), MOMENT, concurrency=count)
        begin = desk.back
        kinds = line(count, desk, BreakerPolicy(failures=0), policy, chance)
        assert kinds.count("action.done") == count
        assert desk.failed >= count, "each failed at first"
        return desk.fullest(begin, begin + policy.base)

    assert fullest(random.Random(1).random) <= 3
    assert fullest(lambda: 0.5) > 50, "without jitter they would come in one moment"
