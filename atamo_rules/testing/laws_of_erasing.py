"""Laws of erasing: nothing of what an event said is left, its steps are still proved, and it is not taken again."""

from __future__ import annotations

from atamo_rules.hub.audit.erased import Erasures, leaf_of, leaf_of_bytes
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.audit.merkle import leaf_hash
from atamo_rules.model.frame import Frame
from atamo_rules.model.outcome import Done, Failed
from atamo_rules.testing.store_stage import Laws, Stage, event, run

KEY = "/test#e1"


class ErasingLaws(Laws):
    """What every store does when it is told to let go of all that an event says."""

    def test_nothing_of_it_is_left_and_others_stay(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            for id in ("e1", "e2"):
                await stage.accept(
                    id, stage.work(f"a{id}", f"/test#{id}"), stage.work(f"b{id}", f"/test#{id}")
                )
                one, two = await stage.claim()
                await store.settle(one, Done({"answer": id}))
                await store.settle(two, Failed(f"no, {id}", "refused"))
                await store.append([Frame(f"/test#{id}", "data", id)])
            assert await store.erase(KEY, "ann", "they asked")
            told = await stage.told()
            assert told == {
                "id": "e1", "state": "erased", "time": told["time"], "type": "thing.happened", "source": "/test",
                "user": "alice", "groups": [], "organisation": "acme",
            }  # fmt: skip
            assert await store.event(KEY) is None
            assert await store.decision(KEY) is None
            page = await store.read(KEY, 0, 10, 0.0)
            assert (page.frames, page.expired) == ((), 1)
            assert [letter.work.event for letter in await store.dead()] == ["/test#e2"]
            assert dict(await store.dead_groups()) == {("desk", "refused"): 1}
            assert (await stage.told("e2"))["state"] == "finished"
            assert (await store.read("/test#e2", 0, 10, 0.0)).frames[0].body == "e2"
            assert (await store.depth()).pending == 0

        run(self, story)

    def test_its_records_keep_their_hashes_and_the_erasure_says_which_are_hollow(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await stage.accept("e1", stage.work())
            (lease,) = await stage.claim()
            await store.settle(lease, Failed("no such street: 4 Hidden Lane", "refused"))
            before = [leaf_hash(record_bytes(record)) for record in await store.audit(0, 100)]
            kinds = [record.kind for record in await store.audit(0, 100)]
            assert await store.erase(KEY, "ann", "they asked")
            records = await store.audit(0, 100)
            assert [record.kind for record in records] == [*kinds, "event.erased"]
            assert list(await store.leaves(0, 100))[: len(before)] == before
            assert [leaf_of(record) for record in records][: len(before)] == before
            assert "Hidden Lane" not in repr(records)
            assert [record.kind for record in records if "erased" in record.what] == ["action.failed"]
            last = records[-1]
            assert (last.event, last.what["by"], last.what["why"]) == (KEY, "ann", "they asked")
            erasures, log = Erasures(), [record_bytes(record) for record in records]
            assert [leaf_of_bytes(raw) for raw in erasures.along(log)][: len(before)] == before
            assert erasures.unspoken == ()

        run(self, story)

    def test_its_key_is_known_whatever_comes_under_it(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1")
            assert await stage.store.erase(KEY)
            assert (await stage.accept("e1")).known == "same"
            (kept,) = await stage.store.accept([stage.arrival(event("e1", n=2))])
            assert kept.known == "same"
            assert (await stage.told())["state"] == "erased"
            if stage.store.caps.durable:
                await stage.again()
                assert (await stage.accept("e1")).known == "same"
                assert (await stage.told())["state"] == "erased"

        run(self, story)

    def test_what_is_open_or_undecided_or_unknown_is_not_erased(self) -> None:
        async def story(stage: Stage) -> None:
            store = stage.store
            await stage.accept("e1", stage.work())
            await store.accept([stage.arrival(event("e2"))])
            heard = len(stage.heard)
            for key in (KEY, "/test#e2", "/test#nobody"):
                assert not await store.erase(key)
            assert len(stage.heard) == heard
            assert await store.event(KEY) == event("e1")
            (lease,) = await stage.claim()
            await store.settle(lease, Done(None))
            assert await store.erase(KEY)
            assert await store.erase(KEY)
            assert stage.kinds(KEY).count("event.erased") == 1

        run(self, story)

    def test_what_comes_late_is_not_kept(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.accept("e1")
            assert await stage.store.erase(KEY)
            await stage.store.append([Frame(KEY, "data", "late")])
            await stage.store.rewrite()
            assert (await stage.store.read(KEY, 0, 10, 0.0)).frames == ()

        run(self, story)
