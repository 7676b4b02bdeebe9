"""Every agent has a lane of its own: so many attempts at once, a breaker, and a line that the store keeps.

A slow or broken agent holds up nobody else. What a rule decides begins at once where its agent has a free slot and
nobody waits; the rest is claimed from the store as slots come free.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.agents.breaker import Breaker, BreakerPolicy
from atamo_rules.model.work import Lease

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

GRACE = 30.0
"""Seconds a lease outlives the deadline of its attempt, so that what came of it can be written down."""
PATIENCE = 600.0
"""Seconds one claim waits."""
BETWEEN = 0.25
"""Seconds until a store that was full is asked again."""


class Slot:
    """What one attempt has of its lane, until it is over, or needs no call of its own."""

    def __init__(self, lane: Lane, held: bool) -> None:
        self.lane = lane
        self.held = held

    def free(self) -> None:
        """Give it back, once."""
        if self.held:
            self.held = False
            self.lane.over()

    def lend(self) -> Callable[[], None]:
        """A call begins that others may share, and that goes on when its first caller leaves: it has the slot from here
        on, or one more where there is none. Gives what ends that."""
        if not self.held:
            self.lane.running += 1
        self.held = False
        return self.lane.over


class Lane:
    """Attempts of one agent."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub = hub
        self.name = name
        self.running = 0
        self.reserved = 0
        self.behind: deque[Lease] = deque()
        """Leases that were given while the last slots were taken from under them."""
        self.idle = True
        """Nobody is in line."""
        self.news = asyncio.Event()
        self.pump: asyncio.Task[None] | None = None
        bound = hub.current.agents.get(name)
        self.timeout = 0.0
        """The longest an attempt may take; an agent of older rules may be given more time than one of the current."""
        self.breaker = Breaker(bound.breaker if bound is not None else BreakerPolicy())

    def room(self) -> int:
        """How many more attempts may begin."""
        bound = self.hub.current.agents.get(self.name)
        slots = 1
        if bound is not None:
            slots = bound.agent.concurrency
            self.breaker.policy = bound.breaker
        taken = self.running + self.reserved + len(self.behind)
        room = self.breaker.room(self.hub.clock.passed(), taken)
        free = max(0, slots - taken)
        return free if room is None else min(room, free)

    @property
    def seconds(self) -> float:
        """How long a lease lasts."""
        bound = self.hub.current.agents.get(self.name)
        if bound is not None:
            self.timeout = max(self.timeout, float(bound.agent.timeout))
        return GRACE + self.timeout

    def reserve(self) -> float:
        """Take a slot for an action that begins with the transaction that keeps it: for how long it is leased. 0 when
        it has to stand in line."""
        if not self.idle or self.hub.stopping or self.room() < 1:
            return 0.0
        self.reserved += 1
        return self.seconds

    def unreserve(self) -> None:
        """Give a slot back that was taken by `reserve`."""
        self.reserved -= 1
        self.news.set()

    def begin(self, lease: Lease, waited: bool = False) -> None:
        """Start an attempt, as soon as there is a slot; at the end of a hub none is started, and the store gets the
        lease back."""
        if self.hub.stopping:
            return
        bound = self.hub.current.agents.get(self.name)
        if self.running >= (bound.agent.concurrency if bound is not None else 1):
            self.behind.append(lease)
            return
        self.running += 1
        self.hub.spawn(self.hub.attempts.run(self, lease, waited), lease.work.action.id)

    def over(self) -> None:
        """An attempt is over."""
        self.running -= 1
        if self.behind and not self.hub.stopping:
            self.begin(self.behind.popleft(), waited=True)
        else:
            self.news.set()

    def look(self) -> None:
        """Other rules are in force, by which there may be more slots."""
        for _ in range(len(self.behind)):
            self.begin(self.behind.popleft(), waited=True)
        self.news.set()

    def start(self) -> None:
        """Have the line served from here on."""
        if self.pump is None and not self.hub.stopping:
            self.pump = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        store, clock = self.hub.store, self.hub.clock
        while not self.hub.stopping:
            if self.room() < 1:
                self.idle = False
                self.news.clear()
                until = self.breaker.until
                seconds = max(0.01, until - clock.passed()) if until is not None else PATIENCE
                try:
                    async with asyncio.timeout(seconds):
                        await self.news.wait()
                except TimeoutError:
                    pass
                continue
            try:
                # First without waiting: only an empty line lets others begin past it.
                leases = await store.claim(self.name, self.room, 0.0, self.seconds)
                if not leases:
                    self.idle = True
                    leases = await store.claim(self.name, self.room, PATIENCE, self.seconds)
                    self.idle = False
            except StoreUnavailable as error:
                if not self.hub.came_back(error):
                    return
                await asyncio.sleep(BETWEEN)
                continue
            for lease in leases:
                self.begin(lease)
