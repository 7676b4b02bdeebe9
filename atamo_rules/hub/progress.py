"""What is under way: every task by the event it follows from, so that one knows when an event is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


class Progress:
    """Counts the work of each event. When an event's count falls to zero it is over, and `finished` is told once."""

    def __init__(
        self, finished: Callable[[str], Awaitable[None]], fault: Callable[[str, BaseException], None]
    ) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._finished = finished
        self._fault = fault
        self._open: dict[str, int] = {}
        self._over: dict[str, asyncio.Event] = {}

    @contextmanager
    def of(self, event: str) -> Iterator[None]:
        """Holds an event open while its first work is begun, so that it cannot be over in between."""
        self._open[event] = self._open.get(event, 0) + 1
        try:
            yield
        finally:
            self._less(event)

    def begin(self, event: str, work: Coroutine[Any, Any, None]) -> None:
        """Start work that belongs to an event."""
        self._open[event] = self._open.get(event, 0) + 1
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(lambda done: self._done(event, done))

    async def wait(self, event: str, seconds: float) -> None:
        """Come back when the event is over, or after `seconds`."""
        if event not in self._open:
            return
        over = self._over.setdefault(event, asyncio.Event())
        try:
            await asyncio.wait_for(over.wait(), seconds)
        except TimeoutError:
            return

    async def drain(self, seconds: float) -> int:
        """Wait for all work, then cancel what is left; gives how much was left."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self.tasks and loop.time() < until:
            await asyncio.wait(set(self.tasks), timeout=max(0.0, until - loop.time()))
        left = list(self.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)

    def _done(self, event: str, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if task.cancelled():
            return  # cut off by the end of the process: the event is not over
        error = task.exception()
        if error is not None:
            self._fault(event, error)
        self._less(event)

    def _less(self, event: str) -> None:
        left = self._open[event] - 1
        if left:
            self._open[event] = left
            return
        task = asyncio.get_running_loop().create_task(self._end(event))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _end(self, event: str) -> None:
        try:
            await self._finished(event)
        finally:
            self._open.pop(event, None)
            over = self._over.pop(event, None)
            if over is not None:
                over.set()
