"""What runs beside: tasks that can be waited for and cancelled by name, clocks, and the ends of events."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Coroutine
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from typing import Any
from weakref import WeakValueDictionary

from atamo_rules.errors import StoreUnavailable


class Underway:
    """The tasks of one hub."""

    def __init__(self) -> None:
        self._tasks: dict[object, asyncio.Task[None]] = {}
        """By the task itself, or by the key of what says itself when it is over."""
        self._named: dict[str, asyncio.Task[None]] = {}
        self.stopped: set[str] = set()
        """Names of what was cancelled before it had begun."""
        self._over: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        """Kept by those who wait."""
        self._awaited = False
        """Whether anybody has ever waited: most hubs are asked by nobody."""
        self._clocks: set[asyncio.TimerHandle] = set()

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """Those that are not over."""
        return {task for task in self._tasks.values() if not task.done()}

    def spawn(self, work: Coroutine[Any, Any, None], name: str = "") -> asyncio.Task[None]:
        """Have something done beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = task
        if name:
            self._named[name] = task
        task.add_done_callback(lambda done: self._done(done, name))
        return task

    def begin(self, key: object, work: Coroutine[Any, Any, None], name: str) -> None:
        """Have something done beside that raises nothing, and calls `ended` with the same key and name as the last it
        does: the loop, which takes a turn to tell the end of a task, has nothing to tell."""
        self._tasks[key] = self._named[name] = asyncio.get_running_loop().create_task(work)

    def ended(self, key: object, name: str) -> None:
        """What was begun under a key is over."""
        task = self._tasks.pop(key, None)
        if task is not None and self._named.get(name) is task:
            del self._named[name]
            if self.stopped:
                self.stopped.discard(name)

    async def whole(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that goes to its end, also when its caller stops waiting for it."""
        await asyncio.shield(self.spawn(work))

    def cancel(self, name: str) -> None:
        """Stop what runs under a name. What has not begun yet begins, to see that it was stopped, and to give back what
        it was handed: cancelled as a task, it would never run at all."""
        task = self._named.get(name)
        if task is None:
            return
        work = task.get_coro()
        if iscoroutine(work) and getcoroutinestate(work) == CORO_CREATED:
            self.stopped.add(name)
        else:
            task.cancel()

    def later(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """Do something in so many seconds, unless this ends before; gives what has it never be done."""

        def due() -> None:
            self._clocks.discard(handle)
            act()

        def never() -> None:
            self._clocks.discard(handle)
            handle.cancel()

        handle = asyncio.get_running_loop().call_later(seconds, due)
        self._clocks.add(handle)
        return never

    def ending(self, event: str) -> asyncio.Event:
        """Is set when an event is over."""
        self._awaited = True
        return self._over.setdefault(event, asyncio.Event())

    def over(self, event: str) -> None:
        """An event is over."""
        ending = self._over.pop(event, None) if self._awaited else None
        if ending is not None:
            ending.set()

    async def finish(self, seconds: float) -> None:
        """Wait for all tasks, then cancel what is left; no clock strikes after."""
        for clock in self._clocks:
            clock.cancel()
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (tasks := self.tasks) and loop.time() < until:
            await asyncio.wait(tasks, timeout=max(0.0, until - loop.time()))
        left = list(self.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _done(self, task: asyncio.Task[None], name: str) -> None:
        self.ended(task, name)
        if task.cancelled():
            return
        error = task.exception()
        # That the store cannot go on was said when it was found out.
        if error is not None and not isinstance(error, StoreUnavailable):
            self.fault(error)

    def fault(self, error: BaseException) -> None:
        """Tell of what should not have happened; everything else goes on."""
        sys.stderr.write(f"atamo: a fault of the hub: {type(error).__name__}: {error}\n")
        traceback.print_exception(error)
