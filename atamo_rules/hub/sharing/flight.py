"""One call of an agent that any number of callers wait for: who joins late has what was said so far first, then the
rest as it comes, each piece once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from atamo_rules.hub.sharing.compacted import Compacted
from atamo_rules.model.frame import CacheState
from atamo_rules.model.outcome import Done, Failed, Outcome
from atamo_rules.model.types import Json

SaidKind = Literal["data", "snapshot", "update", "progress", "loaded"]
WINDOW = 1024
"""Pieces of a feed that a slow caller may be behind; beyond it, it has the last one of every key."""
MOST_LOADED = 10_000
"""Pieces of one load that are kept for others; nobody joins a larger one."""


@dataclass(frozen=True, slots=True)
class Said:
    """One piece of an answer. `key` names what it is the value of; `loaded` says that updates follow."""

    body: Json = field(default=None, hash=False)
    key: str = ""
    kind: SaidKind = "data"


Deliver: TypeAlias = Callable[[Said, CacheState, "float | None"], Awaitable[None]]
"""Takes one piece, how it was come by, and how old it is in seconds where it was kept."""
Say: TypeAlias = Callable[[Said], Awaitable[None]]
Work: TypeAlias = "Callable[[Say], Coroutine[Any, Any, Outcome]]"
"""One attempt of the agent."""

NOBODY = Failed("nobody waits for it any more")
"""How a call ends that was stopped."""


class Flight:
    """Begins when it is made. Ends with the work, or when its last caller has left and `grace` seconds have passed."""

    def __init__(self, work: Work, grace: float, over: Callable[[Flight], None]) -> None:
        self.log: Compacted[Said] = Compacted(WINDOW)
        self.loaded = False
        self.callers = 0
        self.outcome: Outcome | None = None
        self._size = 0
        self._pulse = asyncio.Event()
        self._grace = grace
        self._over = over
        self._leaving: asyncio.TimerHandle | None = None
        self._task = asyncio.get_running_loop().create_task(work(self.say))
        self._task.add_done_callback(self._ended)

    @property
    def joinable(self) -> bool:
        """Whether one who comes now can still have everything."""
        return self.outcome is None and self.keeps_all

    @property
    def keeps_all(self) -> bool:
        """Whether the load is small enough to be kept for others."""
        return self._size <= MOST_LOADED

    async def say(self, said: Said) -> None:
        """Keep one piece for all who wait."""
        if said.kind == "loaded":
            self.loaded = True
        elif self.loaded and said.kind == "data":
            said = Said(said.body, said.key, "update")
        self._size += not self.loaded
        self.log.add(_slot(said, self.loaded), said)
        self._wake()

    async def listen(self, deliver: Deliver, cache: CacheState, *, live: bool) -> Outcome:
        """Hand over every piece, those of before first; gives how the call ended. Without `live` it is over with the
        load."""
        self.callers += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        try:
            return await self._listen(deliver, cache, live)
        finally:
            self.callers -= 1
            if not self.callers and self.outcome is None:
                if self.loaded and self._grace:
                    loop = asyncio.get_running_loop()
                    self._leaving = loop.call_later(self._grace, self._task.cancel)
                else:
                    self._task.cancel()

    async def _listen(self, deliver: Deliver, cache: CacheState, live: bool) -> Outcome:
        cursor = 0
        if self.loaded:  # It has become a feed: its state now, and then what changes it.
            state, cursor = self.log.state(), self.log.newest
            for said in state:
                if said.kind not in ("loaded", "progress"):
                    await deliver(Said(said.body, said.key, "snapshot"), cache, None)
            await deliver(Said(kind="loaded"), cache, None)
            if not live:
                return Done()
        while True:
            for number, said in self.log.after(cursor):
                cursor = number
                await deliver(said, cache, None)
                if said.kind == "loaded" and not live:
                    return Done()
            if cursor < self.log.newest:
                continue
            if self.outcome is not None:
                return self.outcome
            await self._pulse.wait()

    def pieces(self) -> tuple[Said, ...]:
        """All that was said, of a load."""
        return tuple(self.log.state())

    def _ended(self, task: asyncio.Task[Outcome]) -> None:
        """Called at every end: a task that is cancelled before it begins runs no `finally` of its own."""
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            self.outcome = NOBODY
        elif error is not None:  # the work catches what agents raise: this is ours
            self.outcome = Failed(f"a fault of the hub: {type(error).__name__}: {error}")
        else:
            self.outcome = task.result()
        self._over(self)
        self._wake()

    async def end(self) -> None:
        """Stop the call, whoever waits."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _wake(self) -> None:
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()


def _slot(said: Said, loaded: bool) -> str | None:
    """A load is kept whole, the last value of every key of what follows it; of news about progress only the last."""
    if said.kind in ("progress", "loaded"):
        return f"\0{said.kind}"
    return said.key if said.key or loaded else None
