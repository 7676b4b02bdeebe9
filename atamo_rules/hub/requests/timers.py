"""When to look at a request again: a timer of the running loop for each that has a clock running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from atamo_rules.hub.requests.request import Request, due


class Timers:
    """`now` gives seconds since 1970 that never go back; `strike` is called with the id of a request whose time has
    come."""

    def __init__(self, now: Callable[[], float], strike: Callable[[str], None]) -> None:
        self._now, self._strike = now, strike
        self._timers: dict[str, tuple[float, asyncio.TimerHandle]] = {}

    def set(self, request: Request) -> None:
        """Look at it when its next clock runs out. A clock that was only put off costs one look in vain."""
        at, known = due(request), self._timers.get(request.id)
        if known is not None and (at is None or at < known[0]):
            known[1].cancel()
            del self._timers[request.id]
            known = None
        if at is not None and known is None:
            loop = asyncio.get_running_loop()
            handle = loop.call_later(max(0.0, at - self._now()), self._over, request.id)
            self._timers[request.id] = at, handle

    def end(self) -> None:
        """None strikes any more."""
        for _, handle in self._timers.values():
            handle.cancel()
        self._timers.clear()

    def _over(self, key: str) -> None:
        self._timers.pop(key, None)
        self._strike(key)
