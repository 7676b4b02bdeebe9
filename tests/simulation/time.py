"""Virtual time: an event loop that never waits, and a disk whose jobs take a while of it.

When nothing is ready the loop does not sleep: its clock moves to the next moment at which something is. So hours pass
in milliseconds, and what happens depends on nothing but the program.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2026, 2, 3, 12, tzinfo=UTC)


class VirtualClock:
    """`seconds` only rise; the wall clock goes with them, and is set by `step` beside."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.offset = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds - 1000.0 + self.offset)

    def passed(self) -> float:
        return self.seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock alone."""
        self.offset += seconds


class Leap(selectors.DefaultSelector):
    """Instead of waiting, moves the clock."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is ready and nothing will be: the world stands still"
        self.clock.seconds += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop of one process of a world. It has one thread, and nothing comes in from outside."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(Leap(clock))
        self.clock = clock

    def time(self) -> float:
        return self.clock.seconds

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def kill(self) -> None:
        """End everything that runs, wherever it is."""
        for _ in range(10):
            left = asyncio.all_tasks(self)
            if not left:
                break
            for task in left:
                task.cancel()
            self.run_until_complete(asyncio.wait(left, timeout=1.0))
        self.close()


class Disk(Executor):
    """Does jobs one after the other in the loop, each after some time. Once it is `dead` those who wait for it are only
    let go: what it would write is refused, and what it would read is gone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, takes: Callable[[], float]) -> None:
        self.loop = loop
        self.takes = takes
        self.dead = False
        self._line: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        self._line.append((done, lambda: fn(*args, **kwargs)))
        if len(self._line) == 1:
            self.loop.call_later(self.takes(), self._next)
        return done

    def _next(self) -> None:
        done, job = self._line.popleft()
        if done.set_running_or_notify_cancel():
            try:
                result = job()
            except BaseException as error:
                done.set_exception(error)
            else:
                done.set_result(result)
        if self._line:
            self.loop.call_later(self.takes(), self._next)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        return None
