"""What the laws of stores are written with: events, work, and a store that is opened, closed and opened again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from atamo_rules.hub.store import Store
from atamo_rules.model.audit import AuditRecord, Note
from atamo_rules.model.decision import Action, Decision, Fired, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.work import Arrival, Decided, Following, Kept, Lease, Work
from atamo_rules.testing.clock import ManualClock

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def event(id: str = "e1", source: str = "/test", **body: Any) -> Event:
    """An event to keep."""
    return Event(id, "thing.happened", body or {"n": 1}, NOON, User("alice", organisation="acme"), source)


def action(id: str = "a1", agent: str = "desk", rule: str = "r", **more: Any) -> Action:
    """An action of a rule."""
    return Action(id, "send", agent, "note", {"line": "x"}, rule, "a.atamo:1:1", 0, **more)


class Laws:
    """A suite inherits this and says how its store is made. Each test is a coroutine that is run by `run`."""

    def store(self, clock: ManualClock) -> Store:
        """A store on that clock: empty the first time, and the second time in one test with what the first one kept."""
        raise NotImplementedError


class Stage:
    """One test's store with its clock, and every record it committed."""

    def __init__(self, make: Callable[[ManualClock], Store]) -> None:
        self.make = make
        self.clock = ManualClock(NOON)
        self.heard: list[AuditRecord] = []
        self.store = make(self.clock)

    async def open(self) -> Any:
        return await self.store.open(self.hear)

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        self.heard += [note.placed(position) for position, note in enumerate(notes, first)]

    async def again(self) -> Any:
        """Close the store, and open what it kept."""
        await self.store.close()
        self.store = self.make(self.clock)
        return await self.open()

    def kinds(self, event: str = "") -> list[str]:
        """The kinds that were recorded, oldest first."""
        return [record.kind for record in self.heard if not event or record.event == event]

    # --- short ways to say things -----------------------------------------------------------------------

    def arrival(self, event: Event, decided: Decided | None = None, **more: Any) -> Arrival:
        digest = sha256(encode_sorted([event.type, event.body]).encode()).digest()
        return Arrival(event, digest, self.clock.now(), decided=decided, **more)

    def work(self, id: str = "a1", event: str = "/test#e1", agent: str = "desk", **more: Any) -> Work:
        rule = more.pop("rule", "r")
        within = more.pop("within", None)
        deadline = None if within is None else self.clock.now() + timedelta(seconds=within)
        waiting = None if within is None else Waiting(rule, 0, id)
        one = action(id, agent, rule, within=within)
        return Work(event, one, "alice", "acme", "d1", self.clock.now(), deadline, waiting, **more)

    def decided(self, *work: Work, event: str = "/test#e1", **more: Any) -> Decided:
        fired = (Fired("r", tuple(one.action for one in work)),)
        return Decided(Decision(event, "thing.happened", "g1", fired), Following(work, **more))

    async def accept(self, id: str = "e1", *work: Work, **more: Any) -> Kept:
        """Keep one event with its decision and the work that follows."""
        one = event(id)
        decided = self.decided(*work, event=one.key, **more)
        (kept,) = await self.store.accept([self.arrival(one, decided)])
        return kept

    async def claim(self, limit: int = 10, agent: str = "desk", lease: float = 30.0) -> list[Lease]:
        """What may begin now."""
        return await self.store.claim(agent, lambda: limit, 0.0, lease)

    async def told(self, id: str = "e1") -> Any:
        return await self.store.told(f"/test#{id}")

    async def states(self, id: str = "e1") -> Sequence[tuple[str, str, int]]:
        """Each action of an event: its id, its state, its attempts."""
        told = await self.told(id)
        return [(one["id"], one["state"], one["attempts"]) for one in told["actions"]]


def run(laws: Laws, story: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
    """Tell a story on a new store."""

    async def whole() -> None:
        stage = Stage(laws.store)
        await stage.open()
        try:
            await story(stage)
        finally:
            await stage.store.close()

    asyncio.run(whole())
