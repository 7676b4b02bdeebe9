"""What holds of work: claimed by one, counted before it runs, settled once, tried again when it is time."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.work import Following
from atamo_rules.testing.store_stage import Laws, Stage, run


class WorkLaws(Laws):
    """At least once, exclusive until the lease ends."""

    def test_a_claim_is_exclusive_and_in_order(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", *(stage.work(f"a{n}") for n in range(5)), stage.work("b", agent="other"))
            one, two = await asyncio.gather(stage.claim(2), stage.claim(2))
            rest = await stage.claim(10)
            assert [lease.work.action.id for lease in (*one, *two, *rest)] == [f"a{n}" for n in range(5)]
            assert [lease.attempt for lease in one] == [1, 1]
            assert await stage.claim() == []
            assert len(await stage.claim(agent="other")) == 1

        run(self, story)

    def test_done_ends_the_action_and_the_last_one_its_event(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work("a1"), stage.work("a2"))
            one, two = await stage.claim()
            kept = await stage.store.settle(one, Done({"ok": True}))
            assert kept is not None
            assert kept.finished == ()
            kept = await stage.store.settle(two, Done(None))
            assert kept is not None
            assert kept.finished == ("/test#e1",)
            told = await stage.told()
            assert told["state"] == "finished"
            assert [line["answer"] for line in told["actions"]] == [{"ok": True}, None]
            assert stage.kinds()[-3:] == ["action.done", "action.done", "event.finished"]

        run(self, story)

    def test_a_settled_lease_is_used_up(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work())
            (lease,) = await stage.claim()
            assert await stage.store.settle(lease, Done(1)) is not None
            assert await stage.store.settle(lease, Failed("no")) is None
            assert (await stage.told())["actions"][0]["state"] == "done"
            assert stage.kinds()[-1] == "action.late"

        run(self, story)

    def test_a_result_that_was_just_being_kept_at_the_end_is_kept(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work())
            (lease,) = await stage.claim()
            settling = asyncio.create_task(stage.store.settle(lease, Done(1)))
            await asyncio.sleep(0)
            settling.cancel()
            await asyncio.gather(settling, return_exceptions=True)
            if stage.store.caps.durable:
                await stage.again()
            assert await stage.states() == [("a1", "done", 1)]
            assert await stage.claim() == []

        run(self, story)

    def test_again_waits_as_long_as_it_is_told(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work("a1"), stage.work("a2"))
            one, two = await stage.claim()
            await stage.store.settle(one, Again("busy", 60.0))
            await stage.store.settle(two, Again("busy", 0.0))
            assert [lease.work.action.id for lease in await stage.claim(lease=600)] == ["a2"]
            stage.clock.move(59)
            assert await stage.claim() == []
            stage.clock.move(2)
            (lease,) = await stage.claim()
            assert (lease.work.action.id, lease.attempt, lease.errors) == ("a1", 2, ("busy",))
            assert await stage.states() == [("a1", "running", 2), ("a2", "running", 2)]

        run(self, story)

    def test_steps_of_the_wall_clock_lose_nothing_and_fire_nothing_early(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work())
            (lease,) = await stage.claim()
            await stage.store.settle(lease, Again("busy", 60.0))
            for step in (86_400, -86_400, 10 * 365 * 86_400, -10 * 365 * 86_400):
                stage.clock.step(step)
                assert await stage.claim() == []
            if stage.store.caps.durable:
                stage.clock.step(-86_400)  # set back over a restart: it waits as long as was asked, not a day
                await stage.again()
                assert await stage.claim() == []
            stage.clock.move(61)
            assert len(await stage.claim()) == 1

        run(self, story)

    def test_a_lease_that_ends_is_given_again_and_its_holder_comes_too_late(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work())
            (first,) = await stage.claim(lease=30)
            stage.clock.move(29)
            assert await stage.claim() == []
            stage.clock.move(2)
            (second,) = await stage.claim()
            assert (second.attempt, second.work.action.id) == (2, first.work.action.id)
            assert await stage.store.settle(first, Done(1)) is None
            assert await stage.store.settle(second, Done(2)) is not None
            assert (await stage.told())["actions"][0]["answer"] == 2
            assert [k for k in stage.kinds() if k.startswith("action.")] == [
                "action.started", "action.lost", "action.started", "action.late", "action.done",
            ]  # fmt: skip

        run(self, story)

    def test_a_lease_can_be_kept(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work())
            (lease,) = await stage.claim(lease=30)
            stage.clock.move(20)
            assert await stage.store.extend(lease, 30)
            stage.clock.move(20)
            assert await stage.claim() == []
            stage.clock.move(20)
            assert len(await stage.claim()) == 1
            assert not await stage.store.extend(lease, 30)

        run(self, story)

    def test_a_claim_waits_for_work(self) -> None:
        async def story(stage: Stage) -> None:
            waiting = asyncio.create_task(stage.store.claim("desk", lambda: 1, 20.0, 30.0))
            await asyncio.sleep(0.01)
            await stage.accept("e1", stage.work())
            assert len(await asyncio.wait_for(waiting, 10)) == 1

        run(self, story)

    def test_what_follows_is_kept_with_the_settlement(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work("ask", within=5))
            (lease,) = await stage.claim()
            following = Following((stage.work("a2"), stage.work("a3", lease=9.0)), problems=("no name",))
            kept = await stage.store.settle(lease, Done({"n": 1}), following)
            assert kept is not None
            assert ([one.work.action.id for one in kept.leases], kept.finished) == (["a3"], ())
            assert await stage.states() == [("ask", "done", 1), ("a2", "waiting", 0), ("a3", "running", 1)]
            assert (await stage.told())["problems"] == ["no name"]
            # A loser's consequences are lost with it.
            assert await stage.store.settle(lease, Done(1), Following((stage.work("a9"),))) is None
            assert len(await stage.states()) == 3

        run(self, story)

    def test_what_ends_together_is_settled_as_each_by_itself(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await stage.accept("e1", *(stage.work(f"a{n}") for n in range(5)))
            await stage.accept("e2", *(stage.work(id, "/test#e2") for id in ("b1", "b2")))
            one, two, three, four, five, six, seven = await stage.claim()
            await store.settle(five, Done(5))
            kept = await store.settle_all(
                [
                    (one, Done({"n": 1})),
                    (six, Failed("no", "http 410")),
                    (two, Again("busy", 60.0)),
                    (three, Done(3)),
                    (three, Failed("twice")),  # its lease is used up
                    (four, Again("busy", 0.0)),
                    (five, Done(6)),
                    (seven, Done(None)),
                ]
            )
            assert [one is not None for one in kept] == [True, True, True, True, False, True, False, True]
            assert [one.finished for one in kept if one is not None] == [(), (), (), (), (), ("/test#e2",)]
            assert await stage.states() == [
                ("a0", "done", 1),
                ("a1", "again", 1),
                ("a2", "done", 1),
                ("a3", "again", 1),
                ("a4", "done", 1),
            ]
            assert [letter.why for letter in await store.dead()] == ["no"]
            (again,) = await stage.claim(lease=99.0)
            assert (again.work.action.id, again.attempt, again.errors) == ("a3", 2, ("busy",))
            stage.clock.move(61)
            (last,) = await stage.claim()
            kept = await store.settle_all([(again, Done(None)), (last, Done(None))])
            assert [one and one.finished for one in kept] == [(), ("/test#e1",)]

        run(self, story)

    def test_open_work_goes_on_after_a_restart_with_its_attempts_counted(self) -> None:
        async def story(stage: Stage) -> None:
            if not stage.store.caps.durable:
                return
            ask = replace(stage.work("ask", within=600), alerts=True)
            await stage.accept("e1", stage.work("a1"), stage.work("a2"), ask)
            one, two = await stage.claim(2)
            await stage.store.settle(one, Again("busy", 60.0))
            recovered = await stage.again()
            assert recovered.open == 3
            assert [work.action.id for work in recovered.deadlines] == ["ask"]
            assert recovered.deadlines[0] == ask
            claimed = await stage.claim(lease=600)
            assert [(lease.work.action.id, lease.attempt) for lease in claimed] == [("a2", 2), ("ask", 1)]
            assert await stage.store.settle(two, Done(1)) is None, "the lease was of the process before"
            stage.clock.move(61)
            (late,) = await stage.claim()
            assert (late.work.action.id, late.attempt, late.errors) == ("a1", 2, ("busy",))
            await stage.again()
            (late,) = [lease for lease in await stage.claim() if lease.work.action.id == "a1"]
            assert (late.attempt, late.errors) == (3, ("busy",))

        run(self, story)

    def test_depth_counts_what_is_open(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", *(stage.work(f"a{n}") for n in range(4)))
            one, two = await stage.claim(2)
            await stage.store.settle(one, Again("busy", 60.0))
            await stage.store.settle(two, Failed("no"))
            await stage.claim(1)
            stage.clock.move(5)
            depth = await stage.store.depth()
            counted = (depth.waiting, depth.running, depth.later, depth.held, depth.dead, depth.oldest)
            assert counted == (1, 1, 1, 0, 1, 5.0)

        run(self, story)
