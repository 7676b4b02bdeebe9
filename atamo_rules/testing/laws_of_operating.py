"""What holds of work that operators hold back or end: paused, cancelled, or an ask that is over."""

from __future__ import annotations

import asyncio

from atamo_rules.model.outcome import Done
from atamo_rules.model.work import Following, Hold, Selector
from atamo_rules.testing.store_stage import Laws, Stage, run


class OperatingLaws(Laws):
    """What is paused does not begin, and what is ended does not begin again."""

    def test_what_is_paused_gets_no_lease_with_its_transaction_either(self) -> None:
        async def story(stage: Stage) -> None:
            hold = Hold("agent", "desk")
            pausing = asyncio.create_task(stage.store.pause(hold))
            await asyncio.sleep(0)
            kept = await stage.accept("e1", stage.work(lease=30.0))
            await pausing
            assert kept.leases == ()
            assert await stage.states() == [("a1", "waiting", 0)]
            assert await stage.claim() == []
            await stage.store.resume(hold)
            (lease,) = await stage.claim()
            assert lease.attempt == 1

        run(self, story)

    def test_an_ask_can_be_ended_before_during_and_after_its_attempt(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            asks = [stage.work(f"a{n}", within=5) for n in range(3)]
            await stage.accept("e1", *asks)
            one, two = await stage.claim(2)
            await store.settle(one, Done(1))
            assert await store.expire("/test#e1", "a0", "too late") is None
            assert await store.expire("/test#e1", "a1", "too late", Following((stage.work("b"),))) is not None
            assert await store.expire("/test#e1", "a2", "too late") is not None
            assert await store.settle(two, Done(1)) is None
            assert [state for _, state, _ in await stage.states()] == [
                "done",
                "timeout",
                "timeout",
                "waiting",
            ]
            assert [lease.work.action.id for lease in await stage.claim()] == ["b"]

        run(self, story)

    def test_what_is_just_being_claimed_is_ended_too(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work("a1", within=5), stage.work("a2"))
            claiming = asyncio.create_task(stage.claim())
            await asyncio.sleep(0)
            expired, cancelled = await asyncio.gather(
                stage.store.expire("/test#e1", "a1", "too late"), stage.store.cancel(Selector(rule="r"))
            )
            one, two = await claiming
            assert cancelled.count == (2 if expired is None else 1)
            assert await stage.store.settle(one, Done(1)) is None
            assert await stage.store.settle(two, Done(1)) is None
            assert (await stage.told())["state"] == "finished"

        run(self, story)

    def test_cancelled_work_never_runs_and_what_runs_settles_too_late(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work("a1"), stage.work("a2"), stage.work("a3", agent="other"))
            (running,) = await stage.claim(1)
            cancelled = await stage.store.cancel(Selector(agent="desk"), "bob")
            assert cancelled.count == 2
            assert [lease.token for lease in cancelled.running] == [running.token]
            assert cancelled.finished == ()
            assert await stage.claim() == []
            assert await stage.store.settle(running, Done(1)) is None
            assert [state for _, state, _ in await stage.states()] == ["cancelled", "cancelled", "waiting"]
            assert (await stage.store.cancel(Selector(event="/test#e1"))).finished == ("/test#e1",)

        run(self, story)

    def test_a_pause_says_by_whom_when_and_why_and_keeps_it(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.store.pause(Hold("agent", "desk", why="the desk is moved"), "bob")
            (first,) = await stage.store.paused()
            await stage.store.pause(Hold("agent", "desk", why="still moved"), "ann")
            (second,) = await stage.store.paused()
            assert (first.by, first.why, second.by, second.why) == (
                "bob", "the desk is moved", "ann", "still moved",
            )  # fmt: skip
            assert first.at is not None
            assert second.at is not None
            if stage.store.caps.durable:
                await stage.again()
                (again,) = await stage.store.paused()
                assert (again.by, again.at, again.why) == ("ann", second.at, "still moved")

        run(self, story)

    def test_what_is_paused_is_not_given_until_it_is_resumed(self) -> None:
        async def story(stage: Stage) -> None:
            holds = (Hold("agent", "desk"), Hold("rule", "r"), Hold("organisation", "acme"))
            await stage.accept("e1", stage.work())
            for hold in holds:
                await stage.store.pause(hold, "bob")
                assert await stage.claim() == []
            assert (await stage.store.depth()).held == 1
            if stage.store.caps.durable:
                await stage.again()
                assert set(await stage.store.paused()) == set(holds)
                assert {hold.by for hold in await stage.store.paused()} == {"bob"}
                assert await stage.claim() == []
            for hold in holds[:2]:
                await stage.store.resume(hold, "bob")
                assert await stage.claim() == []
            await stage.store.resume(holds[2], "bob")
            assert len(await stage.claim()) == 1
            assert stage.kinds().count("work.paused") == stage.kinds().count("work.resumed") == 3

        run(self, story)
