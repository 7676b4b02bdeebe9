"""Calls that block, in threads that never keep a process from ending.

A thread cannot be stopped from outside. One whose caller has gone runs on to its own end; so many may, and no more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from atamo_rules.model.outcome import Again

MOST_LEFT = 64
"""Threads that may run on after their callers have gone."""


class Crowded(Exception):
    """Too many calls before are still running."""

    def outcome(self) -> Again:
        """What becomes of the attempt."""
        return Again(f"{MOST_LEFT} calls before it were cut off and are still running", error="crowded")


class Threads:
    """A thread for each call."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.left: set[threading.Thread] = set()

    async def run(self, work: Callable[[], Any]) -> Any:
        """What a function gives, or raises, SystemExit included. Raises Crowded."""
        self.left = {thread for thread in self.left if thread.is_alive()}
        if len(self.left) >= MOST_LEFT:
            raise Crowded
        loop = asyncio.get_running_loop()
        given: asyncio.Future[Any] = loop.create_future()

        def settle(value: Any, error: BaseException | None) -> None:
            if given.done():
                return
            if isinstance(error, StopIteration):
                error = RuntimeError(f"the function raised StopIteration: {error}")
            if error is None:
                given.set_result(value)
            else:
                given.set_exception(error)

        def call() -> None:
            value, raised = None, None
            try:
                value = work()
            except BaseException as error:  # somebody's function
                raised = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, value, raised)

        thread = threading.Thread(target=call, name=self.name, daemon=True)
        thread.start()
        try:
            return await given
        finally:
            if thread.is_alive():
                self.left.add(thread)
