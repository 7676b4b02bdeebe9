"""A hub ends at each of its calls to the server, before it is sent and after it was: what the next finds is all of a
transaction or nothing of it, and the same story told again comes to the same end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.work import Following, Hold, Selector
from atamo_rules.testing.store_stage import Stage, event

ALL = Selector()
CALLS = 16


async def story(stage: Stage) -> None:
    """What a hub does with one event, in the order of its calls; told again, it goes on where it is."""
    store = stage.store
    await stage.accept("e1", stage.work("a1"), stage.work("a2"), stage.work("a3", agent="other"))
    await store.accept([stage.arrival(event("e2"))])
    await store.record(event("e2"), stage.decided(event="/test#e2"))
    for outcome in (Again("busy", 0.0), Done(1), Done(2)):
        for lease in await stage.claim(1):
            child = stage.arrival(event("c1", "rule:r"), stage.decided(event="rule:r#c1"))
            frame = Frame("/test#e1", "data", lease.work.action.id)
            following = (
                Following(arrivals=(child,), frames=(frame,)) if isinstance(outcome, Done) else Following()
            )
            await store.settle(lease, outcome, following)
    for lease in await stage.claim(1, "other"):
        await store.settle(lease, Failed("no", "http 410"))
    await store.redrive(ALL, 99)
    await store.pause(Hold("agent", "other"))
    await store.resume(Hold("agent", "other"))
    while leases := [*await stage.claim(9), *await stage.claim(9, "other")]:
        for lease in leases:
            await store.settle(lease, Done(None))


@pytest.mark.parametrize("sent", [False, True], ids=["before it is sent", "after it was"])
@pytest.mark.parametrize("last", range(1, CALLS + 1))
def test_a_hub_that_ends_at_a_call(place: Place, tmp_path: Path, last: int, sent: bool) -> None:
    async def whole() -> None:
        stage = Stage(lambda clock: NatsStore(place, tmp_path, clock))
        await stage.open()
        store: Any = stage.store
        publish, calls, there = store.stream.link.publish, 0, asyncio.Event()

        async def stopped(*given: Any) -> None:
            nonlocal calls
            calls += 1
            if calls < last or sent:
                await publish(*given)
            if calls >= last:
                there.set()
                await asyncio.Event().wait()

        store.stream.link.publish = stopped
        telling = asyncio.create_task(story(stage))
        ending = asyncio.create_task(there.wait())
        await asyncio.wait({telling, ending}, return_when=asyncio.FIRST_COMPLETED)
        assert there.is_set(), f"the story has {calls} calls"
        await store.beats.end()
        await store.stream.close()
        await asyncio.gather(telling, return_exceptions=True)

        stage.store = NatsStore(place, tmp_path, stage.clock)
        await stage.open()
        await story(stage)
        records = await stage.store.audit(0, 1000)
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        for key in ("/test#e1", "/test#e2", "rule:r#c1"):
            kinds = [record.kind for record in records if record.event == key]
            assert kinds.count("event.accepted") == kinds.count("event.decided") == 1
            assert (await stage.store.told(key) or {})["state"] == "finished"
        done = [record.what["action"] for record in records if record.kind == "action.done"]
        assert sorted(done) == ["a1", "a2", "a3"]
        assert [state for _, state, _ in await stage.states()] == ["done"] * 3
        kinds = [record.kind for record in records]
        ends = ("action.done", "action.retry", "action.failed", "action.lost")
        assert kinds.count("action.started") == sum(map(kinds.count, ends)), "each attempt ended once"
        assert await stage.store.dead() == ()
        await stage.store.close()

    asyncio.run(whole())
