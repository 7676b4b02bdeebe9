"""What holds of the audit that a store keeps, and of what it tells of decisions."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from atamo_rules.engine.filling import action_id
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Decision, Fired
from atamo_rules.model.outcome import Done
from atamo_rules.model.work import Decided, Following
from atamo_rules.testing.store_stage import NOON, Laws, Stage, action, event, run


async def keep_house(stage: Stage) -> None:
    """Until nothing is left to do."""
    while await stage.store.housekeeping():
        pass


class AuditLaws(Laws):
    """No change untold, no position twice, none missing."""

    def test_positions_rise_by_one_and_what_is_read_is_what_was_heard(self) -> None:
        async def story(stage: Stage) -> None:
            note = Note(NOON, "rules.activated", what={"digest": "g1", "n": 1})
            arrivals = [stage.arrival(event(f"e{n}")) for n in range(20)]
            await asyncio.gather(*(stage.store.accept([one]) for one in arrivals), stage.store.write([note]))
            assert [record.position for record in stage.heard] == list(range(1, 22))
            assert await stage.store.head() == 21
            read = await stage.store.audit(0, 10)
            read += await stage.store.audit(read[-1].position, 100)
            assert list(read) == stage.heard
            if stage.store.caps.durable:
                await stage.again()
                assert list(await stage.store.audit(0, 100)) == stage.heard
                await stage.store.write([note])
                assert stage.heard[-1].position == 22

        run(self, story)

    def test_the_records_of_one_event_are_those_and_no_others_also_when_the_clock_was_set_back(self) -> None:
        async def story(stage: Stage) -> None:
            for number in range(30):
                stage.clock.step((number * 7) % 30 - (number * 7 - 7) % 30)
                await stage.accept(
                    f"e{number}", stage.work(f"a{number}", event=f"/test#e{number}", lease=9.0)
                )
            for number in range(30):
                key = f"/test#e{number}"
                expected = tuple(record for record in stage.heard if record.event == key)
                assert len(expected) == 3
                assert await stage.store.audit(0, 100, key) == expected
                first = await stage.store.audit(0, 1, key)
                assert first + await stage.store.audit(first[0].position, 100, key) == expected
            assert await stage.store.audit(0, 100, "nobody") == ()

        run(self, story)

    def test_the_records_of_one_event_are_those_of_a_look_through_all_whatever_the_house_keeping_did(
        self,
    ) -> None:
        async def story(stage: Stage) -> None:
            names = ["", "never kept", *(f"/test#e{number}" for number in range(30))]

            async def tell(count: int) -> None:
                begin = len(stage.heard)
                about = [names[number * 7 % 32] for number in range(begin, begin + count)]
                await stage.store.write([Note(NOON, "event.hops", name) for name in about])

            async def agree() -> None:
                for name in names[1:]:
                    expected = tuple(record for record in stage.heard if record.event == name)
                    assert await stage.store.audit(0, len(stage.heard), name) == expected
                    middle = expected[len(expected) // 2].position
                    beyond = [record for record in expected if record.position > middle]
                    assert list(await stage.store.audit(middle, 7, name)) == beyond[:7]
                assert await stage.store.audit(0, 9, "nobody") == ()

            for number in range(20):
                await stage.accept(f"e{number}", stage.work(f"a{number}", event=f"/test#e{number}"))
            await tell(2500)
            await agree()
            await keep_house(stage)
            await agree()
            for number in range(20, 30):  # they were told of before they came
                await stage.accept(f"e{number}")
            await tell(5000)
            await keep_house(stage)
            await tell(300)
            await agree()
            stage.clock.move(86_400 * 400)
            await keep_house(stage)
            await agree()
            if stage.store.caps.durable:
                await stage.again()
                await agree()

        run(self, story)

    def test_what_was_decided_is_told_without_what_followed_an_answer(self) -> None:
        async def story(stage: Stage) -> None:
            ids = [action_id("/test#e1", "r", f"/{index}") for index in range(3)]
            asked = stage.work(ids[1], within=60.0, lease=9.0)
            asked = replace(asked, action=replace(asked.action, verb="ask", index=1))
            first = stage.work(ids[0], lease=9.0)
            reply = replace(action(ids[2]), verb="reply", agent="", index=2)
            one = event("e1")
            fired = (Fired("r", (first.action, asked.action)), Fired("s", (), shadow=True))
            decision = Decision(one.key, one.type, "g1", fired)
            (kept,) = await stage.store.accept(
                [stage.arrival(one, Decided(decision, Following((first, asked))))]
            )
            lease = next(lease for lease in kept.leases if lease.work.action.id == ids[1])
            await stage.store.settle(lease, Done({"n": 1}), Following(done=(reply,)))
            told = await stage.store.decision(one.key)
            assert told is not None
            assert (told.digest, told.type, told.matched) == ("g1", one.type, ("r",))
            assert told.actions == (first.action, asked.action)
            assert [found.rule for found in told.fired if found.shadow] == ["s"]
            assert await stage.store.decision("nobody") is None
            assert await stage.store.rulesets() == {"g1"}

        run(self, story)

    def test_a_record_names_who_and_as_whom(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work(lease=9.0))
            (started,) = [record for record in stage.heard if record.kind == "action.started"]
            assert (started.event, started.who) == ("/test#e1", "alice")
            assert dict(started.what) == {
                "action": "a1", "target": "desk.note", "rule": "r", "because": "a.atamo:1:1",
                "provider": "rules", "as": "user alice", "attempt": 1,
            }  # fmt: skip

        run(self, story)
