"""The agent did it, and its answer is lost on the way, through a real proxy: it is asked again under the same key."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.breaker import BreakerPolicy
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.hub import Hub
from tests.agents.cutting import Fate, cutting
from tests.agents.servers import web
from tests.figures import LOST
from tests.hub.stage import Heard, state
from tests.hub.test_failures import ONE

TIMEOUT = 2.0


@pytest.mark.parametrize("count", [pytest.param(40, id="few"), LOST.many()])
def test_an_answer_that_is_lost_halved_or_late_is_asked_for_again_under_its_key(count: int) -> None:
    fates: tuple[Fate, ...] = ("lost", "halved", "reset", "late")
    chosen: dict[str, Fate] = {}

    def fate(key: str, times: int) -> Fate:
        return chosen.setdefault(key, fates[len(chosen) % 4]) if times == 1 else "passed"

    heard = Heard()

    async def story(server: int) -> None:
        async with cutting(server, fate) as proxy:
            settings = {
                "url": f"http://127.0.0.1:{proxy.port}/",
                "private": True,
                "timeout": TIMEOUT,
                "concurrency": 16,
            }
            agent = HttpAgent("desk", settings, ".")
            made = state(ONE, {"desk": agent})
            made.agents["desk"].breaker = BreakerPolicy(failures=0)
            made.agents["desk"].retry = RetryPolicy(attempts=10, base=0.0)
            hub = Hub(made, MemoryStore(), [heard])
            await hub.start()
            for n in range(count):
                await hub.submit_json({"type": "thing.happened", "id": f"e{n}", "data": {"n": n}})
            for n in range(count):
                await hub.wait(f"e{n}", 100)
            assert await hub.drain(60) == 0
            await hub.end()
            await agent.close()
            assert proxy.fates["passed"] == count
            for one in fates:
                assert proxy.fates[one] == count // 4

    with web() as server:
        asyncio.run(story(server.port))
    done = Counter((asked.headers["idempotency-key"], asked.body) for asked in server.asked)
    assert len(done) == len({key for key, _ in done}) == count, (
        "one key for each, and the same words under it"
    )
    assert min(done.values()) >= 2, "each was done and asked for again"
    assert len(heard.what("action.done")) == count
    assert not heard.what("action.failed")
    whys = Counter(what["error"] for kind in ("action.retry", "action.timeout") for what in heard.what(kind))
    assert set(whys) == {"connection", "timeout"}
    assert whys["timeout"] >= count // 4
