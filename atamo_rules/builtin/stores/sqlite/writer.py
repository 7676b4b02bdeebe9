"""Group commit: one thread writes, and each transaction of the file takes whatever has come to wait for the last one.

No timer delays anything. A single caller is written alone; sixty-four callers share one fsync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from atamo_rules.errors import Busy

MOST_WAITING = 20_000
"""Transactions that wait to be written; beyond it the store is full."""
MOST_AT_ONCE = 2_000
"""Transactions in one commit."""

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """`write` is run on the thread with transactions in the order they came; `written` in the loop, once they are
    durable. What `write` raises, every caller of that group is told."""

    def __init__(self, write: Callable[[list[T]], None], written: Callable[[list[T]], None]) -> None:
        self.thread = ThreadPoolExecutor(1, "atamo store")
        self.commits = 0
        self._write = write
        self._written = written
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._busy = False

    def put(self, one: T) -> asyncio.Future[None]:
        """Have a transaction written: done when it is durable. Raises Busy."""
        if len(self._waiting) >= MOST_WAITING:
            raise Busy("too much waits to be written")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((one, done))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._next)  # whoever runs before then comes along
        return done

    def _next(self) -> None:
        group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        loop = asyncio.get_running_loop()
        self.thread.submit(self._run, group, loop)

    def _run(self, group: list[tuple[T, asyncio.Future[None]]], loop: asyncio.AbstractEventLoop) -> None:
        error: BaseException | None = None
        try:
            self._write([one for one, _ in group])
        except BaseException as raised:
            error = raised
        loop.call_soon_threadsafe(self._over, group, error)

    def _over(self, group: list[tuple[T, asyncio.Future[None]]], error: BaseException | None) -> None:
        self.commits += 1
        if error is None:
            self._written([one for one, _ in group])
        for _, done in group:
            if not done.done():
                done.set_result(None) if error is None else done.set_exception(error)
        if self._waiting:
            self._next()
        else:
            self._busy = False
