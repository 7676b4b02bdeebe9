"""The store of a single process: its verbs, over the open work in memory and a journal that keeps every change.

What may be done is decided here, in memory, before anything is written; a change is then committed whole, and memory
follows it. So no answer of the journal is ever needed to know what is next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress

from atamo_rules.builtin.stores import answers, leasing, operating, settling
from atamo_rules.builtin.stores.bells import Bells
from atamo_rules.builtin.stores.drafting import Draft, thin
from atamo_rules.builtin.stores.following import entered, followed
from atamo_rules.builtin.stores.journal import Change, Journal, Moved, Outrun
from atamo_rules.builtin.stores.open_work import Item, OpenWork
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub import records
from atamo_rules.hub.clock import BelievedClock, Clock, SystemClock
from atamo_rules.hub.store import ANY, Caps, Hear
from atamo_rules.model.audit import AuditRecord, Level, Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame, Page
from atamo_rules.model.outcome import Outcome
from atamo_rules.model.types import Json
from atamo_rules.model.work import (
    NOTHING,
    Arrival,
    Cancelled,
    DeadLetter,
    Decided,
    Depth,
    Entry,
    Following,
    Hold,
    Kept,
    Lease,
    Put,
    Recovered,
    Selector,
    Work,
)

DELAYED = 10
"""How many times as many actions may wait to be due as may be open otherwise."""


class LocalStore:
    """`most` is how many actions may be open before it is full, beside those that are not due. See
    `hub.store.Store` for what each verb promises."""

    def __init__(self, journal: Journal, caps: Caps, most: int, clock: Clock | None = None) -> None:
        self.journal = journal
        self.caps = caps
        self.most = most
        self.clock = clock or SystemClock()
        self.believed = BelievedClock(self.clock)
        self.bells = Bells()
        self.work = OpenWork(self.bells.ring)
        self.draft = Draft(self.clock, self.work.paused)
        self.operator = asyncio.Lock()
        """Of those who pause, resume, redrive and discard, one at a time."""
        self.level: Level = "full"

    @property
    def full(self) -> bool:
        open = len(self.work.items)
        if open < self.most:  # whatever of it is delayed
            return False
        delayed = len(self.work.delayed)
        return open - delayed >= self.most or delayed >= DELAYED * self.most

    async def open(self, hear: Hear) -> Recovered:
        loaded = await self.journal.open(hear)
        self.believed.begin(loaded.newest)
        self.draft.row, self.draft.letter = loaded.row, loaded.letter
        self.work.pauses.update(loaded.holds)
        now = self.clock.passed()
        for item, wait in loaded.items:
            self.work.add(item, wait, now)
        if loaded.lost:
            change = self.draft.change()
            for item in loaded.lost:
                change.moved.append(Moved(item, "waiting"))
                change.notes.append(
                    records.of_action("action.lost", change.at, item.work, attempt=item.attempts)
                )
            await self.commit(change)
            for item in loaded.lost:
                self.work.add(item)
        deadlines = tuple(i.work for i in self.work.items.values() if i.limited)
        agents = frozenset(item.agent for item in self.work.items.values())
        return Recovered(
            tuple(loaded.pending), deadlines, len(self.work.items), len(loaded.lost), loaded.rules, agents
        )

    async def orphaned(self) -> Recovered:
        never: asyncio.Future[Recovered] = asyncio.get_running_loop().create_future()
        return await never  # nobody else shares it

    async def close(self) -> None:
        # Of what is just being written, that decides: it may be a result.
        given_up = [item for item in self.work.items.values() if item.state == "leased"]
        if given_up:
            change = self.draft.change()
            change.moved += [Moved(item, "waiting") for item in given_up]
            with suppress(StoreUnavailable):  # the next start finds them running, and gives them up itself
                await self.commit(change)
        await self.journal.close()

    async def commit(self, change: Change) -> None:
        """Keep a change, without records that are beneath the level."""
        if self.level != "full":
            thin(change, self.level)
        await self.journal.commit(change)

    # --- accept, record ---------------------------------------------------------------------------------

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Kept]:
        if self.full:
            raise Busy(f"{len(self.work.items)} actions are open")
        while True:
            change = self.draft.change()
            change.incoming = [self.draft.incoming(one) for one in arrivals]
            try:
                await self.commit(change)
                break
            except Outrun:  # something was paused meanwhile
                continue
        now = self.clock.passed()
        return [entered(self.work, self.bells, now, one) for one in change.incoming]

    async def record(self, event: Event, decided: Decided) -> Kept:
        if await self.journal.decided(event.key):
            return Kept("same")
        change = self.draft.change()
        self.draft.decide(change, event.key, event.who, decided)
        try:
            await self.commit(change)
        except Outrun:
            return await self.record(event, decided)
        return Kept("new", *self.followed(change))

    # --- work -------------------------------------------------------------------------------------------

    async def claim(self, agent: str, limit: Callable[[], int], wait: float, lease: float) -> list[Lease]:
        return await leasing.claim(self, agent, limit, wait, lease)

    async def extend(self, lease: Lease, seconds: float) -> bool:
        return self.work.extend(lease, self.clock.passed() + seconds)

    async def settle(self, lease: Lease, outcome: Outcome, following: Following = NOTHING) -> Kept | None:
        return await settling.settle(self, lease, outcome, following)

    async def settle_all(self, ended: Sequence[tuple[Lease, Outcome]]) -> list[Kept | None]:
        return await settling.settle_all(self, ended)

    async def expire(self, event: str, action: str, why: str, following: Following = NOTHING) -> Kept | None:
        return await settling.expire(self, event, action, why, following)

    async def cancel(self, which: Selector, who: str = "") -> Cancelled:
        return await operating.cancel(self, which, who)

    async def pause(self, what: Hold, who: str = "") -> None:
        async with self.operator:
            await operating.pause(self, what, who)

    async def resume(self, what: Hold, who: str = "") -> None:
        async with self.operator:
            await operating.resume(self, what, who)

    async def paused(self) -> tuple[Hold, ...]:
        return tuple(sorted(self.work.pauses, key=lambda hold: (hold.kind, hold.name)))

    # --- answers ----------------------------------------------------------------------------------------

    async def append(
        self, frames: Sequence[Frame], notes: Sequence[Note] = (), *, close: bool = False
    ) -> int:
        return await answers.append(self, frames, notes, close=close)

    async def read(self, log: str, after: int, limit: int, wait: float) -> Page:
        return await answers.read(self, log, after, limit, wait)

    async def trim(self, log: str, frames: Sequence[int]) -> None:
        await answers.trim(self, log, frames)

    async def touch(self, log: str, seconds: float) -> bool:
        return await answers.touch(self, log, seconds)

    # --- dead letters -----------------------------------------------------------------------------------

    async def dead(self, which: Selector = ANY, after: int = 0, limit: int = 100) -> tuple[DeadLetter, ...]:
        return tuple(letter for letter, _ in await self.journal.dead(which, after, None, limit))

    async def dead_groups(self) -> Mapping[tuple[str, str], int]:
        return await self.journal.dead_groups()

    async def redrive(
        self, which: Selector, upto: int, edit: Callable[[Work], Work | None] | None = None, who: str = ""
    ) -> int:
        async with self.operator:
            return await operating.redrive(self, which, upto, edit, who)

    async def discard(self, which: Selector, upto: int, who: str = "") -> int:
        async with self.operator:
            return await operating.discard(self, which, upto, who)

    # --- erasing ----------------------------------------------------------------------------------------

    async def erase(self, event: str, who: str = "", why: str = "") -> bool:
        async with self.operator:
            return await operating.erase(self, event, who, why)

    async def rewrite(self) -> None:
        await self.journal.rewrite()

    # --- small shared state -----------------------------------------------------------------------------

    async def put(self, put: Put) -> int | None:
        change = self.draft.change()
        change.puts = (put,)
        await self.commit(change)
        self.followed(change)
        return change.revisions[0]

    async def get(self, bucket: str, key: str) -> Entry | None:
        return await self.journal.entry(bucket, key)

    async def entries(self, bucket: str) -> tuple[Entry, ...]:
        found = await self.journal.entries(bucket, 0)
        return tuple(entry for entry in found if entry.value is not None)

    async def watch(self, bucket: str) -> AsyncIterator[Entry]:
        seen = 0
        while True:
            bell = self.bells.at(f"bucket {bucket}")
            for entry in await self.journal.entries(bucket, seen):
                if entry.value is not None or seen:
                    yield entry
                seen = max(seen, entry.revision)
            await bell.wait()

    # --- telling ----------------------------------------------------------------------------------------

    async def write(self, notes: Sequence[Note]) -> None:
        change = self.draft.change()
        change.notes += notes
        await self.commit(change)

    async def audit(self, after: int, limit: int, event: str = "") -> tuple[AuditRecord, ...]:
        return tuple(await self.journal.audit(after, limit, event))

    async def leaves(self, after: int, limit: int) -> Sequence[bytes]:
        return await self.journal.leaves(after, limit)

    async def head(self) -> int:
        return await self.journal.head()

    async def find(self, name: str, organisation: str = "") -> str | None:
        return await self.journal.find(name, organisation)

    async def event(self, key: str) -> Event | None:
        return await self.journal.event(key)

    async def decision(self, key: str) -> Decision | None:
        return await self.journal.decision(key)

    async def told(self, name: str) -> Mapping[str, Json] | None:
        key = await self.journal.find(name)
        return await self.journal.told(key) if key is not None else None

    async def rulesets(self) -> frozenset[str]:
        return await self.journal.rulesets()

    async def depth(self) -> Depth:
        count = dict.fromkeys(("ready", "leased", "elsewhere", "writing", "later", "held", "over"), 0)
        oldest = now = self.clock.now()
        for item in self.work.items.values():
            if item.id in self.work.delayed:
                continue
            count[item.state] += 1
            oldest = min(oldest, item.at)
        dead, pending = await self.journal.sizes()
        return Depth(
            count["ready"], count["leased"] + count["elsewhere"] + count["writing"], count["later"], count["held"],
            dead, pending, (now - oldest).total_seconds(), len(self.work.delayed),
        )  # fmt: skip

    async def housekeeping(self) -> int:
        await leasing.give_up_overdue(self)
        return await self.journal.forget(self.believed.now())

    async def written(self, items: Sequence[Item]) -> None:
        """Come back when nothing of this is just being written: commits are in order, and an empty one comes last."""
        while any(item.state == "writing" for item in items):
            await self.journal.commit(self.draft.change())

    # --- memory follows ---------------------------------------------------------------------------------

    def followed(self, change: Change) -> tuple[tuple[Lease, ...], tuple[str, ...], tuple[str, ...]]:
        """Have memory follow a change that was committed: leases, events that are over, events to decide."""
        return followed(self.work, self.bells, self.clock.passed(), change)
