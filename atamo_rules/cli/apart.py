"""An event loop in a thread of its own, for code of somebody else: what blocks there blocks nothing here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
GRACE = 1.0
"""Seconds beyond its own deadline that work is waited for, before it is taken to block its thread."""


class Blocked(Exception):
    """Work that did not come back in time, and could not be told to: its thread is left to itself."""


class Apart:
    """One such loop. Its thread never keeps the process from ending."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.blocked = False
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.loop.run_forever()
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Result], seconds: float) -> Result:
        """What comes of work that keeps a deadline itself. Raises Blocked where it does not, and from then on."""
        if self.blocked:
            work.close()
            raise Blocked
        going = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return going.result(seconds + GRACE)
        except TimeoutError:
            if going.done():
                raise
            self.blocked = True
            going.cancel()
            raise Blocked from None

    def end(self) -> None:
        """Have the loop end, once it is not blocked."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        if not self.blocked:
            self.thread.join(GRACE)
