"""Every agent has a lane of its own: so many attempts at once, a rate, a breaker, and a line that the store keeps.

A slow or broken agent holds up nobody else. What a rule decides begins at once where its agent has a free slot and
nobody waits; the rest is claimed from the store as slots come free, and as tokens come where it has a rate.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.agents.breaker import Breaker, BreakerPolicy
from atamo_rules.hub.agents.slots import Slot
from atamo_rules.hub.agents.tokens import Tokens
from atamo_rules.model.work import Lease

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

GRACE = 30.0
"""Seconds a lease outlives the deadline of its attempt, so that what came of it can be written down."""
PATIENCE = 600.0
"""Seconds one claim waits."""
BETWEEN = 0.25
"""Seconds until a store that was full is asked again."""


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
        self.bound: Any = None
        """The agent by which breaker and rate are set."""
        self.tokens = Tokens(hub.clock.passed)
        self.dry: float | None = None
        """Since when no more can begin for want of tokens alone."""
        self.slots()

    def slots(self) -> int:
        """How many attempts may run at once, by the rules in force; what they say of breaker and rate holds from here
        on, too."""
        bound = self.hub.retiring.current.agents.get(self.name)
        if bound is None:
            return 1
        if bound is not self.bound:
            self.bound = bound
            self.breaker.policy = bound.breaker
            self.tokens.follow(bound.limits.rate)
        return int(bound.at_once())

    def open(self) -> int:
        """How many more attempts may begin as far as slots and breaker go."""
        slots, taken = self.slots(), self.running + self.reserved + len(self.behind)
        free = slots - taken if slots > taken else 0
        if self.breaker.until is None:
            return free
        room = self.breaker.room(self.hub.clock.passed(), taken)
        return free if room is None else min(room, free)

    def room(self) -> int:
        """How many more attempts may be leased."""
        room = self.open()
        soon = self.tokens.soon(len(self.behind))
        if soon is None or soon > room:
            self.dry = None
            return room
        if self.dry is None and soon < 1:
            self.dry = self.hub.clock.passed()
        return max(0, soon)

    @property
    def seconds(self) -> float:
        """How long a lease lasts."""
        bound = self.hub.retiring.current.agents.get(self.name)
        if bound is not None:
            timeout = float(bound.agent.timeout)
            if timeout > self.timeout:
                self.timeout = timeout
        return GRACE + self.timeout

    def reserve(self) -> float:
        """Take a slot for an action that begins with the transaction that keeps it: for how long it is leased. 0 when
        it has to stand in line."""
        if not self.idle or self.hub.stopping or self.open() < 1:
            return 0.0
        if self.tokens.bucket is not None and not self.tokens.free():
            return 0.0
        self.reserved += 1
        self.tokens.put_aside()
        return self.seconds

    def unreserve(self) -> None:
        """Give a slot back that was taken by `reserve`."""
        self.reserved -= 1
        self.tokens.give_back()
        self.news.set()

    def begin(self, lease: Lease, waited: bool = False, *, reserved: bool = False) -> None:
        """Start an attempt, as soon as there is a slot, with the token that was put aside where one was `reserved`, or
        with one that it waits for. At the end of a hub none is started, and the store gets the lease back."""
        hub, full = self.hub, self.running >= self.slots()
        if reserved:
            self.reserved -= 1
        if full or hub.stopping:
            if reserved:
                self.tokens.give_back()
                self.news.set()
            if not hub.stopping:
                self.behind.append(lease)
            return
        self.running += 1
        slot = Slot(self, True, reserved)
        if not reserved:
            if self.tokens.free():
                self.tokens.put_aside()
                slot.token = True
            else:
                slot.place = self.tokens.stand()
        hub.underway.begin(slot, hub.attempts.run(slot, lease, waited), lease.work.action.id)

    def over(self) -> None:
        """An attempt is over."""
        self.running -= 1
        if self.behind and not self.hub.stopping:
            self.begin(self.behind.popleft(), waited=True)
        else:
            self.news.set()

    def spent(self) -> None:
        """An agent with a rate was called: when the next may be leased is known from here on."""
        self.news.set()

    def look(self) -> None:
        """Other rules are in force, by which there may be more slots, or tokens."""
        self.slots()
        for _ in range(len(self.behind)):
            self.begin(self.behind.popleft(), waited=True)
        self.news.set()

    def start(self) -> None:
        """Have the line served from here on."""
        if self.pump is None and not self.hub.stopping:
            self.pump = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        store = self.hub.store
        while not self.hub.stopping:
            if self.room() < 1:
                self.idle = False
                self.news.clear()
                try:
                    async with asyncio.timeout(self._pause()):
                        await self.news.wait()
                except TimeoutError:
                    pass
                continue
            try:
                # First without waiting: only an empty line lets others begin past it.
                leases = await store.claim(self.name, self.room, 0.0, self.seconds)
                if not leases and self.room() > 0:
                    self.idle, self.dry = True, None
                    leases = await store.claim(self.name, self.room, PATIENCE, self.seconds)
                    self.idle = False
            except StoreUnavailable as error:
                if not self.hub.came_back(error):
                    return
                await asyncio.sleep(BETWEEN)
                continue
            for lease in leases:
                self._waited(lease)
                self.begin(lease)

    def _pause(self) -> float:
        """Seconds after which there may be room without anybody's doing."""
        now = self.hub.clock.passed()
        breaker = self.breaker.until - now if self.breaker.until is not None else 0.0
        tokens = self.tokens.until_soon(len(self.behind))
        return min((one for one in (breaker, tokens) if one > 0.0), default=PATIENCE)

    def limited(self) -> dict[str, Any]:
        """Where no more can begin for want of tokens: the rate, for how many seconds that is so, and until the next
        token is there. Empty where it is not."""
        bucket = self.tokens.bucket
        if self.dry is None or bucket is None:
            return {}
        _, seconds = self.tokens.standing()
        stands = self.hub.clock.passed() - self.dry
        return {
            "agent": self.name, "rate": bucket.rate.written, "stands": round(stands, 3), "seconds": round(seconds, 3)
        }  # fmt: skip

    def _waited(self, lease: Lease) -> None:
        """Count how long an action stood in line for want of tokens. When one that is tried again could have begun
        nobody knows here."""
        if self.dry is None or lease.attempt > 1:
            return
        stood = (self.hub.clock.now() - lease.work.since).total_seconds()
        dry = self.hub.clock.passed() - self.dry
        self.hub.meter.rate_waits.observe(max(0.0, min(stood, dry)), self.name)
