"""What holds of answers, dead letters and the small shared state."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.model.types import Json
from atamo_rules.model.work import Arrival, Put, Selector, Work
from atamo_rules.testing.store_stage import NOON, Laws, Stage, event, run

ALL = Selector()


class AnswerLaws(Laws):
    """A reader sees every frame once, in order, whenever it joins."""

    def test_frames_are_read_by_cursor(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            assert await store.append([Frame("q", "data", n) for n in range(3)]) == 3
            assert await store.append([Frame("q", "update", 3, "desk", "a1", "k")]) == 4
            page = await store.read("q", 0, 2, 0)
            assert ([frame.body for frame in page.frames], page.cursor, page.closed) == ([0, 1], 2, False)
            page = await store.read("q", page.cursor, 10, 0)
            assert [(f.body, f.seq, f.kind, f.agent, f.action, f.key) for f in page.frames] == [
                (2, 3, "data", "", "", None),
                (3, 4, "update", "desk", "a1", "k"),
            ]
            assert page.frames[0].at == NOON
            assert (await store.read("q", 4, 10, 0)).cursor == 4
            assert (await store.read("other", 0, 10, 0)).frames == ()

        run(self, story)

    def test_a_reader_waits_and_misses_nothing(self) -> None:
        async def story(stage: Stage) -> None:
            async def reader() -> list[object]:
                cursor = 0
                seen: list[object] = []
                while True:
                    page = await stage.store.read("q", cursor, 3, 20.0)
                    seen += [frame.body for frame in page.frames]
                    cursor = page.cursor
                    if page.closed:
                        return seen

            readers = [asyncio.create_task(reader())]
            for n in range(10):
                await stage.store.append([Frame("q", "data", n)])
                if n == 5:
                    readers.append(asyncio.create_task(reader()))
            await stage.store.append([Frame("q", "end")], close=True)
            readers.append(asyncio.create_task(reader()))
            for seen in await asyncio.wait_for(asyncio.gather(*readers), 20):
                assert seen == [*range(10), None]

        run(self, story)

    def test_frames_that_others_stand_in_for_may_go_and_the_rest_keep_their_numbers(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await store.append([Frame("q", "update", n, key=str(n % 3)) for n in range(9)])
            await store.trim("q", [1, 2, 3, 5, 99])
            await store.trim("other", [1])
            page = await store.read("q", 0, 3, 0)
            assert ([frame.seq for frame in page.frames], page.cursor) == ([4, 6, 7], 7)
            assert [frame.seq for frame in (await store.read("q", 4, 10, 0)).frames] == [6, 7, 8, 9]
            assert (
                await store.append(
                    [Frame("q", "end", rule="", cache="stale", age=1.5, late=True)], close=True
                )
                == 10
            )
            page = await store.read("q", 9, 10, 0)
            assert [(f.seq, f.cache, f.age, f.late) for f in page.frames] == [(10, "stale", 1.5, True)]
            assert page.closed
            await store.touch("q", 1)
            stage.clock.move(2)
            await store.housekeeping()
            assert (await store.read("q", 0, 10, 0)).expired == 10

        run(self, story)

    def test_a_log_whose_time_is_over_leaves_how_many_frames_it_had(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await store.append([Frame("q", "data", n) for n in range(3)])
            assert await store.touch("q", 60)
            stage.clock.move(59)
            assert await store.touch("q", 60)
            stage.clock.move(59)
            await store.housekeeping()
            assert len((await store.read("q", 0, 9, 0)).frames) == 3
            stage.clock.move(2)
            await store.housekeeping()
            page = await store.read("q", 0, 9, 0)
            assert (page.frames, page.closed, page.expired) == ((), True, 3)
            assert not await store.touch("q", 60)
            assert await store.append([Frame("q", "data", 9)]) == 0
            assert (await store.read("q", 0, 9, 0)).expired == 3

        run(self, story)

    def test_a_log_is_kept_for_its_time_though_the_wall_clock_is_a_year_ahead_for_a_minute(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await store.append([Frame("q", "data", 1)])
            assert await store.touch("q", 3600)
            await store.housekeeping()
            stage.clock.step(365 * 86_400)
            stage.clock.move(60)
            await store.housekeeping()
            assert await store.touch("q", -1), "and what is over is over, for all that"
            stage.clock.step(-365 * 86_400)
            assert len((await store.read("q", 0, 9, 0)).frames) == 1
            await store.housekeeping()
            assert (await store.read("q", 0, 9, 0)).expired == 1

        run(self, story)


class DeadLaws(Laws):
    """What was given up is kept until somebody decides about it."""

    async def two_dead(self, stage: Stage) -> None:
        await stage.accept("e1", stage.work("a1"), stage.work("a2", agent="other"))
        for agent, error in (("desk", "http 410"), ("other", "timeout")):
            (lease,) = await stage.claim(agent=agent)
            await stage.store.settle(lease, Failed("gone", error))

    def test_a_failed_action_is_one_dead_letter(self) -> None:
        async def story(stage: Stage) -> None:
            await self.two_dead(stage)
            one, two = await stage.store.dead()
            assert (one.work.action.id, one.error, one.why, one.attempts) == ("a1", "http 410", "gone", 1)
            assert (one.errors, one.at, one.number < two.number) == (("gone",), NOON, True)
            assert await stage.store.dead_groups() == {("desk", "http 410"): 1, ("other", "timeout"): 1}
            assert [d.number for d in await stage.store.dead(Selector(error="timeout"))] == [two.number]
            assert [d.number for d in await stage.store.dead(ALL, one.number)] == [two.number]
            assert (await stage.told())["state"] == "finished"

        run(self, story)

    def test_an_ask_that_its_rule_goes_on_without_is_none(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work("a1", within=5))
            (lease,) = await stage.claim()
            await stage.store.settle(lease, Failed("gone"))
            assert await stage.store.dead() == ()

        run(self, story)

    def test_redriven_letters_are_done_again_under_their_own_id(self) -> None:
        async def story(stage: Stage) -> None:
            await self.two_dead(stage)
            cut = (await stage.store.dead())[0].number
            assert await stage.store.redrive(ALL, cut, who="bob") == 1
            assert [d.work.action.id for d in await stage.store.dead()] == ["a2"]
            assert (await stage.told())["state"] == "decided"
            (lease,) = await stage.claim()
            assert (lease.work.action.id, lease.attempt, lease.errors) == ("a1", 1, ())
            kept = await stage.store.settle(lease, Done(1))
            assert kept is not None
            assert kept.finished == ("/test#e1",)
            assert await stage.states() == [("a1", "done", 1), ("a2", "failed", 1)]
            assert "action.redriven" in stage.kinds()
            assert await stage.store.redrive(ALL, cut) == 0

        run(self, story)

    def test_two_who_redrive_at_once_have_it_done_again_once(self) -> None:
        async def story(stage: Stage) -> None:
            await self.two_dead(stage)
            counts = await asyncio.gather(*(stage.store.redrive(ALL, 99) for _ in range(3)))
            assert sum(counts) == 2
            assert stage.kinds().count("action.redriven") == 2
            assert len(await stage.claim()) == 1

        run(self, story)

    def test_an_edited_letter_is_another_action_and_the_first_stays_as_it_was(self) -> None:
        async def story(stage: Stage) -> None:
            def edit(work: Work) -> Work | None:
                if work.action.id == "a2":
                    return None
                return replace(work, action=replace(work.action, body={"line": "y"}))

            await self.two_dead(stage)
            assert await stage.store.redrive(ALL, 99, edit) == 1
            (lease,) = await stage.claim()
            assert lease.work.action.body == {"line": "y"}
            assert lease.work.action.id != "a1"
            states = await stage.states()
            assert [state for _, state, _ in states] == ["failed", "failed", "running"]
            assert [d.work.action.id for d in await stage.store.dead()] == ["a2"]

        run(self, story)

    def test_discarded_letters_are_gone(self) -> None:
        async def story(stage: Stage) -> None:
            await self.two_dead(stage)
            assert await stage.store.discard(Selector(agent="desk"), 99, "bob") == 1
            assert [d.work.action.id for d in await stage.store.dead()] == ["a2"]
            (record,) = [record for record in stage.heard if record.kind == "action.discarded"]
            assert record.what["by"] == "bob"

        run(self, story)


class StateLaws(Laws):
    """Small shared state: revisions rise, and an old one writes over nothing."""

    def test_values_have_revisions(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            assert await store.get("b", "k") is None
            first = await store.put(Put("b", "k", {"n": 1}))
            assert first is not None
            assert await store.put(Put("b", "k", {"n": 2}, expect=0)) is None
            second = await store.put(Put("b", "k", {"n": 2}, expect=first))
            assert second is not None
            assert second > first
            assert await store.put(Put("b", "k", 3, expect=first)) is None
            entry = await store.get("b", "k")
            assert entry is not None
            assert (entry.value, entry.revision) == ({"n": 2}, second)
            await store.put(Put("b", "k", None))
            assert await store.get("b", "k") is None
            assert await store.put(Put("b", "k", 1, expect=0)) is not None

        run(self, story)

    def test_values_are_kept_with_the_event_that_changes_them_and_with_no_other(self) -> None:
        async def story(stage: Stage) -> None:
            one = event("e1")

            async def accept(value: Json, of: Event = one) -> str:
                decided = stage.decided(
                    event=of.key, puts=(Put("windows", "k", value), Put("windows", "gone", None))
                )
                (kept,) = await stage.store.accept([stage.arrival(of, decided)])
                return kept.known

            assert await accept([1, "a", {"n": 1}]) == "new"
            assert await accept([2]) == "same", "an event that is known changes nothing"
            assert await accept([3], event("e1", n=2)) == "other"
            (entry,) = await stage.store.entries("windows")
            assert (entry.key, entry.value) == ("k", [1, "a", {"n": 1}])
            if stage.store.caps.durable:
                await stage.again()
                assert await stage.store.entries("windows") == (entry,)
            assert await accept(None, event("e2")) == "new"
            assert await stage.store.entries("windows") == ()

        run(self, story)

    def test_values_that_events_change_at_once_are_those_of_the_last_that_was_handed_in(self) -> None:
        async def story(stage: Stage) -> None:
            def arrival(number: int) -> Arrival:
                one = event(f"e{number}")
                puts = (Put("windows", f"k{number % 3}", number),)
                return stage.arrival(one, stage.decided(event=one.key, puts=puts))

            await asyncio.gather(*(stage.store.accept([arrival(number)]) for number in range(30)))
            if stage.store.caps.durable:
                await stage.again()
            entries = await stage.store.entries("windows")
            assert [(entry.key, entry.value) for entry in entries] == [("k0", 27), ("k1", 28), ("k2", 29)]
            assert sorted(entries, key=lambda entry: entry.revision) == list(entries)

        run(self, story)

    def test_a_watcher_sees_what_is_there_and_every_change(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await store.put(Put("b", "x", 1))
            await store.put(Put("other", "z", 9))
            watching = store.watch("b")

            async def next_one() -> tuple[str, object]:
                entry = await asyncio.wait_for(anext(watching), 10)
                return entry.key, entry.value

            assert await next_one() == ("x", 1)
            await store.put(Put("b", "y", 2))
            assert await next_one() == ("y", 2)
            await store.put(Put("b", "x", None))
            assert await next_one() == ("x", None)

        run(self, story)
