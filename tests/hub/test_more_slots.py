"""Rules that are edited while agents are busy: what an agent may do at once from here on, it does."""

from __future__ import annotations

import asyncio

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.hub import Hub
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import state
from tests.hub.test_starting import DESK, seen


def test_what_is_in_line_begins_when_its_agent_may_do_more_at_once() -> None:
    async def story() -> None:
        slow, more = ScriptedAgent(600.0, timeout=900, concurrency=1), ScriptedAgent(600.0, concurrency=3)
        hub = Hub(state(DESK, {"desk": slow}), MemoryStore())
        for number in range(4):
            await seen(hub, f"e{number}")
        while not slow.running:
            await asyncio.sleep(0.01)
        hub.swap(state(DESK, {"desk": more}))
        while slow.running + more.running < 3:  # under the rules it began with each
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert slow.running + more.running == 3
        await hub.drain(0)

    asyncio.run(asyncio.wait_for(story(), 20))
