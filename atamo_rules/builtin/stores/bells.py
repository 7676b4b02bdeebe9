"""Being woken by name: one takes a bell, looks whether there is something, and waits for the bell if not."""

from __future__ import annotations

import asyncio


class Bells:
    """A bell rings once, for all who took it; what is rung between taking it and waiting is not missed."""

    def __init__(self) -> None:
        self._bells: dict[str, asyncio.Event] = {}

    def at(self, name: str) -> asyncio.Event:
        """The bell that rings next under this name."""
        bell = self._bells.get(name)
        if bell is None:
            bell = self._bells[name] = asyncio.Event()
        return bell

    def ring(self, name: str) -> None:
        """Wake everybody who waits under this name."""
        bell = self._bells.pop(name, None)
        if bell is not None:
            bell.set()


async def rung(bell: asyncio.Event, seconds: float) -> None:
    """Come back when a bell rings, at the latest after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
