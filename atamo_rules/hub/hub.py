"""The path of one event, top to bottom: accept, decide, record, perform, settle, reply.

Rules run before the first commit: the event, what was decided of it and its actions are kept in one transaction, and
only then is anything answered or begun. What an event started under it finishes under, whatever is swapped meanwhile.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub import records
from atamo_rules.hub.alerts import Alarm, Alert
from atamo_rules.hub.attempts import Attempts
from atamo_rules.hub.audience import Audience
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.hub.calls import Calls
from atamo_rules.hub.clock import Clock, SystemClock
from atamo_rules.hub.consequences import HOPS as HOPS
from atamo_rules.hub.consequences import arrival_of, consequences, holds_on
from atamo_rules.hub.ending import drain
from atamo_rules.hub.follow import Followers
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.housekeeping import keep_house
from atamo_rules.hub.intake import Taken
from atamo_rules.hub.lanes import Lane
from atamo_rules.hub.ports import Auditor, Vault
from atamo_rules.hub.requests import asking
from atamo_rules.hub.requests.live import Requests
from atamo_rules.hub.requests.request import PLAIN, Options
from atamo_rules.hub.retire import Retiring
from atamo_rules.hub.retry import RetryPolicy
from atamo_rules.hub.store import Store
from atamo_rules.hub.tally import Tally
from atamo_rules.hub.telemetry.meter import Meter
from atamo_rules.hub.underway import Underway
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.people import User
from atamo_rules.model.types import Json
from atamo_rules.model.work import NOTHING, Decided, Following, Hold, Kept, Lease, Recovered, Selector, Work


class Hub:
    """The central engine. One generation of rules at a time; every step is in the audit of its store."""

    def __init__(
        self,
        first: Generation,
        store: Store,
        auditors: Sequence[Auditor] = (),
        *,
        clock: Clock | None = None,
        alarm: Alarm | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.retiring = Retiring(first)
        self.store = store
        self.clock = clock or SystemClock()
        self.meter, self.followers = Meter(), Followers()
        self.tally = Tally()
        self.notary: Notary | None = None
        self.since = self.clock.passed()
        self.audience = Audience(store, auditors)
        self.alarm = alarm or (lambda alert: None)
        self.chance = chance
        self.vault: Vault | None = None
        self.policy: RetryPolicy | None = None
        """A retry policy for all agents, in place of their own."""
        self.audience.ears += [self.tally.hear, self.meter.hear, self.followers.hear]
        self.accepting = True
        self.stopping = False
        self.broken = asyncio.Event()
        """Set when the store cannot go on."""
        self.lanes: dict[str, Lane] = {}
        self.holds: set[Hold] = set()
        self.underway = Underway()
        self.attempts = Attempts(self)
        self.calls = Calls(self)
        self.requests = Requests(self)
        self.left = Recovered()
        """What a process before left open."""
        self._started: asyncio.Task[None] | None = None
        self._house: asyncio.Task[None] | None = None

    @property
    def current(self) -> Generation:
        """The generation in force."""
        return self.retiring.current

    @property
    def busy(self) -> bool:
        """Whether so much is open that nothing more is taken for now."""
        return self.store.full

    async def start(self) -> None:
        """Open the store, and go on with what a process before left open. A hub that is handed a message starts by
        itself. Raises StoreUnavailable."""
        if self._started is None:
            self._started = asyncio.get_running_loop().create_task(self._start())
        await self._started

    async def _start(self) -> None:
        left = self.left = await self.store.open(self.audience.hear)
        await self.audience.begin()
        self.holds.update(await self.store.paused())
        await self.requests.recover()
        if left.open or left.pending:
            await self.note(
                "hub.recovered", pending=len(left.pending), open=left.open, lost_attempts=left.lost
            )
            for name in self.current.agents:
                self.lane(name).start()
        for work in left.deadlines:
            self.attempts.limit(work)
        for key in left.pending:
            self.spawn(self._decide_kept(key))
        self._house = asyncio.get_running_loop().create_task(keep_house(self))

    # --- accept -----------------------------------------------------------------------------------------

    async def submit(
        self,
        raw: bytes,
        *,
        type_name: str | None = None,
        user: User | None = None,
        key: str = "",
        options: Options = PLAIN,
    ) -> tuple[Taken, bool]:
        """Take one message; the second value says that it was known already. `key` is the id of a message that has
        none; `options` say how a request is to be answered. Waits while too much is open. Never raises on its bytes;
        raises Busy and StoreUnavailable."""
        generation = self.current
        now = self.clock.now()
        taken = generation.intake.take(raw, type_name=type_name, user=user, now=now, fallback_id=key)
        return await self.enter(taken, generation, now, options)

    async def submit_json(
        self,
        value: Json,
        *,
        type_name: str | None = None,
        user: User | None = None,
        key: str = "",
        options: Options = PLAIN,
    ) -> tuple[Taken, bool]:
        """As `submit`, for a message that was read already."""
        generation = self.current
        now = self.clock.now()
        taken = generation.intake.given(value, type_name=type_name, user=user, now=now, fallback_id=key)
        return await self.enter(taken, generation, now, options)

    async def enter(
        self, taken: Taken, generation: Generation, now: datetime, options: Options = PLAIN
    ) -> tuple[Taken, bool]:
        """Decide what was taken at that moment, and keep both in one transaction."""
        if self._started is None or not self._started.done():
            await self.start()
        if self.store.full:
            await self.room()
        event = taken.event
        if event is None:
            await self.note("event.refused", taken.id, reasons=list(taken.refused))
            return taken, False
        following, decided, new, request = NOTHING, None, False, None
        if taken.decided:
            if generation.ruleset.events[event.type].request:
                request, decided = await self.requests.take(event, generation, now, options)
            else:
                decided = self.decide(event, generation, now)
            following = decided.following
            new = bool(following.work) and self.retiring.enter(event.key, generation)
        try:
            (kept,) = await self.store.accept([arrival_of(taken, event, now, decided)])
        except StoreUnavailable as error:
            self.unreserve(following)
            if new:
                self.retiring.leave(event.key)
            self.came_back(error)
            raise
        if kept.known != "new":
            self.unreserve(following)
            if new:
                self.retiring.leave(event.key)
            if kept.known == "other":
                refused = (records.CONFLICT,)
                return Taken(taken.id, None, refused, status=409, code="conflict"), True
            return taken, True
        self.follow(kept, following)
        if request is not None and decided is not None:
            await self.requests.begin(request, decided.decision, generation)
        return taken, False

    def request(
        self, type: str, data: Json = None, *, id: str = "", user: User | None = None, **how: Any
    ) -> AsyncGenerator[Frame, None]:
        """The frames of a request as they come; leaving the loop cancels. `how` is what `asking.options` takes."""
        return asking.frames(self, type, data, id, user, asking.options(**how))

    async def ask(
        self, type: str, data: Json = None, *, id: str = "", user: User | None = None, **how: Any
    ) -> asking.Answers:
        """All answers of a request, once they are there."""
        return await asking.answers(self, type, data, id, user, asking.options(**how))

    # --- decide, record ---------------------------------------------------------------------------------

    def decide(self, event: Event, generation: Generation, at: datetime) -> Decided:
        """What the rules of a generation want done, and slots taken for what may begin at once."""
        decision = generation.decide(event)
        told = records.evaluated(at, event, decision, generation, reasons=self.store.level == "full")
        following = consequences(
            decision.fired,
            event,
            generation,
            self.current,
            at,
            lambda action: self.reserve(action, event),
            told,
        )
        return Decided(decision, following)

    async def _decide_kept(self, key: str, event: Event | None = None) -> None:
        """Decide an event that was kept undecided, under the rules of now."""
        event = event or await self.store.event(key)
        if event is None:
            return
        generation = self.current
        decided = self.decide(event, generation, self.clock.now())
        following = decided.following
        if following.work:
            self.retiring.enter(key, generation)
        kept = await self.surely(lambda: self.store.record(event, decided))
        if kept.known == "new":
            self.follow(kept, following)
        else:
            self.unreserve(following)

    def follow(self, kept: Kept, following: Following) -> None:
        """Begin what a transaction brought: attempts, the lines of agents, events to decide, clocks; and see off what
        is over with it."""
        for lease in kept.leases:
            lane, action = self.lane(lease.work.action.agent), lease.work.action
            if self.calls.joins(action):
                self.spawn(self.attempts.run(lane, lease, slotless=True), action.id)
            else:
                lane.unreserve()
                lane.begin(lease)
        self.unreserve(following, kept.leases)
        for work in following.work:
            if work.deadline is not None:
                self.attempts.limit(work)
            self.lane(work.action.agent).start()
        if kept.pending:
            events = {arrival.event.key: arrival.event for arrival in following.arrivals}
            for key in kept.pending:
                self.spawn(self._decide_kept(key, events.get(key)))
        for key in kept.finished:
            self.retiring.leave(key)
            self.underway.over(key)

    # --- operate ----------------------------------------------------------------------------------------

    async def cancel(self, which: Selector, who: str = "") -> int:
        """End open actions for good, also those that run; gives how many."""
        await self.start()
        cancelled = await self.store.cancel(which, who)
        for lease in cancelled.running:
            self.underway.cancel(lease.work.action.id)
        self.follow(Kept(finished=cancelled.finished), NOTHING)
        return cancelled.count

    async def pause(self, what: Hold, who: str = "") -> None:
        """Begin no more actions of an agent, a rule or an organisation; attempts that run go on to their end."""
        await self.start()
        await self.store.pause(what, who)
        self.holds.add(what)

    async def resume(self, what: Hold, who: str = "") -> None:
        """Go on with what was paused."""
        await self.start()
        await self.store.resume(what, who)
        self.holds.discard(what)

    async def redrive(
        self,
        which: Selector,
        upto: int,
        edit: Callable[[Work], Work | None] | None = None,
        who: str = "",
    ) -> int:
        """Have dead letters up to a number done again; gives how many. See `Store.redrive`."""
        await self.start()
        count = await self.store.redrive(which, upto, edit, who)
        for name in self.current.agents:
            self.lane(name).start()
        return count

    # --- around -----------------------------------------------------------------------------------------

    def swap(self, generation: Generation) -> None:
        """Put a whole new generation in force; one assignment, between events."""
        self.retiring.swap(generation)
        self.spawn(
            self.note("rules.activated", digest=generation.digest, rules=len(generation.ruleset.rules))
        )

    async def note(self, kind: Kind, event: str = "", who: str = "", **what: Any) -> None:
        """Record what is no step of a transaction."""
        await self.write([Note(self.clock.now(), kind, event, who, what, "", str(what.get("digest", "")))])

    async def write(self, notes: Sequence[Note]) -> None:
        """Record what is no step of a transaction."""
        await self.surely(lambda: self.store.write(notes))

    def lane(self, agent: str) -> Lane:
        """The lane of an agent."""
        lane = self.lanes.get(agent)
        if lane is None:
            lane = self.lanes[agent] = Lane(self, agent)
        return lane

    def spawn(self, work: Coroutine[Any, Any, None], name: str = "") -> None:
        """Have something done beside; `name` is that by which it can be cancelled."""
        self.underway.spawn(work, name)

    async def surely(self, act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Do something with the store that must be done: as often as it takes while it is full. Raises
        StoreUnavailable when it cannot go on."""
        while True:
            try:
                return await act()
            except StoreUnavailable as error:
                if not self.came_back(error):
                    raise
            await asyncio.sleep(0.25)

    def came_back(self, error: StoreUnavailable) -> bool:
        """Whether a store that failed may be asked again; if not, nothing more is taken."""
        if isinstance(error, Busy):
            return True
        if not self.broken.is_set():
            self.accepting = False
            self.broken.set()
            self.alarm(Alert("store", str(error)))
        return False

    def reserve(self, action: Action, event: Event) -> float:
        """Take a slot for an action that is about to be kept: for how long it is leased at once, 0 for not at once."""
        if self.holds and not self.holds.isdisjoint(holds_on(action, event)):
            return 0.0
        return self.calls.reserve(self.lane(action.agent), action, event)

    def unreserve(self, following: Following, leases: Sequence[Lease] = ()) -> None:
        """Give back the slots of work that was not kept, or is kept without its lease."""
        begun = {lease.work.action.id for lease in leases} if following.work else ()
        for action in (w.action for w in following.work if w.lease > 0 and w.action.id not in begun):
            self.calls.unreserve(self.lane(action.agent), action)

    async def wait(self, event: str, seconds: float) -> None:
        """Come back when everything that follows from an event is over, at the latest after `seconds`."""
        key = await self.store.find(event)
        if key is None:
            return
        over = self.underway.ending(key)
        told = await self.store.told(key)
        if told is not None and told["state"] in ("accepted", "decided"):
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), seconds)

    async def room(self) -> None:
        """Come back when there is room for another message."""
        while self.busy:
            await asyncio.sleep(0.01)

    async def drain(self, seconds: float, *, park: bool = False) -> int:
        """Take nothing more, and wait for what is open; gives how many actions were left unfinished. With `park` only
        for attempts that run: what is in line stays in the store, for the next start."""
        self.accepting = False
        if self._started is None:
            return 0
        if self._house is not None:
            self._house.cancel()
        return await drain(self, seconds, park=park)

    async def end(self) -> None:
        """Give back the store, once everybody was told what happened."""
        if self._started is not None:
            await self.audience.end()
            await self.store.close()
