"""Two hubs on one stream: each action is held by one of them, and what one leaves goes on with the other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.store import Store
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.work import Hold, Put, Selector
from atamo_rules.testing.store_stage import Stage, event

ALL = Selector()
Story = Callable[[Stage, Stage], Coroutine[Any, Any, None]]


def together(place: Place, folder: Path, story: Story, grace: float = 10.0) -> None:
    """Tell a story of two hubs with one clock."""

    async def whole() -> None:
        one = Stage(lambda clock: NatsStore(place, folder, clock, grace=grace))
        two = Stage(lambda clock: NatsStore(place, folder, one.clock, grace=grace))
        two.clock = one.clock
        await one.open()
        await two.open()
        try:
            await story(one, two)
            await caught_up(one, two)
            assert await one.store.audit(0, 10_000) == await two.store.audit(0, 10_000)
            assert await leaves(one.store) == await leaves(two.store)
        finally:
            await one.store.close()
            await two.store.close()

    asyncio.run(whole())


async def leaves(store: Store) -> list[bytes]:
    """The hashes of all records; one reading may give fewer."""
    found: list[bytes] = []
    while more := await store.leaves(len(found), 10_000):
        found += more
    return found


async def caught_up(*stages: Stage) -> None:
    """Until all follow up to the last of any."""
    async with asyncio.timeout(20):
        while len({await stage.store.head() for stage in stages}) > 1:
            await asyncio.sleep(0.01)


async def crash(stage: Stage) -> None:
    """End a hub as a loss of its process does: nothing more is written or said."""
    store = stage.store
    assert isinstance(store, NatsStore)
    await store.beats.end()
    await store.stream.close()


def test_what_one_takes_the_other_knows(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        await one.accept("e1", one.work(), frames=(Frame("/test#e1", "data", 1),))
        waiting = asyncio.create_task(two.store.read("/test#e1", 0, 10, 20.0))
        assert (await waiting).frames[0].body == 1
        await caught_up(one, two)
        assert await two.told() == await one.told()
        assert (await two.accept("e1")).known == "same"
        (lease,) = await two.claim()
        await caught_up(one, two)
        assert await one.claim() == []
        depth = await one.store.depth()
        assert (depth.waiting, depth.running) == (0, 1)
        assert await two.store.settle(lease, Done({"ok": True})) is not None
        await caught_up(one, two)
        assert (await one.told())["state"] == "finished"
        assert one.heard == two.heard

    together(place, tmp_path, story)


def test_a_claim_that_waits_is_woken_by_the_other(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        claiming = asyncio.create_task(two.store.claim("desk", lambda: 1, 20.0, 30.0))
        await asyncio.sleep(0.01)
        await one.accept("e1", one.work())
        (lease,) = await asyncio.wait_for(claiming, 10)
        assert lease.attempt == 1

    together(place, tmp_path, story)


def test_of_two_who_claim_at_once_each_action_is_one_s(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        for number in range(10):
            await one.accept(
                f"e{number}", *(one.work(f"a{number}.{n}", f"/test#e{number}") for n in range(4))
            )
        await caught_up(one, two)
        done: list[str] = []

        async def work(stage: Stage) -> None:
            while len(done) < 40:
                await asyncio.sleep(0.001)
                for lease in await stage.claim(3):
                    assert lease.attempt == 1
                    done.append(lease.work.action.id)
                    assert await stage.store.settle(lease, Done(None)) is not None

        async with asyncio.timeout(60):
            await asyncio.gather(work(one), work(two), work(one), work(two))
        assert sorted(done) == sorted(f"a{number}.{n}" for number in range(10) for n in range(4))
        await caught_up(one, two)
        assert one.kinds().count("action.started") == 40
        assert one.kinds().count("event.finished") == 10

    together(place, tmp_path, story)


def test_what_both_do_to_one_thing_is_done_once(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        await one.accept("e1", one.work("a1", within=5), one.work("a2"), one.work("a3"), one.work("a4"))
        await one.store.accept([one.arrival(event("e2"))])
        leases = await one.claim(2)
        await one.store.settle(leases[1], Failed("no"))
        await caught_up(one, two)

        ended = await asyncio.gather(
            *(stage.store.expire("/test#e1", "a1", "too late") for stage in (one, two))
        )
        assert sorted(kept is None for kept in ended) == [False, True]
        assert await one.store.settle(leases[0], Done(1)) is None
        redriven = await asyncio.gather(*(stage.store.redrive(ALL, 99) for stage in (one, two)))
        assert sorted(redriven) == [0, 1]
        decided = await asyncio.gather(
            *(stage.store.record(event("e2"), stage.decided(event="/test#e2")) for stage in (one, two))
        )
        assert sorted(kept.known for kept in decided) == ["new", "same"]
        cancelled = await asyncio.gather(*(stage.store.cancel(ALL) for stage in (one, two)))
        assert sorted(one.count for one in cancelled) == [0, 3]
        erased = await asyncio.gather(*(stage.store.erase("/test#e1") for stage in (one, two)))
        assert erased == [True, True]
        await caught_up(one, two)
        assert one.kinds().count("event.erased") == 1
        put = await asyncio.gather(
            *(stage.store.put(Put("b", "k", number, expect=0)) for number, stage in enumerate((one, two)))
        )
        assert sorted(revision is None for revision in put) == [False, True]

    together(place, tmp_path, story)


def test_what_one_pauses_begins_nowhere(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        await one.accept("e1", one.work())
        await caught_up(one, two)
        hold = Hold("agent", "desk", why="moved")
        claimed, _ = await asyncio.gather(two.claim(), one.store.pause(hold, "ann"))
        if not claimed:
            assert await two.claim() == []
        kept, _ = await asyncio.gather(
            two.accept("e2", two.work("b", "/test#e2", lease=30.0)), one.store.pause(hold)
        )
        assert kept.leases == ()
        assert await two.store.paused() == (hold,)
        await one.store.resume(hold)
        await caught_up(one, two)
        assert len(await two.claim()) + len(claimed) == 2

    together(place, tmp_path, story)


def test_what_a_hub_that_is_gone_had_begun_goes_on_with_the_other(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        await one.accept("e1", one.work("a1", lease=600.0), one.work("ask", within=600))
        await one.store.accept([one.arrival(event("e2"))])
        await caught_up(one, two)
        await crash(one)
        left = await asyncio.wait_for(two.store.orphaned(), 20)
        assert left.pending == ("/test#e2",)
        assert [work.action.id for work in left.deadlines] == ["ask"]
        leases = await two.claim(lease=600)
        assert sorted((lease.work.action.id, lease.attempt) for lease in leases) == [("a1", 2), ("ask", 1)]
        assert two.kinds().count("action.lost") == 1
        one.store = NatsStore(place, tmp_path, one.clock)
        await one.open()
        assert await one.claim() == []

    together(place, tmp_path, story, grace=0.4)


def test_what_a_hub_that_cannot_go_on_had_begun_goes_on_with_the_other(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        await one.accept("e1", one.work("a1", lease=600.0))
        await caught_up(one, two)
        assert isinstance(one.store, NatsStore)
        one.store.stream.fail(StoreUnavailable("its disk is broken"))
        with pytest.raises(StoreUnavailable, match="its disk is broken"):
            await one.store.orphaned()
        await asyncio.wait_for(two.store.orphaned(), 20)
        assert [lease.attempt for lease in await two.claim()] == [2]
        await one.store.close()
        one.store = NatsStore(place, tmp_path, one.clock)
        await one.open()

    together(place, tmp_path, story, grace=0.4)


def test_who_was_only_slow_finds_its_lease_lost(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        assert isinstance(one.store, NatsStore)
        await one.accept("e1", one.work("a1", lease=600.0))
        kept = await one.accept("e2", one.work("a2", "/test#e2", lease=600.0))
        await one.store.beats.end()
        await asyncio.wait_for(two.store.orphaned(), 20)
        await caught_up(one, two)
        assert await one.store.settle(kept.leases[0], Done(1)) is None
        assert not await one.store.extend(kept.leases[0], 30)
        assert one.kinds()[-1] == "action.late"
        leases = await two.claim()
        assert [lease.attempt for lease in leases] == [2, 2]

    together(place, tmp_path, story, grace=0.4)


def test_who_ends_in_order_leaves_its_events_at_once(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        await one.accept("e1", one.work("a1", lease=600.0))
        await one.store.accept([one.arrival(event("e2"))])
        await one.store.close()
        left = await asyncio.wait_for(two.store.orphaned(), 20)
        assert left.pending == ("/test#e2",)
        (lease,) = await two.claim()
        assert lease.attempt == 2
        one.store = NatsStore(place, tmp_path, one.clock)
        recovered = await one.open()
        assert (recovered.pending, recovered.lost, recovered.open) == ((), 0, 1)
        assert await one.claim() == []

    together(place, tmp_path, story)


def test_a_hub_that_comes_later_has_all_of_it(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        for number in range(20):
            await one.accept(f"e{number}", one.work(f"a{number}", f"/test#e{number}"))
        for lease in await two.claim(9):
            await two.store.settle(lease, Failed("no", "http 410"))
        third = NatsStore(place, tmp_path / "new", one.clock)
        await third.open(lambda first, notes: None)
        await caught_up(one, two)
        assert await third.audit(0, 10_000) == await one.store.audit(0, 10_000)
        assert [letter.number for letter in await third.dead()] == list(range(1, 10))
        assert await third.depth() == await one.store.depth()
        assert len(await third.claim("desk", lambda: 20, 0.0, 30.0)) == 11
        await third.close()

    together(place, tmp_path, story)


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 30))]
)
def test_hubs_that_crash_at_any_time_lose_and_double_nothing(place: Place, tmp_path: Path, seed: int) -> None:
    """Whatever was said to be kept is there; each event was taken once, each action was done once, or is open."""

    async def story(one: Stage, two: Stage) -> None:
        chance = random.Random(seed)
        said: set[str] = set()
        done: set[str] = set()

        async def produce(stage: Stage, name: str) -> None:
            for number in range(20):
                id = f"{name}{number}"
                await stage.accept(id, stage.work(f"a{id}", f"/test#{id}"))
                said.add(id)

        async def perform(stage: Stage) -> None:
            while True:
                for lease in await stage.store.claim("desk", lambda: 3, 5.0, 600.0):
                    outcome = Again("busy", 0.0) if chance.random() < 0.2 else Done(None)
                    if await stage.store.settle(lease, outcome) is not None and isinstance(outcome, Done):
                        assert lease.work.action.id not in done
                        done.add(lease.work.action.id)

        async def live(stage: Stage, name: str) -> None:
            for life in range(4):
                tasks = [
                    asyncio.create_task(produce(stage, f"{name}{life}.")),
                    asyncio.create_task(perform(stage)),
                ]
                await asyncio.sleep(chance.uniform(0.01, 0.15))
                await crash(stage)
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
                assert not [error for error in ended if isinstance(error, AssertionError)], ended
                assert all(error is None or isinstance(error, StoreUnavailable | asyncio.CancelledError)
                           for error in ended), ended  # fmt: skip
                stage.store = NatsStore(place, tmp_path, one.clock, grace=0.4)
                stage.heard.clear()
                await stage.open()

        await asyncio.gather(live(one, "x"), live(two, "y"))
        performing = asyncio.create_task(perform(one))
        async with asyncio.timeout(60):
            while True:
                depth = await one.store.depth()
                if not depth.waiting + depth.running + depth.later:
                    break
                await asyncio.sleep(0.05)
        performing.cancel()
        await asyncio.gather(performing, return_exceptions=True)
        records = await one.store.audit(0, 100_000)
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        for kind in ("event.accepted", "event.finished"):
            events = [record.event for record in records if record.kind == kind]
            assert len(events) == len(set(events))
            assert {f"/test#{id}" for id in said} <= set(events)
        ended = [str(record.what["action"]) for record in records if record.kind == "action.done"]
        assert len(ended) == len(set(ended))
        assert done <= set(ended)

    together(place, tmp_path, story, grace=0.4)
