"""Many events of one key go to the store together, each decided on what those before it will leave; whatever comes to
nothing on the way, each that was kept is counted once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from atamo_rules.errors import Busy
from atamo_rules.hub.windows.ahead import MOST
from atamo_rules.hub.windows.keeping import TRIES
from atamo_rules.model.event import Event
from tests.hub.scene import Play, Scene

KEYS = ("1.1.1.1", "2.2.2.2")


def commits(scene: Scene) -> int:
    group: Any = scene.hub.store.file.group  # type: ignore[attr-defined]
    return int(group.commits)


def fails(scene: Scene, which: Sequence[int]) -> None:
    """Have the groups of these numbers fail as they are written, from now on."""
    group: Any = scene.hub.store.file.group  # type: ignore[attr-defined]
    write, number = group._write, 0

    def written(some: Any) -> None:
        nonlocal number
        number += 1
        if number - 1 in which:
            raise Busy("the disk is full")
        write(some)

    group._write = written


def nothing_is_held(scene: Scene) -> bool:
    windows = scene.hub.windows
    return not (windows.locks._locks or windows.ahead._lines or windows.ahead._events)


def test_a_hundred_events_of_one_key_are_a_few_commits(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        before = commits(scene)
        await asyncio.gather(*(scene.failed(f"f{n}") for n in range(104)))
        assert commits(scene) - before < 10
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"] * 20
        assert nothing_is_held(scene)
        await scene.kill()
        await scene.start()
        await scene.failed("f104")
        await asyncio.sleep(1)
        assert len(scene.texts) == 21
        await scene.end()

    play(story, on_disk=True)


def test_more_than_may_be_on_their_way_wait_for_them(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        await asyncio.gather(*(scene.failed(f"f{n}") for n in range(5 * MOST)))
        await asyncio.sleep(1)
        assert len(scene.texts) == MOST
        assert nothing_is_held(scene)
        await scene.end()

    play(story, on_disk=True)


def test_a_repetition_among_them_counts_nothing_and_what_was_decided_on_it_is_decided_anew(
    play: Play,
) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        for id in ("old1", "old2"):
            await scene.failed(id)
        ids = ["f0", "old1", "f1", "old2", "f2", "f1", "f2", "f3", "old1", "f4", "f5", "f6"]
        await asyncio.gather(*map(scene.failed, ids))
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"]  # nine events
        await scene.failed("f7")
        await asyncio.sleep(1)
        assert scene.texts == ["five by 1.2.3.4"] * 2
        kinds = Counter(record.kind for record in scene.heard.records if record.event == "f2")
        assert (kinds["event.accepted"], kinds["event.duplicate"]) == (1, 1)
        assert nothing_is_held(scene)
        await scene.end()

    play(story, on_disk=True)


def test_repetitions_without_end_delay_an_event_for_a_few_commits_only(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.start()
        for n in range(64):
            await scene.failed(f"old{n}")
        before = commits(scene)
        repeated = [asyncio.create_task(scene.failed(f"old{n}")) for n in range(64)]
        new = asyncio.create_task(scene.failed("new"))
        await new
        assert commits(scene) - before < 64 + TRIES
        await asyncio.gather(*repeated)
        await asyncio.sleep(1)
        assert len(scene.texts) == 13
        await scene.end()

    play(story, on_disk=True)


@pytest.mark.parametrize("failing", [[0], [1], [0, 2], [1, 2, 3]])
def test_what_rests_on_what_could_not_be_written_is_decided_anew(failing: list[int], play: Play) -> None:
    """Some are in the group that fails, and others, decided on what they would have left, in the next."""

    async def story(scene: Scene) -> None:
        await scene.start()
        fails(scene, failing)
        sent = []
        for n in range(40):
            sent.append(asyncio.create_task(scene.failed(f"f{n}")))
            await asyncio.sleep(0.004)
        found = await asyncio.gather(*sent, return_exceptions=True)
        kept = sum(one is None for one in found)
        assert {type(one) for one in found} == {type(None), Busy}
        await asyncio.sleep(1)
        assert len(scene.texts) == kept // 5
        for n in range(kept % 5, 5):
            await scene.failed(f"more{n}")
        await asyncio.sleep(1)
        assert len(scene.texts) == kept // 5 + 1
        assert nothing_is_held(scene)
        await scene.end()

    play(story, on_disk=True)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_each_that_was_kept_is_counted_once_and_in_order(seed: int, play: Play) -> None:
    """Repetitions, groups that fail, clients that go away and come again, and a process that is killed amid them."""
    chance = random.Random(seed)

    async def sent(scene: Scene, id: str, ip: str) -> None:
        while True:
            await asyncio.sleep(chance.random() * 0.05)
            try:
                async with asyncio.timeout(0.005 if chance.random() < 0.2 else 60):
                    await scene.failed(id, ip)
                    return
            except (Busy, TimeoutError):
                continue

    async def story(scene: Scene) -> None:
        events = {f"f{n}": chance.choice(KEYS) for n in range(80)}
        for life in range(2):
            await scene.start()
            fails(scene, [n for n in range(1, 60) if chance.random() < 0.2])
            some = [id for n, id in enumerate(events) if life == 1 or n < 50]
            again = chance.choices(some, k=30)
            clients = [asyncio.create_task(sent(scene, id, events[id])) for id in (*some, *again)]
            if life == 0:
                await asyncio.sleep(chance.random() * 0.3)
                await scene.kill()
                for client in clients:
                    client.cancel()
            await asyncio.gather(*clients, return_exceptions=life == 0)
        await asyncio.sleep(5)
        assert nothing_is_held(scene)
        log = await scene.hub.store.audit(0, 10_000)
        for key in KEYS:
            mine = sum(ip == key for ip in events.values())
            accepted = [one for one in log if one.kind == "event.accepted" and events.get(one.event) == key]
            assert len(accepted) == mine
            fired = [one for one in log if one.kind == "action.created" and events.get(one.event) == key]
            assert len(fired) == mine // 5
            assert [one.event for one in fired] == [one.event for one in accepted[4::5]]
        await scene.end()

    play(story, on_disk=True)


def test_windows_that_are_let_go_of_wait_for_what_is_on_its_way(play: Play) -> None:
    """A key is released, as when a message is erased, while others of it are being written: what is left was decided
    after the release, or is gone with it."""

    async def story(scene: Scene) -> None:
        await scene.start()
        for n in range(2):
            await scene.failed(f"f{n}")
        first = await scene.hub.store.event("f0")
        assert isinstance(first, Event)
        on_its_way = asyncio.create_task(scene.failed("f2"))
        await asyncio.sleep(0.001)
        release = asyncio.create_task(scene.hub.windows.release(first))
        await asyncio.sleep(0.001)
        behind = asyncio.create_task(scene.failed("f3"))
        await asyncio.gather(on_its_way, release, behind)
        (state,) = [state for shelf in scene.hub.windows.book.shelves.values() for state in shelf.values()]
        assert len(state.held) == 1  # f3 alone
        await scene.end()

    play(story, on_disk=True)
