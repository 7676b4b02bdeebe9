"""The hub's memory as a port: transactions, not tables. What a store cannot do for one node it need not pretend.

A store writes its own audit records inside the transaction they speak of (`hub/records.py` makes them), so that no
state changes untold. Nothing here abstracts a broker; `docs/decisions/0007-the-store-port.md` maps each verb to NATS
JetStream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

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

ANY = Selector()
Hear: TypeAlias = Callable[[int, Sequence[Note]], None]
"""Is given the position of the first and all records of every run that was committed, in order, before the call that
caused them returns."""


class Caps(NamedTuple):
    """What an engine can do, from its making on; suites and the hub read this instead of its name."""

    durable: bool
    """What it has accepted survives the process and a loss of power."""
    nodes: bool
    """Several hubs may share it."""
    max_batch: int
    """Events in one `accept`."""
    grounds: bool = False
    """An arrival may rest on others that were handed in before it and are not kept yet (`Arrival.rests`). Where it may
    not, the hub hands in what rests on another only once that is kept."""
    compares: bool = False
    """It still has every message it knows of, and compares what they say when a key comes again: `Arrival.digest` may
    be empty, and is then made only if it is needed."""


class Store(Protocol):
    """Every verb is one transaction: durable when it returns, all of it or none. Verbs that write raise Busy when the
    store is full for now, and StoreUnavailable when it cannot go on at all; nothing has happened then.

    A verb that has begun to write goes to its end and returns, also when its caller is cancelled meanwhile: what it
    gives must be seen to. `hub.whole.to_its_end` has the cancellation delivered at the caller's next wait, and the hub
    makes that wait once everything has begun.
    """

    @property
    def caps(self) -> Caps: ...

    level: Level
    """Which kinds of records are kept (`hub.audit.levels`); the others are left out of every transaction."""

    @property
    def full(self) -> bool:
        """Whether `accept` would say Busy."""
        ...

    async def open(self, hear: Hear) -> Recovered:
        """Take what is kept and make it ready to go on. Raises StoreUnavailable, naming who holds it."""
        ...

    async def orphaned(self) -> Recovered:
        """Wait until another hub that shared the store has gone and this one goes on with what it left: as `open`
        gives it, for what was left meanwhile. Never, where no other hub shares it. Raises StoreUnavailable once it
        cannot go on, also where nothing is asked of it."""
        ...

    async def close(self) -> None:
        """Give it back. Open leases are given up; their attempts stay counted."""
        ...

    # --- accept, record ---------------------------------------------------------------------------------

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Kept]:
        """Keep events, each once by its key; one that is known changes nothing but the audit, and one that rests on
        what does not hold changes nothing at all."""
        ...

    async def record(self, event: Event, decided: Decided) -> Kept:
        """Keep what was decided about an event that was kept undecided; a second time changes nothing."""
        ...

    # --- work -------------------------------------------------------------------------------------------

    async def claim(self, agent: str, limit: Callable[[], int], wait: float, lease: float) -> list[Lease]:
        """Lease actions of an agent for `lease` seconds each, the oldest first; attempts are counted here. `limit` says
        how many at the moment they are given; when it says 0 nothing is given. Waits up to `wait` seconds for the
        first. What is paused, or waits to be tried again, is not given."""
        ...

    async def extend(self, lease: Lease, seconds: float) -> bool:
        """Keep a lease for so long from now; False when it is no longer held."""
        ...

    async def settle(self, lease: Lease, outcome: Outcome, following: Following = NOTHING) -> Kept | None:
        """Keep how an attempt ended. `Done` ends the action; `Failed` too, and makes a dead letter of one that no rule
        waits for; `Again` has it wait `after` seconds. None when the lease was lost: only that it came late is kept.
        """
        ...

    async def settle_all(self, ended: Sequence[tuple[Lease, Outcome]]) -> list[Kept | None]:
        """As `settle`, for attempts of which nothing follows: all of them are kept in one transaction, or none is."""
        ...

    async def expire(self, event: str, action: str, why: str, following: Following = NOTHING) -> Kept | None:
        """End an open action whose time is over, leased or not; None when it is not open."""
        ...

    async def cancel(self, which: Selector, who: str = "") -> Cancelled:
        """End open actions for good. What was running is given back, for its agents to be stopped: it settles too
        late."""
        ...

    async def pause(self, what: Hold, who: str = "") -> None:
        """Give out no more actions of an agent, a rule or an organisation, until `resume`; outlives the process."""
        ...

    async def resume(self, what: Hold, who: str = "") -> None:
        """Go on with what was paused."""
        ...

    async def paused(self) -> tuple[Hold, ...]: ...

    # --- answers ----------------------------------------------------------------------------------------

    async def append(
        self, frames: Sequence[Frame], notes: Sequence[Note] = (), *, close: bool = False
    ) -> int:
        """Keep frames of one log in order; gives the last one's `seq`, or 0 when the log's time is over and they are
        not kept. With `close` no more will come."""
        ...

    async def read(self, log: str, after: int, limit: int, wait: float) -> Page:
        """The frames after a cursor; when there are none, waits up to `wait` seconds for the first. A reader that goes
        on from each page's cursor sees every frame once, in order, whenever it joins."""
        ...

    async def touch(self, log: str, seconds: float) -> bool:
        """Keep a log for so many seconds from now, then only how many frames it had; False when it is over."""
        ...

    async def trim(self, log: str, frames: Sequence[int]) -> None:
        """Let go of single frames of a log, by their `seq`, that newer ones stand in for. The others keep theirs."""
        ...

    # --- dead letters -----------------------------------------------------------------------------------

    async def dead(self, which: Selector = ANY, after: int = 0, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Dead letters in order of their numbers."""
        ...

    async def dead_groups(self) -> Mapping[tuple[str, str], int]:
        """How many there are, by agent and class of error."""
        ...

    async def redrive(
        self, which: Selector, upto: int, edit: Callable[[Work], Work | None] | None = None, who: str = ""
    ) -> int:
        """Have dead letters up to a number done again; gives how many. Their count of attempts and the time that their
        attempts may take begin anew, and their id stays, so that an agent can still tell a repetition. One that `edit`
        gives another body has an id of its own, and one for which it gives None stays dead."""
        ...

    async def discard(self, which: Selector, upto: int, who: str = "") -> int:
        """Take dead letters up to a number away for good; gives how many."""
        ...

    # --- erasing ----------------------------------------------------------------------------------------

    async def erase(self, event: str, who: str = "", why: str = "") -> bool:
        """Let go for good of all that an event says: its body and salt, its actions, their answers and dead letters,
        its frames, and of its records what may hold some of it; these keep their places and hashes
        (`hub.audit.erased`). Its key stays known, and whose it was. False, and nothing changed, for an event that is
        not kept, or of which something is still to be done. Gives True for one that was erased before."""
        ...

    async def rewrite(self) -> None:
        """Write anew all that is kept, so that nothing that was let go of is found in what is free. Takes its time, and
        whoever writes meanwhile waits."""
        ...

    # --- small shared state -----------------------------------------------------------------------------

    async def put(self, put: Put) -> int | None:
        """Write a value; gives its revision, or None when it was not what `expect` says."""
        ...

    async def get(self, bucket: str, key: str) -> Entry | None: ...

    async def entries(self, bucket: str) -> tuple[Entry, ...]:
        """Every value of a bucket, in the order they were written."""
        ...

    def watch(self, bucket: str) -> AsyncIterator[Entry]:
        """Every value of a bucket now, then every change, in order."""
        ...

    # --- telling ----------------------------------------------------------------------------------------

    async def write(self, notes: Sequence[Note]) -> None:
        """Keep records of what is no other transaction."""
        ...

    async def audit(self, after: int, limit: int, event: str = "") -> tuple[AuditRecord, ...]:
        """Records after a position, in order; with `event` only those about the event of that key."""
        ...

    async def leaves(self, after: int, limit: int) -> Sequence[bytes]:
        """The hashes of records after a position, in order (`hub.audit.merkle.leaf_hash`): of what is committed, and as
        it is kept. May be fewer than `limit`; none only when there are no records after it."""
        ...

    async def head(self) -> int:
        """The position of the last record, 0 before the first."""
        ...

    async def find(self, name: str, organisation: str = "") -> str | None:
        """The key of an event by its key, or by its id alone where only one event has it; with an organisation, where
        only one of its events has it, whatever others have."""
        ...

    async def event(self, key: str) -> Event | None:
        """An event as it was taken."""
        ...

    async def decision(self, key: str) -> Decision | None:
        """What was decided of an event when it came in; what followed an `ask` is no part of it."""
        ...

    async def told(self, name: str) -> Mapping[str, Json] | None:
        """All that is kept of an event, as JSON; by its key, or by its id alone where only one event has it."""
        ...

    async def rulesets(self) -> frozenset[str]:
        """The digests of the rulesets that kept events were decided under, and that open work waits under. May take its
        time: it is asked about once a day."""
        ...

    async def depth(self) -> Depth: ...

    async def housekeeping(self) -> int:
        """Let go of what is over: logs and events whose time has come; gives how much. Call it now and then."""
        ...
