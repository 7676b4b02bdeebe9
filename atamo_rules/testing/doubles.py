"""Parts of a hub that do what a test tells them to, and remember what they were told: one for each seam.

Agents are in `testing.agents`, the clock in `testing.clock`; `MemoryStore` is a store that a test can have.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from atamo_rules.hub.generation import Generation
from atamo_rules.hub.ports import Rejected
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.secret import Secret


class RememberingAuditor:
    """Remembers every record; `fail` raises so many times before it takes one."""

    def __init__(self, fail: int = 0) -> None:
        self.records: list[AuditRecord] = []
        self.fail = fail
        self.closed = 0

    def tell(self, record: AuditRecord) -> None:
        if self.fail:
            self.fail -= 1
            raise RuntimeError("this auditor was told to fail")
        self.records.append(record)

    def close(self) -> None:
        self.closed += 1

    def kinds(self, event: str = "") -> list[str]:
        """The kinds of all records, or of those of one event, oldest first."""
        return [one.kind for one in self.records if not event or one.event == event]


class ListedEvents:
    """Brings the messages it is given, at its start and while it runs; `results` is what became of each."""

    def __init__(self, messages: Sequence[bytes] = ()) -> None:
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.results: list[Any] = []
        for message in messages:
            self.waiting.put_nowait(message)

    def bring(self, message: bytes) -> None:
        """One more message, from any thread."""
        if self.loop is None:
            self.waiting.put_nowait(message)
        else:
            self.loop.call_soon_threadsafe(self.waiting.put_nowait, message)

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        self.loop = asyncio.get_running_loop()
        while True:
            self.results.append(await submit(await self.waiting.get()))


class ListedStates:
    """Provides the states it is given; `put` is one more."""

    def __init__(self, *states: Generation | Rejected) -> None:
        self.coming: asyncio.Queue[Generation | Rejected] = asyncio.Queue()
        for state in states:
            self.coming.put_nowait(state)

    def put(self, state: Generation | Rejected) -> None:
        """One more state. Call it in the loop of the hub."""
        self.coming.put_nowait(state)

    async def states(self) -> AsyncIterator[Generation | Rejected]:
        while True:
            yield await self.coming.get()


class ListedVault:
    """Holds texts of users of no organisation by user, agent and host, and remembers who asked for what."""

    def __init__(self, holds: Mapping[tuple[str, str, str], str]) -> None:
        self.holds = dict(holds)
        self.asked: list[tuple[str, str, str]] = []

    async def credential(self, user: str, agent: str, host: str, *, organisation: str = "") -> Secret | None:
        self.asked.append((user, agent, host))
        text = None if organisation else self.holds.get((user, agent, host))
        return None if text is None else Secret(text, name=f"{user} {agent}")
