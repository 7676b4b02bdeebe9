"""What this hub hands in: transactions that wait, bundles on their way, and who waits to hear how they ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import suppress

from msgspec import Struct

from atamo_rules.builtin.stores.journal import Change
from atamo_rules.builtin.stores.nats.wire import Bundle, WireChange
from atamo_rules.hub.whole import Durable

MOST_WAITING = 20_000
"""Transactions that wait; beyond it the store is full."""
MOST_AT_ONCE = 500
"""Transactions of one bundle."""


class Handed(Struct):
    """One transaction on its way, and what tells of its end."""

    change: Change
    wire: WireChange
    done: Durable


class Batch:
    """What becomes one bundle. When it has ended its callers go on one after the other, each up to its next wait,
    before anything else is followed: so what they do to memory happens in the order of the stream."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.ones: list[Handed] = []
        self.acknowledged = asyncio.Event()
        self._through = asyncio.Event()
        self._left = 0

    def add(self, one: Handed) -> None:
        self.ones.append(one)
        self.bundle.changes.append(one.wire)
        self._left += 1

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return not self._left

    def passed(self) -> None:
        """One of its callers goes on."""
        self._left -= 1
        if not self._left:
            self._through.set()

    async def ended(self, fates: list[BaseException | None]) -> None:
        """Tell every caller, and wait until all have gone on."""
        for one, error in zip(self.ones, fates, strict=True):
            if error is None:
                one.done.set_result(None)
            else:
                one.done.set_exception(error)
        if self.ones:
            await self._through.wait()

    def failed(self, error: BaseException) -> None:
        """It came to nothing."""
        for one in self.ones:
            with suppress(asyncio.InvalidStateError):
                one.done.set_exception(error)
        self.acknowledged.set()


class Line:
    """Batches in the order in which they are handed in; whatever comes while one is on its way goes along in the
    next."""

    def __init__(self) -> None:
        self._waiting: deque[Batch] = deque()
        self._there = asyncio.Event()
        self._last: Batch | None = None

    def put(self, change: Change, wire: WireChange, bundle: Bundle | None = None) -> tuple[Handed, Batch]:
        """Stand in line; with a `bundle` alone in it."""
        one = Handed(change, wire, Durable(loop=asyncio.get_running_loop()))
        last = self._waiting[-1] if self._waiting else None
        if bundle is not None or last is None or len(last.ones) >= MOST_AT_ONCE or last.bundle.alone:
            last = Batch(Bundle([]) if bundle is None else bundle)
            self._waiting.append(last)
        last.add(one)
        self._last = last
        self._there.set()
        return one, last

    @property
    def full(self) -> bool:
        return len(self._waiting) > MOST_WAITING // MOST_AT_ONCE

    @property
    def last(self) -> Batch | None:
        """What was handed in last."""
        return self._last

    async def next(self) -> Batch:
        """The next to be sent."""
        while not self._waiting:
            self._there.clear()
            await self._there.wait()
        return self._waiting.popleft()

    def rest(self) -> Iterator[Batch]:
        """What was never sent."""
        while self._waiting:
            yield self._waiting.popleft()


async def stopped(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: `wait_for` of Python 3.11 loses a cancellation that comes with its result
    (cpython#86296)."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.1)
