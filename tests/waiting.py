"""Waiting for what a test waits for: a condition, and no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Come back once something holds. Raises TimeoutError when it does not in so many seconds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)
