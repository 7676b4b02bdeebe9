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
from typing import TYPE_CHECKING, Any

from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub import archive, beginning, operating, starting
from atamo_rules.hub.agents import credentials
from atamo_rules.hub.agents.calls import Calls
from atamo_rules.hub.agents.lanes import Lane
from atamo_rules.hub.agents.limits import Limits, held_apart
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.alerts import Alarm, Alert
from atamo_rules.hub.attempts import Attempts
from atamo_rules.hub.audience import Audience
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.hub.clock import Clock, SystemClock
from atamo_rules.hub.ending import drain
from atamo_rules.hub.entering import Entering
from atamo_rules.hub.evaluators.panel import Panel
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.history.follow import Followers
from atamo_rules.hub.intake import Admit, Taken
from atamo_rules.hub.nodes import Nodes
from atamo_rules.hub.people.keyring import Keyring
from atamo_rules.hub.people.leaving import Leaving
from atamo_rules.hub.people.members import Members
from atamo_rules.hub.people.numbering import Numbering
from atamo_rules.hub.ports import Auditor, Vault
from atamo_rules.hub.requests import asking
from atamo_rules.hub.requests.live import Requests
from atamo_rules.hub.requests.request import PLAIN, Options
from atamo_rules.hub.retire import Retiring
from atamo_rules.hub.store import Store
from atamo_rules.hub.telemetry.meter import Meter
from atamo_rules.hub.telemetry.tally import Tally
from atamo_rules.hub.underway import Underway
from atamo_rules.hub.ways import Ways
from atamo_rules.hub.windows.keeping import Windows
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.people import User
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.types import Json
from atamo_rules.model.via import DIRECT, Via
from atamo_rules.model.work import Decided, Following, Hold, HoldKind, Kept, Lease, Recovered, Selector, Work

if TYPE_CHECKING:
    from atamo_rules.hub.proposals.proposals import Proposals


class Hub:
    """The central engine. One generation of rules at a time; every step is in the audit of its store."""

    def __init__(
        self, first: Generation, store: Store, auditors: Sequence[Auditor] = (), *, clock: Clock | None = None,
        alarm: Alarm | None = None, chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self.retiring = Retiring(first)
        self.store = store
        self.clock = clock or SystemClock()
        self.tally, self.followers = Tally(), Followers(store.audit)
        self.meter = Meter(self.tally)
        self.notary: Notary | None = None
        self.since = self.clock.passed()
        self.audience = Audience(store, auditors)
        self.alarm = alarm or (lambda alert: None)
        self.chance = chance
        self.vault: Vault | None = None
        self.proposals: Proposals | None = None
        self.members, self.numbering, self.leaving = Members(self), Numbering(store), Leaving(self)
        self.keyring = Keyring(store, self.clock)
        self.consents = credentials.Consents(store, self.clock)
        self.policy: RetryPolicy | None = None
        """A retry policy for all agents, in place of their own."""
        self.audience.ears += [self.tally.hear, self.followers.hear]
        self.accepting = True
        self.stopping = False
        self.broken = asyncio.Event()
        """Set when the store cannot go on."""
        self.lanes: dict[str, Lane] = {}
        self.retiring.swapped = self._look
        self.holds: dict[tuple[HoldKind, str], Hold] = {}
        self.underway = Underway()
        self.attempts = Attempts(self)
        self.calls = Calls(self)
        self.requests = Requests(self)
        self.windows = Windows(self)
        self.entering = Entering(self)
        self.panel = Panel(self)
        self.nodes = Nodes(self)
        self.ways = Ways(self, ())
        self.left = Recovered()
        """What a process before left open."""
        self.running = False
        """Whether it has started."""
        self._started: asyncio.Task[None] | None = None
        self.house: asyncio.Task[None] | None = None

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
        itself. Who stops waiting for it stops nothing. Raises StoreUnavailable, to everybody who asks, when it could
        not."""
        if self._started is None:
            self._started = asyncio.get_running_loop().create_task(starting.start(self))
        await asyncio.shield(self._started)

    # --- accept -----------------------------------------------------------------------------------------

    async def submit(
        self, raw: bytes, *, type_name: str | None = None, user: User | None = None, key: str = "",
        options: Options = PLAIN, admit: Admit | None = None, via: Via = DIRECT,
    ) -> tuple[Taken, bool]:  # fmt: skip
        """Take one message; the second value says that it was known already. `key` is the id of a message that has
        none; `options` say how a request is to be answered; `admit` whether its sender may send it; `via` by which way
        it came. Waits while too much is open. Never raises on its bytes; raises Busy and StoreUnavailable."""
        generation, now = self.retiring.current, self.clock.now()
        taken = generation.intake.take(raw, now, type_name, user, key, admit)
        return await self.entering.enter(taken, generation, now, options, via)

    async def submit_json(
        self, value: Json, *, type_name: str | None = None, user: User | None = None, key: str = "",
        options: Options = PLAIN, admit: Admit | None = None, via: Via = DIRECT,
    ) -> tuple[Taken, bool]:  # fmt: skip
        """As `submit`, for a message that was read already."""
        generation, now = self.current, self.clock.now()
        taken = generation.intake.given(value, now, type_name, user, key, admit)
        return await self.entering.enter(taken, generation, now, options, via)

    async def enter(
        self, taken: Taken, generation: Generation, now: datetime, options: Options = PLAIN, via: Via = DIRECT
    ) -> tuple[Taken, bool]:
        """Decide what was taken at that moment, and keep both in one transaction. Raises Busy and StoreUnavailable."""
        return await self.entering.enter(taken, generation, now, options, via)

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

    async def decide_kept(self, key: str, event: Event | None = None) -> None:
        """Decide an event that was kept undecided, under the rules of now."""
        event = event or await self.store.event(key)
        if event is None:
            return
        generation = self.current
        claim = await self.windows.decide(event, generation, self.clock.now())
        following = claim.made.following
        if following.begins:
            self.retiring.enter(key, generation)
        (kept,) = await claim.kept(self._recorded(event, claim.made))
        if kept.known == "new":
            self.follow(kept, following)
        else:
            self.unreserve(following)

    async def _recorded(self, event: Event, made: Decided) -> Sequence[Kept]:
        return [await self.surely(lambda: self.store.record(event, made))]

    def follow(self, kept: Kept, following: Following) -> None:
        """Begin what a transaction brought."""
        beginning.follow(self, kept, following)

    # --- operate ----------------------------------------------------------------------------------------

    async def cancel(self, which: Selector, who: str = "") -> int:
        """End open actions for good, also those that run; gives how many."""
        return await operating.cancel(self, which, who)

    async def pause(self, what: Hold, who: str = "") -> None:
        """Begin no more actions of an agent, a rule or an organisation; attempts that run go on to their end."""
        await operating.pause(self, what, who)

    async def resume(self, what: Hold, who: str = "") -> None:
        """Go on with what was paused."""
        await operating.resume(self, what, who)

    async def redrive(
        self, which: Selector, upto: int, edit: Callable[[Work], Work | None] | None = None, who: str = ""
    ) -> int:
        """Have dead letters up to a number done again; gives how many. See `Store.redrive`."""
        return await operating.redrive(self, which, upto, edit, who)

    # --- around -----------------------------------------------------------------------------------------

    async def activate(self, generation: Generation) -> None:
        """Keep the text of a whole new generation, and put it in force."""
        await self.surely(lambda: archive.keep(self.store, generation))
        self.swap(generation)

    async def rules_of(self, digest: str) -> Ruleset | None:
        """The rules of a digest: those in force, or those of before as far as they are kept."""
        known = next((one.ruleset for one in self.retiring.all if one.digest == digest), None)
        return known if known is not None else await archive.fetch(self.store, digest)

    def swap(self, generation: Generation) -> None:
        """Put a whole new generation in force; one assignment, between events."""
        self.retiring.swap(self.members.joined(generation))
        self.numbering.take(self.current)
        self.spawn(self.surely(lambda: self.numbering.keep(self.current)))
        self.windows.follow(generation)
        self.spawn(
            self.note("rules.activated", digest=generation.digest, rules=len(generation.ruleset.rules))
        )

    async def note(self, kind: Kind, event: str = "", who: str = "", **what: Any) -> None:
        """Record what is no step of a transaction."""
        await self.write([Note(self.clock.now(), kind, event, who, what, "", str(what.get("digest", "")))])

    async def write(self, notes: Sequence[Note]) -> None:
        """Record what is no step of a transaction."""
        await self.surely(lambda: self.store.write(notes))

    def _look(self) -> None:
        """Other rules are in force: agents may do more, or less; or other people."""
        self.leaving.look()
        self.paced()
        for lane in self.lanes.values():
            lane.look()

    def paced(self) -> None:
        """Have a lane for each agent with a rate, for from here on tokens come; where hubs share a store, say that each
        keeps to its own."""
        agents = {
            name: bound.limits for name, bound in self.current.agents.items() if bound.limits != Limits()
        }
        for name in (name for name, limits in agents.items() if limits.rate is not None):
            self.lane(name).slots()
        if self.store.caps.nodes and (apart := held_apart(sorted(agents))):
            self.alarm(Alert("limits", apart))

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
        return beginning.reserve(self, action, event)

    def unreserve(self, following: Following, leases: Sequence[Lease] = ()) -> None:
        """Give back the slots of work that was not kept, or is kept without its lease."""
        beginning.unreserve(self, following, leases)

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
        if not self._started.done():
            self._started.cancel()
            await asyncio.wait({self._started})
        return await drain(self, seconds, park=park)

    async def end(self) -> None:
        """Give back the store, once everybody was told what happened."""
        if self.running:
            await self.audience.end()
        if self._started is not None:
            await self.store.close()
