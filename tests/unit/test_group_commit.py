"""One thread writes groups in the order they came; whoever waits learns how theirs ended, also who was told to stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import patch

import pytest

from atamo_rules.builtin.stores.sqlite import writer
from atamo_rules.builtin.stores.sqlite.writer import GroupCommit
from atamo_rules.errors import Busy, StoreUnavailable


class Disk:
    """What was written, in groups. `open` lets one group after the other through."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.told: list[int] = []
        self.error: Exception | None = None
        self.open = threading.Semaphore(0)
        self.commit: GroupCommit[int] = GroupCommit(self.write, self.told.extend)

    def write(self, group: list[int]) -> None:
        self.open.acquire()
        if self.error is not None:
            raise self.error
        self.groups.append(list(group))


def story(told: Callable[[Disk], Coroutine[Any, Any, None]]) -> Disk:
    disk = Disk()
    asyncio.run(told(disk))
    disk.commit.thread.shutdown()
    return disk


def test_whoever_comes_while_a_group_is_written_is_in_the_next() -> None:
    async def told(disk: Disk) -> None:
        first = [disk.commit.put(n) for n in range(3)]
        await asyncio.sleep(0)
        second = [disk.commit.put(n) for n in range(3, 8)]
        disk.open.release()
        await asyncio.gather(*(one.ended() for one in first))
        assert disk.told == [0, 1, 2]
        disk.open.release()
        await asyncio.gather(*(one.ended() for one in second))

    disk = story(told)
    assert disk.groups == [[0, 1, 2], [3, 4, 5, 6, 7]]
    assert disk.told == list(range(8))
    assert disk.commit.commits == 2


def test_who_is_told_to_stop_learns_how_it_ended_and_stops_at_the_next_wait() -> None:
    seen: list[str] = []

    async def told(disk: Disk) -> None:
        async def caller(number: int) -> None:
            await disk.commit.put(number).ended()
            seen.append(f"{number} is written")
            await asyncio.sleep(0)
            seen.append(f"{number} goes on")

        callers = [asyncio.create_task(caller(number)) for number in range(3)]
        await asyncio.sleep(0)
        for _ in range(2):
            callers[1].cancel()
            await asyncio.sleep(0)
        assert not any(one.done() for one in callers)
        disk.open.release()
        await asyncio.wait(callers)
        assert [one.cancelled() for one in callers] == [False, True, False]

    disk = story(told)
    assert disk.groups == [[0, 1, 2]]
    assert sorted(seen) == ["0 goes on", "0 is written", "1 is written", "2 goes on", "2 is written"]


def test_a_limit_of_time_that_ends_while_it_is_written_is_told_as_that() -> None:
    async def told(disk: Disk) -> None:
        written = False

        async def caller() -> None:
            nonlocal written
            async with asyncio.timeout(10) as limit:
                done = disk.commit.put(1)
                limit.reschedule(0)
                asyncio.get_running_loop().call_later(0.01, disk.open.release)
                await done.ended()
                written = True
                await asyncio.sleep(0)

        with pytest.raises(TimeoutError):
            await caller()
        assert written

    story(told)


def test_an_error_is_told_to_all_of_its_group_and_to_nobody_else() -> None:
    async def told(disk: Disk) -> None:
        disk.error = StoreUnavailable("no")
        first = [disk.commit.put(n) for n in range(3)]
        await asyncio.sleep(0)
        later = disk.commit.put(9)
        disk.open.release()
        found = await asyncio.gather(*(one.ended() for one in first), return_exceptions=True)
        assert found == [disk.error] * 3
        disk.error = None
        disk.open.release()
        await later.ended()

    disk = story(told)
    assert (disk.groups, disk.told) == ([[9]], [9])


def test_a_caller_that_was_told_to_stop_hears_of_an_error_too() -> None:
    async def told(disk: Disk) -> None:
        disk.error = StoreUnavailable("no")
        heard: list[str] = []

        async def caller() -> None:
            try:
                await disk.commit.put(1).ended()
            except StoreUnavailable as error:
                heard.append(str(error))
            await asyncio.sleep(0)

        task = asyncio.create_task(caller())
        await asyncio.sleep(0)
        task.cancel()
        disk.open.release()
        await asyncio.wait([task])
        assert (heard, task.cancelled()) == (["no"], True)

    story(told)


def test_what_waits_is_limited_and_so_is_a_group() -> None:
    async def told(disk: Disk) -> None:
        with patch.multiple(writer, MOST_WAITING=6, MOST_AT_ONCE=3):
            waiting = [disk.commit.put(n) for n in range(6)]
            with pytest.raises(Busy):
                disk.commit.put(6)
            await asyncio.sleep(0)
            waiting += [disk.commit.put(n) for n in range(7, 10)]
            with pytest.raises(Busy):
                disk.commit.put(10)
            for _ in range(3):
                disk.open.release()
            await asyncio.gather(*(one.ended() for one in waiting))

    assert story(told).groups == [[0, 1, 2], [3, 4, 5], [7, 8, 9]]


def test_a_transaction_of_many_events_counts_as_many() -> None:
    async def told(disk: Disk) -> None:
        with patch.multiple(writer, MOST_WAITING=6, MOST_AT_ONCE=3):
            waiting = [disk.commit.put(n, size) for n, size in ((0, 1), (1, 5), (2, 2), (3, 1))]
            with pytest.raises(Busy):
                disk.commit.put(4)
            for _ in range(2):
                disk.open.release()
            await asyncio.gather(*(one.ended() for one in waiting))

    assert story(told).groups == [[0, 1], [2, 3]]
