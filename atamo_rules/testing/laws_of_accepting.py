"""What holds of accepting and recording."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from atamo_rules.model.decision import Decision, Fired
from atamo_rules.model.frame import Frame
from atamo_rules.model.work import Arrival, Decided, Following, Ground
from atamo_rules.testing.store_stage import NOON, Laws, Stage, action, event, run


class AcceptLaws(Laws):
    """Kept once, whole, and told."""

    def test_an_event_is_told_as_it_was_taken(self) -> None:
        async def story(stage: Stage) -> None:
            assert await stage.told() is None
            (kept,) = await stage.store.accept([stage.arrival(event())])
            assert (kept.known, kept.leases, kept.finished) == ("new", (), ())
            told = await stage.told()
            facts = {
                name: told[name] for name in ("id", "type", "user", "source", "state", "conforms", "replies")
            }
            assert facts == {
                "id": "e1",
                "type": "thing.happened",
                "user": "alice",
                "source": "/test",
                "state": "accepted",
                "conforms": True,
                "replies": [],
            }
            assert await stage.store.event("/test#e1") == event()

        run(self, story)

    def test_a_key_is_kept_once(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            first = stage.arrival(event(n=1))
            batch = [first, stage.arrival(event("e2")), first, stage.arrival(event(n=2))]
            assert [kept.known for kept in await store.accept(batch)] == ["new", "new", "same", "other"]
            many = await asyncio.gather(*(store.accept([stage.arrival(event("e3"))]) for _ in range(20)))
            assert sorted(kept.known for (kept,) in many) == ["new"] + ["same"] * 19
            assert stage.kinds("/test#e1") == ["event.accepted", "event.duplicate", "event.refused"]

        run(self, story)

    def test_what_rests_on_others_is_kept_only_where_they_come_in_as_new(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            if not store.caps.grounds:
                return

            def arrival(id: str, *rests: Ground, ground: Ground | None = None) -> Arrival:
                one = event(id)
                decided = stage.decided(stage.work(f"a of {id}", one.key), event=one.key)
                return stage.arrival(one, decided, ground=ground, rests=rests)

            first, second, third = Ground(), Ground(), Ground()
            batch = [arrival("e1", ground=first), arrival("e2", first, ground=second), arrival("e3", second)]
            assert [kept.known for kept in await store.accept(batch)] == ["new"] * 3
            found = await asyncio.gather(
                store.accept([arrival("e1", ground=third)]),
                store.accept([arrival("e4", first, third, ground=Ground())]),
                store.accept([arrival("e2", third)]),
                store.accept([arrival("e5", second), arrival("e6", third), arrival("e6", first)]),
            )
            said = [kept.known for some in found for kept in some]
            assert said == ["same", "unfounded", "same", "new", "unfounded", "new"]
            assert not third.holds
            assert (stage.kinds("/test#e4"), await stage.told("e4")) == ([], None), "nothing of it is kept"
            assert await store.find("e4") is None
            assert (await store.accept([arrival("e4", first)]))[0].known == "new"
            begun = [lease.work.action.id for lease in await stage.claim()]
            assert sorted(begun) == [f"a of e{n}" for n in range(1, 7)]

        run(self, story)

    def test_who_stops_waiting_takes_nothing_back(self) -> None:
        async def story(stage: Stage) -> None:
            caller = asyncio.ensure_future(stage.accept("e1", stage.work(), stage.work("a2")))
            await asyncio.sleep(0)
            caller.cancel()
            await asyncio.wait({caller})
            await stage.accept("e2")
            kept = await stage.told() is not None
            begun = sorted(lease.work.action.id for lease in await stage.claim())
            assert begun == (["a1", "a2"] if kept else [])

        run(self, story)

    def test_one_id_of_two_sources_is_two_events(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await store.accept([stage.arrival(event("e", "/one", n=1)), stage.arrival(event("f", "/one"))])
            (kept,) = await store.accept([stage.arrival(event("e", "/two", n=2))])
            assert kept.known == "new"
            assert await store.find("e") is None, "it is not said which"
            assert await store.find("f") == "/one#f"
            assert [await store.find(key) for key in ("/one#e", "/two#e")] == ["/one#e", "/two#e"]

        run(self, story)

    def test_one_id_of_two_realms_is_found_by_whose_it_is(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            acme, birch, bobs = (
                replace(event("e"), realm=one) for one in ("acme/ann", "birch/ann", "acme/bob")
            )
            await store.accept([stage.arrival(acme), stage.arrival(birch)])
            assert await store.find("e") is None, "it is not said which"
            assert await store.find("e", "acme") == acme.key
            assert await store.find("e", "cedar") is None
            await store.accept([stage.arrival(bobs)])
            assert await store.find("e", "acme") is None, "two of it have one"
            assert await store.find("e", "birch") == birch.key
            assert await store.find(acme.key, "birch") == acme.key, "a key is a key"

        run(self, story)

    def test_a_duplicate_begins_nothing(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1", stage.work())
            kept = await stage.accept("e1", stage.work("a2"))
            assert (kept.known, kept.leases) == ("same", ())
            assert await stage.states() == [("a1", "waiting", 0)]
            assert len(await stage.claim()) == 1

        run(self, story)

    def test_quarantine_says_why_and_is_not_to_be_decided(self) -> None:
        async def story(stage: Stage) -> None:
            arrival = stage.arrival(event(), reasons=("/n: too small",), quarantined=True)
            (kept,) = await stage.store.accept([arrival])
            told = await stage.told()
            assert (told["state"], told["reasons"]) == ("quarantined", ["/n: too small"])
            assert (kept.pending, (await stage.store.depth()).pending) == ((), 0)
            assert stage.kinds() == ["event.accepted", "event.quarantined"]

        run(self, story)

    def test_event_decision_actions_and_audit_are_one_transaction(self) -> None:
        async def story(stage: Stage) -> None:
            kept = await stage.accept("e1", stage.work("a1", lease=30.0), stage.work("a2"))
            assert [lease.work.action.id for lease in kept.leases] == ["a1"]
            assert stage.kinds() == ["event.accepted", "event.decided", "action.started"]
            told = await stage.told()
            assert (told["state"], told["digest"], told["matched"]) == ("decided", "g1", ["r"])
            assert await stage.states() == [("a1", "running", 1), ("a2", "waiting", 0)]

        run(self, story)

    def test_what_nothing_follows_from_is_finished_at_once(self) -> None:
        async def story(stage: Stage) -> None:
            kept = await stage.accept("e1")
            assert kept.finished == ("/test#e1",)
            assert stage.kinds() == ["event.accepted", "event.decided", "event.finished"]
            assert (await stage.told())["state"] == "finished"

        run(self, story)

    def test_shadow_rules_are_told(self) -> None:
        async def story(stage: Stage) -> None:
            fired = (Fired("r", ()), Fired("s", (action("a2"),), ("no name",), shadow=True))
            decided = Decided(Decision("/test#e1", "thing.happened", "g1", fired))
            await stage.store.accept([stage.arrival(event(), decided)])
            told = await stage.told()
            assert (told["matched"], told["shadow"], told["problems"]) == (["r"], ["s"], ["no name"])

        run(self, story)

    def test_what_follows_comes_in_with_it_and_is_decided_once(self) -> None:
        async def story(stage: Stage) -> None:
            child = event("c1", "rule:r")
            reply = Frame("/test#e1", "data", {"price": 1}, action="a0", at=NOON)
            decided = stage.decided(
                arrivals=(stage.arrival(child),), frames=(reply,), done=(replace(action("a0"), verb="reply"),)
            )
            (kept,) = await stage.store.accept([stage.arrival(event(), decided)])
            assert kept.pending == ("rule:r#c1",)
            assert (await stage.store.depth()).pending == 1
            told = await stage.told()
            assert told["replies"] == [{"answer": {"price": 1}}]
            assert [(one["id"], one["state"]) for one in told["actions"]] == [("a0", "done")]
            work = stage.work("b1", child.key)
            assert (await stage.store.record(child, stage.decided(work, event=child.key))).known == "new"
            assert (await stage.store.record(child, stage.decided(work, event=child.key))).known == "same"
            assert len(await stage.claim()) == 1

        run(self, story)

    def test_undecided_events_are_handed_out_when_it_opens(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.store.accept([stage.arrival(event("e1")), stage.arrival(event("e2"))])
            await stage.store.record(event("e1"), Decided(Decision("/test#e1", "t", "g1", ()), Following()))
            if stage.store.caps.durable:
                recovered = await stage.again()
                assert recovered.pending == ("/test#e2",)
                assert await stage.store.event("/test#e2") == event("e2")

        run(self, story)
