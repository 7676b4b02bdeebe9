"""The actions that are open, in memory: which may begin, which run and until when, which wait.

A store of one process keeps its actions in a file or not at all; which of them is next is known here, without asking
it. Nothing here is written, and nothing waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from os import urandom
from typing import Literal, TypeAlias

from msgspec import Struct

from atamo_rules.model.work import Hold, Lease, Selector, Work

State: TypeAlias = Literal["ready", "held", "leased", "elsewhere", "later", "writing", "over"]
"""`elsewhere` is leased by another process that shares the work; `writing` is about to be written, and nobody's."""


class Item(Struct, eq=False):
    """One open action. `work` may be read from what is kept of it only when it is needed."""

    row: int
    id: str
    event: str
    hold: tuple[str, str, str]
    at: datetime
    made: Work | Callable[[], Work]
    attempts: int = 0
    errors: tuple[str, ...] = ()
    limited: bool = False
    state: State = "ready"
    token: int = 0
    due: float = 0.0
    until: float = 0.0

    @property
    def agent(self) -> str:
        return self.hold[0]

    @property
    def work(self) -> Work:
        made = self.made
        if type(made) is Work:
            return made
        self.made = read = made()  # type: ignore[operator]
        return read


def item_of(row: int, work: Work) -> Item:
    """A new action."""
    action = work.action
    hold, due = (action.agent, action.rule, work.organisation), work.due
    return Item(
        row,
        action.id,
        work.event,
        hold,
        work.at if due is None else due,
        work,
        0,
        (),
        work.deadline is not None,
    )


def _no_work() -> Work:
    raise AssertionError("the action is over")


class OpenWork:
    """Open actions by id, each in one state. `woke` is called with an agent's name when it may have something to do."""

    def __init__(self, woke: Callable[[str], None]) -> None:
        self.items: dict[str, Item] = {}
        self.pauses: set[Hold] = set()
        self.delayed: set[str] = set()
        """The ids of those that were told to wait and are not due yet: nobody is late with them."""
        self.running = 0
        self._woke = woke
        self._ready: dict[str, deque[Item]] = {}
        self._held: list[Item] = []
        self._later: list[tuple[float, int, Item]] = []
        self._leases: list[tuple[float, int, Item]] = []
        self._number = count(int.from_bytes(urandom(5)))  # no lease of a process before fits by accident

    def add(self, item: Item, wait: float = 0.0, now: float = 0.0) -> None:
        """An action that is open from here on; it waits `wait` seconds first."""
        self.items[item.id] = item
        if wait > 0:
            if not item.attempts:
                self.delayed.add(item.id)
            self.delay(item, now + wait)
        else:
            self.ready(item)

    def ready(self, item: Item) -> None:
        """It may begin."""
        item.state, agent = "ready", item.hold[0]
        self.delayed.discard(item.id)
        line = self._ready.get(agent)
        if line is None:
            line = self._ready[agent] = deque()
        line.append(item)
        self._woke(agent)

    def delay(self, item: Item, due: float) -> None:
        """It may begin again from `due` on."""
        item.state, item.due = "later", due
        heappush(self._later, (due, next(self._number), item))
        self._woke(item.agent)

    def lease(self, item: Item, until: float) -> Lease:
        """It begins: its attempt is counted."""
        leases, token = self._leases, next(self._number)
        if len(leases) > 1000 and len(leases) > 1000 + 4 * len(self.items):
            self._tidy()
            leases = self._leases
        self.items[item.id] = item
        item.state, item.until, item.token = "leased", until, token
        heappush(leases, (until, token, item))
        return Lease(item.work, item.attempts, token, item.errors)

    def elsewhere(self, item: Item) -> None:
        """Another process has begun it."""
        self.items[item.id] = item
        item.state = "elsewhere"
        self.delayed.discard(item.id)

    def extend(self, lease: Lease, until: float) -> bool:
        """Its lease ends later."""
        item = self.leased(lease)
        if item is None:
            return False
        item.until = until
        return True

    def leased(self, lease: Lease) -> Item | None:
        """The action of a lease that is still held."""
        item = self.items.get(lease.work.action.id)
        return item if item is not None and item.state == "leased" and item.token == lease.token else None

    def restore(self, item: Item, before: State) -> None:
        """Put it back as it was, since what was tried with it came to nothing; unless somebody was faster."""
        if item.state != "writing":
            return
        if before in ("leased", "elsewhere"):
            item.state = before
        elif before == "later":
            self.delay(item, item.due)
        else:
            self.ready(item)

    def over(self, item: Item) -> None:
        """It is open no longer."""
        item.state = "over"
        item.made = _no_work  # a line may know the item for a while, and must not keep what it held
        self.items.pop(item.id, None)
        if self.delayed:
            self.delayed.discard(item.id)

    def _tidy(self) -> None:
        """Take leases that were given back out of the line of their ends."""
        self._leases = [
            entry for entry in self._leases if entry[2].state == "leased" and entry[2].token == entry[1]
        ]
        heapify(self._leases)

    def take(self, agent: str, limit: int, now: float) -> list[Item]:
        """The next actions of an agent, out of their line and about to be written; what is paused is put aside."""
        self.due(now)
        line = self._ready.get(agent)
        found: list[Item] = []
        while line and len(found) < limit:
            item = line.popleft()
            if item.state != "ready":
                continue
            if self.pauses and self.paused(item.hold):
                item.state = "held"
                self._held.append(item)
                continue
            item.state = "writing"  # what was restored may stand in line twice
            found.append(item)
        return found

    def back(self, items: list[Item]) -> None:
        """What was taken goes to the head of its line: it could not begin."""
        for item in reversed(items):
            item.state = "ready"
            self._ready.setdefault(item.agent, deque()).appendleft(item)

    def due(self, now: float) -> None:
        """What waited long enough is ready."""
        while self._later and self._later[0][0] <= now:
            due, _, item = heappop(self._later)
            if item.state == "later" and item.due == due:
                self.ready(item)

    def overdue(self, now: float) -> Iterator[Item]:
        """Each action whose lease is out of time; it stays leased until somebody sees to it."""
        while self._leases and self._leases[0][0] <= now:
            _, token, item = heappop(self._leases)
            if item.state != "leased" or item.token != token:
                continue
            if item.until > now:
                heappush(self._leases, (item.until, token, item))
            else:
                yield item

    def next(self) -> float | None:
        """When something waits to happen by itself: an action that is due, a lease that ends."""
        times = [heap[0][0] for heap in (self._later, self._leases) if heap]
        return min(times) if times else None

    def paused(self, hold: tuple[str, str, str]) -> bool:
        """Whether the actions of such an agent, rule and organisation are paused."""
        if not self.pauses:
            return False
        agent, rule, organisation = hold
        return (
            Hold("agent", agent) in self.pauses
            or Hold("rule", rule) in self.pauses
            or Hold("organisation", organisation) in self.pauses
        )

    def resume(self, what: Hold) -> None:
        """What was put aside for a pause is ready, unless another pause holds it."""
        self.pauses.discard(what)
        held, self._held = self._held, []
        for item in held:
            if item.state != "held":
                continue
            if self.paused(item.hold):
                self._held.append(item)
            else:
                self.ready(item)

    def chosen(self, which: Selector) -> list[Item]:
        """The open actions that are meant."""
        return [item for item in self.items.values() if which.fits(item.work)]
