"""Group commit: one thread writes, and each transaction of the file takes whatever has come to wait for the last one.

No timer delays anything. A single caller is written alone; sixty-four callers share one fsync.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from atamo_rules.errors import Busy
from atamo_rules.hub.whole import Durable

MOST_WAITING = 20_000
"""Transactions, or events in them, that wait to be written; beyond it the store is full."""
MOST_AT_ONCE = 2_000
"""Of those in one commit."""

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """`write` is run on the thread with transactions in the order they came; `written` in the loop, once they are
    durable. What `write` raises, every caller of that group is told."""

    def __init__(self, write: Callable[[list[T]], None], written: Callable[[list[T]], None]) -> None:
        self.thread = ThreadPoolExecutor(1, "atamo store")
        self.commits = 0
        self._write = write
        self._written = written
        self._waiting: deque[tuple[list[T], Durable]] = deque()
        self._size = 0
        """Of the last group that waits."""
        self._busy = False

    def put(self, one: T, size: int = 1) -> Durable:
        """Have a transaction of `size` events written with whatever else waits; gives what tells of its whole group.
        Raises Busy."""
        waiting = self._waiting
        if not waiting or self._size >= MOST_AT_ONCE:
            if len(waiting) >= MOST_WAITING // MOST_AT_ONCE:
                raise Busy("too much waits to be written")
            loop = asyncio.get_running_loop()
            waiting.append(([], Durable(loop=loop)))
            self._size = 0
            if not self._busy:
                self._busy = True
                loop.call_soon(self._next)  # whoever runs before then comes along
        group, done = waiting[-1]
        group.append(one)
        self._size += size
        return done

    def _next(self) -> None:
        self.thread.submit(self._run, *self._waiting.popleft(), asyncio.get_running_loop())

    def _run(self, group: list[T], done: Durable, loop: asyncio.AbstractEventLoop) -> None:
        error: BaseException | None = None
        try:
            self._write(group)
        except BaseException as raised:
            error = raised
        loop.call_soon_threadsafe(self._over, group, done, error)

    def _over(self, group: list[T], done: Durable, error: BaseException | None) -> None:
        self.commits += 1
        try:
            if error is None:
                self._written(group)
        finally:  # a fault in who is told of it takes nothing back, and nobody may wait for ever
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
            if self._waiting:
                self._next()
            else:
                self._busy = False
