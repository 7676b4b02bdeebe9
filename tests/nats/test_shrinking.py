"""The stream is shortened behind a copy: hubs that are there go on, those that were not begin with the copy."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.stores.nats import copies, shrinking
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.errors import Busy
from atamo_rules.testing.store_stage import Stage, event
from tests.nats.test_two_hubs import caught_up, leaves, together

LARGE = "x" * 400_000


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in the stream is much."""
    monkeypatch.setattr(shrinking, "LEAST", 1)
    monkeypatch.setattr(shrinking, "TIMES", 0)


def nats(stage: Stage) -> NatsStore:
    assert isinstance(stage.store, NatsStore)
    return stage.store


async def first(store: NatsStore) -> int:
    return (await store.stream.link.look()).first


async def shortened(*stages: Stage) -> None:
    """Have whichever hub is the one to do it shorten the stream: once they know of each other how far they are."""
    async with asyncio.timeout(20):
        while sum(nats(stage).beats.first for stage in stages) > 1:
            await asyncio.sleep(0.01)
        while any(one.beats.everywhere() < one.stream.follower.place for one in map(nats, stages)):
            await asyncio.sleep(0.01)
    for stage in stages:
        while await stage.store.housekeeping():
            pass


def test_who_is_there_goes_on_and_who_was_not_begins_with_the_copy(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        gone = NatsStore(place, tmp_path / "gone", one.clock)
        await gone.open(lambda first, notes: None)
        await gone.close()
        for number in range(9):
            await one.accept(f"e{number}", one.work(f"a{number}", f"/test#e{number}"))
        await one.store.accept([one.arrival(event("large", text=LARGE))])
        await caught_up(one, two)
        before = await first(nats(one))
        await shortened(one, two)
        assert await first(nats(one)) > before + 9
        await two.accept("after", two.work("last", "/test#after"))
        for folder in ("gone", "new"):
            later = NatsStore(place, tmp_path / folder, one.clock)
            await later.open(lambda first, notes: None)
            assert await later.audit(0, 10_000) == await two.store.audit(0, 10_000)
            assert await leaves(later) == await leaves(two.store)
            assert await later.event("/test#large") == event("large", text=LARGE)
            await later.close()
        await caught_up(one, two)
        assert len(await one.claim(20)) == 10

    together(place, tmp_path, story, grace=0.4)


def test_a_hub_that_is_behind_is_waited_for(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shrinking, "PATIENCE", 0.5)

    async def story(one: Stage, two: Stage) -> None:
        for number in range(9):
            await one.accept(f"e{number}")
        await caught_up(one, two)
        slow: Any = nats(two).stream.follower
        apply, let = slow._apply, asyncio.Event()

        async def waiting(*given: Any) -> None:
            await let.wait()
            await apply(*given)

        slow._apply = waiting
        for number in range(9, 14):
            await one.accept(f"e{number}")
        at = slow.place
        async with asyncio.timeout(20):  # until it has said where it is
            while nats(one).beats.everywhere() != at:
                await asyncio.sleep(0.01)
        await shrinking.shrink(nats(one).stream)
        assert await first(nats(one)) == at + 1
        let.set()

    together(place, tmp_path, story, grace=4.0)


def test_who_only_just_begins_goes_on_from_the_copy(place: Place, tmp_path: Path) -> None:
    async def story(one: Stage, two: Stage) -> None:
        for number in range(9):
            await one.accept(f"e{number}")
        await caught_up(one, two)
        later = NatsStore(place, tmp_path / "later", one.clock)
        follower: Any = later.stream.follower
        catch_up, tries = follower.catch_up, 0

        async def meanwhile(after: int, last: int) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                await shortened(one, two)
            await catch_up(after, last)

        follower.catch_up = meanwhile
        await later.open(lambda first, notes: None)
        assert tries == 2
        assert await later.audit(0, 10_000) == await one.store.audit(0, 10_000)
        await later.close()

    together(place, tmp_path, story, grace=0.4)


def test_one_that_is_small_or_whose_copy_cannot_be_kept_is_left_alone(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        stage = Stage(lambda clock: NatsStore(place, tmp_path, clock))
        await stage.open()
        await stage.accept()
        before = await first(nats(stage))
        with monkeypatch.context() as full:
            full.setattr(copies, "DATABASE", "no such folder/view.db")
            with pytest.raises(Busy, match="cannot be shortened"):
                await stage.store.housekeeping()
        monkeypatch.setattr(shrinking, "LEAST", 1 << 40)
        await stage.store.housekeeping()
        assert await first(nats(stage)) == before
        await stage.accept("e2")
        await stage.store.close()

    asyncio.run(story())


def test_a_copy_that_comes_late_does_not_stand_in_for_a_newer_one(place: Place, tmp_path: Path) -> None:
    async def story() -> None:
        stage = Stage(lambda clock: NatsStore(place, tmp_path, clock))
        await stage.open()
        stream = nats(stage).stream
        await stage.accept()
        begun = await stream.on_thread(copies.begin_copy, stream.path)
        late = copies.take_copy(begun).rename(tmp_path / "late")
        await stage.accept("e2")
        newer = await shrinking.copy(stream)
        assert begun.seq < newer
        await copies.put_copy(stream.link, late, begun.seq)
        bucket = await copies._bucket(stream.link)
        assert await copies._places(stream.link, bucket) == [newer]
        await stage.store.close()

    asyncio.run(story())


def test_copies_of_a_stream_that_was_taken_away_are_none_of_the_one_that_has_its_name(
    place: Place, tmp_path: Path
) -> None:
    async def story() -> None:
        for folder, events in (("before", 20), ("after", 5)):
            stage = Stage(lambda clock, folder=folder: NatsStore(place, tmp_path / folder, clock))  # type: ignore[misc]
            await stage.open()
            stream = nats(stage).stream
            for number in range(events):
                await stage.accept(f"e{number}")
            seq = await shrinking.copy(stream)
            await stream.link.purge(seq)
            if folder == "before":
                await stream.link.stream.delete_stream(place.stream)
                await nats(stage).beats.end()
                await stream.close()
        later = NatsStore(place, tmp_path / "later", stage.clock)
        await later.open(lambda first, notes: None)
        assert await later.audit(0, 10_000) == await stage.store.audit(0, 10_000)
        assert len(await copies._names(await copies._bucket(stream.link))) == 1
        await later.close()
        await stage.store.close()

    asyncio.run(story())
