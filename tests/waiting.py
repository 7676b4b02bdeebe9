"""Waiting for what a test waits for: a condition, and no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Come back once something holds. Raises TimeoutError when it does not in so many seconds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


async def alone(seconds: float = 60) -> None:
    """Come back once no task runs but the one that asks: whatever served it has heard that it is over, and has closed
    its connections."""
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()}, seconds)
