"""What cannot be taken back goes to its end, whoever stops waiting for it.

A caller that is cancelled while its transaction is being written does not unwrite it: memory must follow, and what
follows must begin. The cancellation is not lost; it is delivered at the next wait that can be given up.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

T = TypeVar("T")


class Durable(asyncio.Future[None]):
    """How a group of writes ended, for all who wait for it. It cannot be cancelled: what was handed over is written or
    not, whoever stops waiting."""

    def cancel(self, msg: Any | None = None) -> bool:
        return False

    async def ended(self) -> bool:
        """Wait for it. Who is cancelled meanwhile learns how it ended, and is cancelled at their next wait; gives
        whether that is so. Raises what it ended with."""
        try:
            await self
        except asyncio.CancelledError:
            if not self.put_off():
                raise
            return True
        return False

    def put_off(self) -> bool:
        """Called where a wait for it was cancelled: has the caller cancelled at their next wait instead; False where it
        has not ended, so that they are to be cancelled now. Raises what it ended with."""
        task = asyncio.current_task()
        if task is None or not self.done():
            return False
        task.uncancel()
        task.cancel()
        self.result()
        return True


async def to_its_end(done: asyncio.Future[T]) -> T:
    """What a future gives. Who is cancelled meanwhile has the result nevertheless, and is cancelled at their next
    wait."""
    task = asyncio.current_task()
    cancelled = 0
    try:
        while True:
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                if done.cancelled() or task is None:
                    raise
                cancelled += 1
    finally:
        for _ in range(cancelled if task is not None else 0):
            task.uncancel()  # type: ignore[union-attr]
            task.cancel()  # type: ignore[union-attr]


async def delivered() -> None:
    """Where a cancellation that was held back is delivered."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        await asyncio.sleep(0)
