"""What a store keeps of the work that rules make: arrivals, what follows from a step, open actions and their leases.

Those of which every message makes several are Structs of msgspec, frozen like the dataclasses and made twenty times as
fast: `msgspec.structs.replace` is to them what `dataclasses.replace` is to those. None can be part of a cycle, and so
the cycle collector need not walk them (`gc=False`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Action, Decision, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.people import Who
from atamo_rules.model.types import Json
from atamo_rules.model.via import DIRECT, Via

Known: TypeAlias = Literal["new", "same", "other", "unfounded"]
"""What a store says of an event's key: not seen before (`new`), seen with the same content (`same`) or with other
content (`other`); or not seen before and not kept either, since what its decision rests on did not come to be
(`unfounded`)."""


class Work(Struct, frozen=True, gc=False):
    """An action that an agent is to carry out, with what is needed of its event once that is out of sight.

    `event` is the event's key; `digest` is that of its rule, `rules` that of the ruleset it was decided under;
    `deadline` is when an `ask` gives up, and `waiting` what its rule does after it. With `lease` above 0 the action is
    leased for so many seconds in the very transaction that keeps it: whoever hands it in has a free slot and begins at
    once. `due` is until when it waits before it is begun at all, None for no longer than it must.
    """

    event: str
    action: Action
    who: str
    organisation: str
    digest: str
    at: datetime
    deadline: datetime | None = None
    waiting: Waiting | None = None
    alerts: bool = False
    lease: float = 0.0
    rules: str = ""
    due: datetime | None = None

    @property
    def since(self) -> datetime:
        """From when on it could be begun."""
        return self.due if self.due is not None else self.at

    @property
    def whose(self) -> Who | None:
        """As whom it is done: whom its rule names, else the user of its event; None for nobody."""
        return self.action.acting_as or (Who("user", self.who) if self.who else None)

    @property
    def message(self) -> Action:
        """The action as its agent is handed it, which is told as whom."""
        if self.action.acting_as is not None or not self.who:
            return self.action
        return replace(self.action, acting_as=self.whose)


class Lease(Struct, frozen=True, gc=False):
    """One attempt at an action, counted before it runs. The lease is its holder's until `token` is used or out of time;
    `attempt` counts from 1, and lost attempts count. `errors` are the reasons of those before."""

    work: Work
    attempt: int
    token: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """A value of the hub's small shared state; None takes it away. With `expect` it is only written over that
    revision (0: over nothing)."""

    bucket: str
    key: str
    value: Json = field(hash=False)
    expect: int | None = None


class Following(Struct, frozen=True, gc=False):
    """What a transaction keeps beside its own step: all of it or none.

    `done` are actions that are over by being kept, such as replies; `arrivals` are events that follow, kept once by
    their keys like any other; `problems` are sentences about actions that could not be filled.
    """

    work: tuple[Work, ...] = ()
    done: tuple[Action, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    frames: tuple[Frame, ...] = ()
    puts: tuple[Put, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def begins(self) -> bool:
        """Whether some of the work need not wait until it is due: it is done by the agents of now."""
        return bool(self.work) and (self.work[0].due is None or any(work.due is None for work in self.work))


NOTHING = Following()


class Decided(Struct, frozen=True, gc=False):
    """A decision and what follows from it."""

    decision: Decision
    following: Following = NOTHING


class Ground(Struct, eq=False):
    """What others may rest on before it is kept: that an arrival comes in as new. The store says whether it `holds`."""

    holds: bool = False


class Arrival(Struct, frozen=True, gc=False):
    """An event to keep. `digest` is taken over its content: the same key with another digest is a conflict. It is empty
    where nothing is known of the content any more, and for a store that makes it when it needs it (`Caps.compares`).

    `seal` is what stands in the audit in place of the content.
    `decided` is None for an event that is kept first and decided later; `quarantined` for one that no rule may see,
    with the `reasons` why it breaks its type.

    `ground` is made to hold by the transaction that keeps it as new. What `rests` on others that were handed in before
    it, and are perhaps not kept yet, is kept only where all of them hold (`Caps.grounds`).
    """

    event: Event
    digest: bytes
    at: datetime
    reasons: tuple[str, ...] = ()
    quarantined: bool = False
    decided: Decided | None = None
    seal: str = ""
    via: Via = DIRECT
    ground: Ground | None = None
    rests: tuple[Ground, ...] = ()

    @property
    def founded(self) -> bool:
        """Whether all that it rests on holds."""
        return all(ground.holds for ground in self.rests)


class Kept(Struct, frozen=True, gc=False):
    """What came of a transaction: what was known of its event, the leases it gave, events that are over with it, and
    the keys of events that follow from it and are still to be decided."""

    known: Known = "new"
    leases: tuple[Lease, ...] = ()
    finished: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """Which actions are meant: those that fit everything that is said. `error` is a class of failures."""

    event: str = ""
    action: str = ""
    agent: str = ""
    rule: str = ""
    organisation: str = ""
    error: str = ""

    def fits(self, work: Work, error: str = "") -> bool:
        """Whether an action is meant."""
        return (
            (not self.event or self.event == work.event)
            and (not self.action or self.action == work.action.id)
            and (not self.agent or self.agent == work.action.agent)
            and (not self.rule or self.rule == work.action.rule)
            and (not self.organisation or self.organisation == work.organisation)
            and (not self.error or self.error == error)
        )


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled: how many actions, the leases among them that were running, events that are over, and the work
    that nobody will do."""

    count: int
    running: tuple[Lease, ...] = ()
    finished: tuple[str, ...] = ()
    work: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An action that was given up. `number` rises; `errors` are the reasons of every attempt, oldest first."""

    number: int
    work: Work
    error: str
    why: str
    attempts: int
    errors: tuple[str, ...]
    at: datetime


HoldKind: TypeAlias = Literal["agent", "rule", "organisation"]


@dataclass(frozen=True, slots=True)
class Hold:
    """What is paused: the actions of an `agent`, of a `rule`, or of an `organisation`'s events. Who paused it, when
    and why make no other pause of it: `by` is empty where nobody said, `at` is None until it is kept."""

    kind: HoldKind
    name: str
    by: str = field(default="", compare=False)
    at: datetime | None = field(default=None, compare=False)
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is open: actions that wait, run, wait to be tried again, are held by a pause; dead letters; events that
    are kept and not decided; how many seconds the oldest open action is old, of those that could be begun; and how many
    actions were told to wait and are not due yet (`after`), which are in none of the other counts."""

    waiting: int
    running: int
    later: int
    held: int
    dead: int
    pending: int
    oldest: float
    delayed: int = 0


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a store found when it was opened: keys of events still to be decided, open actions with a deadline, how many
    actions are open, how many attempts were lost with the process before, the digests of the rulesets whose rules wait
    for an answer, and the agents that the open actions are for. `hub` is the name under which this hub is known to
    others that share the store, empty where it is alone; `gone` are those whose part it takes."""

    pending: tuple[str, ...] = ()
    deadlines: tuple[Work, ...] = ()
    open: int = 0
    lost: int = 0
    rules: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    hub: str = ""
    gone: frozenset[str] = frozenset({""})


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of the small shared state at one revision; `value` is None when it was taken away."""

    key: str
    value: Json = field(hash=False)
    revision: int
