"""The store that several hubs share: the verbs of one process, over a journal that all of them write and follow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from atamo_rules.builtin.stores.journal import Change
from atamo_rules.builtin.stores.local import LocalStore
from atamo_rules.builtin.stores.nats import elsewhere
from atamo_rules.builtin.stores.nats.beats import Beats
from atamo_rules.builtin.stores.nats.journal import NatsJournal
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.shrinking import shrink
from atamo_rules.builtin.stores.nats.taking_over import leave, take_over
from atamo_rules.builtin.stores.nats.wire import Bundle
from atamo_rules.builtin.stores.sqlite.store import MOST_OPEN
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub.clock import Clock, SystemClock
from atamo_rules.hub.owing import OWED
from atamo_rules.hub.requests.opening import BUCKET as REQUESTS
from atamo_rules.hub.store import Caps, Hear
from atamo_rules.hub.windows.entries import BUCKET as WINDOWS
from atamo_rules.model.work import Cancelled, Recovered, Selector, Work

CAPS = Caps(
    durable=True,
    nodes=True,
    max_batch=10_000,
    grounds=False,
)
KEPT = (REQUESTS, WINDOWS, OWED)
"""The buckets in whose entries stands which hub keeps them."""
NOBODY = ""
"""Who holds what was left by a hub that has ended in order."""


class NatsStore(LocalStore):
    """`grace` is for how many seconds a hub may say nothing before others take over what it has begun."""

    def __init__(
        self,
        place: Place,
        folder: Path,
        clock: Clock | None = None,
        *,
        most_open: int = MOST_OPEN,
        grace: float = 10.0,
    ) -> None:
        clock = clock or SystemClock()
        self.stream = NatsJournal(place, folder, clock)
        super().__init__(self.stream, CAPS, most_open, clock)
        self.stream.follower.foreign = self._foreign
        self.stream.follower.left = self._left
        self.beats = Beats(self, grace)
        self.stream.everywhere = self.beats.everywhere
        self.serving = False
        """Whether somebody goes on with what others leave: once this is open."""
        self._orphans: asyncio.Queue[Recovered | StoreUnavailable] = asyncio.Queue()
        self.stream.failed = self._orphans.put_nowait

    @property
    def full(self) -> bool:
        return super().full or self.stream.cut_off

    def take(self) -> None:
        """Hold a view of this machine, ahead of `open`. Raises StoreUnavailable."""
        self.stream.take()

    async def open(self, hear: Hear) -> Recovered:
        recovered = await super().open(hear)
        for item in self.stream.held:  # nothing is followed before this: there was no wait since
            self.work.elsewhere(item)
        lost = await take_over(self, (self.stream.before, NOBODY))
        while not self._orphans.empty():
            self._orphans.get_nowait()
        self.serving = True
        await self.beats.begin(await self._keepers())
        return replace(
            recovered,
            pending=self._mine(),
            deadlines=self._limited(),
            open=len(self.work.items),
            lost=lost,
            agents=self._agents(),
            hub=self.stream.session,
            gone=frozenset({self.stream.before, NOBODY}),
        )

    async def close(self) -> None:
        await self.beats.end()
        await leave(self)
        await super().close()

    async def orphaned(self) -> Recovered:
        left = await self._orphans.get()
        if isinstance(left, StoreUnavailable):
            raise left
        return left

    # --- what is meant is all that was kept before it was asked for, by whichever hub -------------------

    async def cancel(self, which: Selector, who: str = "") -> Cancelled:
        await self.stream.caught_up()
        return await super().cancel(which, who)

    async def redrive(
        self, which: Selector, upto: int, edit: Callable[[Work], Work | None] | None = None, who: str = ""
    ) -> int:
        await self.stream.caught_up()
        return await super().redrive(which, upto, edit, who)

    async def discard(self, which: Selector, upto: int, who: str = "") -> int:
        await self.stream.caught_up()
        return await super().discard(which, upto, who)

    async def erase(self, event: str, who: str = "", why: str = "") -> bool:
        await self.stream.caught_up()
        return await super().erase(event, who, why)

    async def housekeeping(self) -> int:
        gone = await super().housekeeping()
        if not gone and self.serving and self.beats.first and self.stream.broken is None:
            await shrink(self.stream)
        return gone

    def _mine(self) -> tuple[str, ...]:
        undecided = self.stream.standing.undecided
        return tuple(event for event, session in undecided.items() if session == self.stream.session)

    def _limited(self) -> tuple[Work, ...]:
        return tuple(item.work for item in self.work.items.values() if item.limited)

    def _agents(self) -> frozenset[str]:
        return frozenset(item.agent for item in self.work.items.values())

    def _foreign(self, change: Change, session: str) -> None:
        self.beats.know(session)
        elsewhere.follow(self, change)

    def _left(self, bundle: Bundle, events: Sequence[str]) -> None:
        """A hub has taken over what another left, or has left its own to whoever is there."""
        gone = frozenset(bundle.takes)
        self.beats.forget(gone)
        if bundle.to == self.stream.session:
            left = Recovered(
                tuple(events), self._limited(), len(self.work.items), agents=self._agents(), gone=gone
            )
            self._orphans.put_nowait(left)
        elif self.stream.session in gone:
            self._orphans.put_nowait(Recovered(gone=gone))
        elif bundle.to == NOBODY:
            self.stream.begin(self._take_over((*bundle.takes, NOBODY)))

    async def _take_over(self, sessions: Sequence[str]) -> None:
        while True:
            try:
                await take_over(self, sessions)
                return
            except Busy:  # nothing is lost with waiting
                await asyncio.sleep(1.0)

    async def _keepers(self) -> frozenset[str]:
        """The hubs that keep requests and windows, by what stands in their entries."""
        found = [keeper_of(entry.value) for bucket in KEPT for entry in await self.entries(bucket)]
        return frozenset(found)


def keeper_of(value: Any) -> str:
    """The hub that keeps what stands in an entry: a document's `hub`, or the last of a window's state."""
    match value:
        case {"hub": str(name)} | [_, _, _, str(name)]:
            return name
        case _:
            return NOBODY
