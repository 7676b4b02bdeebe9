"""What one transaction changes, and where changes are kept: memory or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub import records
from atamo_rules.hub.store import Hear
from atamo_rules.model.audit import AuditRecord, Note
from atamo_rules.model.decision import Action, Decision
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame, Page
from atamo_rules.model.types import Json
from atamo_rules.model.work import Arrival, DeadLetter, Entry, Hold, Known, Put, Selector


class Outrun(StoreUnavailable):
    """Another process that shares the work was faster, and nothing has happened: what a change was made of is no longer
    so. Memory has followed the other; whoever is told looks again. Journals of one process never raise it."""


class Moved(Struct, gc=False):
    """An action in another state: what is kept of it from here on."""

    item: Item
    state: str
    why: str = ""
    answer: Json = None
    wait: float = 0.0
    errors: tuple[str, ...] = ()


class Incoming(Struct, gc=False):
    """An event to keep, and what follows where it is new. `known` is filled in by the journal."""

    arrival: Arrival
    change: Change
    known: Known = "new"


class Erasure(Struct):
    """An event to erase: by whom, and why."""

    event: str
    who: str = ""
    why: str = ""


class Change(Struct, gc=False):
    """One transaction. `open` are the events whose open actions grow or shrink, by how many: one that comes to none is
    finished. The journal fills in `finished`, and the revisions of `puts`. What most have nothing of is a tuple: one
    that is empty costs nothing."""

    at: datetime
    incoming: list[Incoming] = []
    decided: list[tuple[str, Decision]] = []
    added: list[Item] = []
    """New open actions; those that have an attempt already are leased."""
    done: tuple[tuple[int, str, Action], ...] = ()
    """Actions that are over by being kept, each with its row and its event."""
    moved: list[Moved] = []
    renewed: tuple[Item, ...] = ()
    """Those of them whose work says something else from here on."""
    problems: tuple[tuple[str, tuple[str, ...]], ...] = ()
    frames: tuple[Frame, ...] = ()
    trimmed: tuple[tuple[str, int], ...] = ()
    """Frames that newer ones stand in for, each with its log."""
    closed: tuple[str, ...] = ()
    kept: tuple[tuple[str, datetime], ...] = ()
    """Logs, each with the time it is kept to."""
    puts: tuple[Put, ...] = ()
    dead: tuple[tuple[DeadLetter, int], ...] = ()
    """New dead letters, each with the row of its action."""
    undead: tuple[int, ...] = ()
    erased: tuple[Erasure, ...] = ()
    open: dict[str, int] = {}
    notes: list[Note] = []
    finished: list[str] = []
    revisions: tuple[int | None, ...] = ()
    cursor: int = 0
    """The `seq` of the last frame."""


class Counts:
    """How many open actions each event has; whoever applies a change learns which events it ends. What was applied
    since `begin` can be undone."""

    def __init__(self) -> None:
        self.open: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def begin(self) -> None:
        """What comes now belongs together."""
        self._before.clear()

    def undo(self) -> None:
        """Undo what came since `begin`."""
        for event, count in self._before.items():
            if count:
                self.open[event] = count
            else:
                self.open.pop(event, None)

    def apply(self, change: Change) -> None:
        """Take a change into account, and record the events that are over with it."""
        open, before = self.open, self._before
        for event, more in change.open.items():
            there = open.get(event, 0)
            before.setdefault(event, there)
            left = there + more
            if left:
                open[event] = left
            else:
                open.pop(event, None)
                change.finished.append(event)
                change.notes.append(records.finished(change.at, event))


@dataclass(slots=True)
class Loaded:
    """What a journal has of before: open actions (those that ran when it ended are `lost`), how long each of them still
    waits, events to decide, pauses, the next row and the next dead letter; when the last record was written."""

    items: list[tuple[Item, float]] = field(default_factory=list)
    lost: list[Item] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    row: int = 0
    letter: int = 0
    rules: frozenset[str] = frozenset()
    """Digests of the rulesets whose rules wait for an answer."""
    newest: datetime | None = None


class Journal(Protocol):
    """Keeps changes. Commits are taken in the order they are handed in."""

    async def open(self, hear: Hear) -> Loaded: ...

    async def commit(self, change: Change) -> None:
        """Keep a change, fill in what it says of itself, and have its records heard. Raises Busy, StoreUnavailable,
        and Outrun where several processes share the work."""
        ...

    async def close(self) -> None: ...
    async def find(self, name: str, organisation: str = "") -> str | None: ...
    async def event(self, key: str) -> Event | None: ...
    async def decided(self, key: str) -> bool: ...
    async def decision(self, key: str) -> Decision | None: ...
    async def told(self, key: str) -> Mapping[str, Json] | None: ...
    async def page(self, log: str, after: int, limit: int) -> Page: ...
    async def dead(
        self, which: Selector, after: int, upto: int | None, limit: int
    ) -> list[tuple[DeadLetter, int]]: ...
    async def dead_groups(self) -> dict[tuple[str, str], int]: ...
    async def entry(self, bucket: str, key: str) -> Entry | None: ...
    async def entries(self, bucket: str, after: int) -> list[Entry]:
        """The values of a bucket with a revision beyond one, in the order of their revisions."""
        ...

    async def audit(self, after: int, limit: int, event: str) -> list[AuditRecord]: ...
    async def leaves(self, after: int, limit: int) -> list[bytes]: ...
    async def head(self) -> int: ...
    async def rulesets(self) -> frozenset[str]: ...
    async def sizes(self) -> tuple[int, int]:
        """How many dead letters there are, and how many events that are still to be decided."""
        ...

    async def forget(self, now: datetime) -> int:
        """Let go of what is over."""
        ...

    async def rewrite(self) -> None:
        """Write all that is kept anew."""
        ...
