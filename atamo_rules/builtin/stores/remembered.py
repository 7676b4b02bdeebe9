"""What a store in memory remembers of messages, answers, dead letters and records, and what it tells of them."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from msgspec import Struct

from atamo_rules.builtin.stores.telling import ActionLine, erased, outline_of, told, tombstone
from atamo_rules.hub.audit.erased import leaf_of
from atamo_rules.model.audit import AuditRecord, Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event, within
from atamo_rules.model.frame import Frame, Page
from atamo_rules.model.types import Json
from atamo_rules.model.work import Arrival, DeadLetter, Entry, Selector

MOST_RECORDS = 50_000
"""Records of the audit that can be read again."""


class Message(Struct, gc=False):
    """What is remembered of one event."""

    arrival: Arrival
    decision: Decision | None = None
    over: bool = False
    erased: bool = False
    problems: tuple[str, ...] = ()
    actions: dict[int, ActionLine] = {}


@dataclass(slots=True)
class Log:
    """The answers to one event."""

    frames: dict[int, Frame] = field(default_factory=dict)
    """By their `seq`; those that newer ones stand in for are gone."""
    count: int = 0
    closed: bool = False
    until: datetime | None = None
    expired: int | None = None


class Remembered:
    """All of it, in dictionaries; whoever keeps changes changes them."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.names: dict[str, list[str]] = {}
        """By their ids, the keys of those that are called otherwise than their id."""
        self.over: OrderedDict[str, None] = OrderedDict()
        self.undecided: set[str] = set()
        """Keys of those that are kept, and still to be decided."""
        self.logs: dict[str, Log] = {}
        self.letters: dict[int, tuple[DeadLetter, int]] = {}
        self.state: dict[str, dict[str, Entry]] = {}
        self.notes: deque[Note] = deque(maxlen=MOST_RECORDS)
        self.position = 0

    async def find(self, name: str, organisation: str = "") -> str | None:
        if name in self.messages:
            return name
        keys = [key for key in self.names.get(name, ()) if not organisation or within(key, organisation)]
        return keys[0] if len(keys) == 1 else None

    async def event(self, key: str) -> Event | None:
        message = self.messages.get(key)
        return message.arrival.event if message is not None and not message.erased else None

    async def decided(self, key: str) -> bool:
        message = self.messages.get(key)
        return (
            message is None or message.decision is not None or message.arrival.quarantined or message.erased
        )

    async def decision(self, key: str) -> Decision | None:
        message = self.messages.get(key)
        return message.decision if message is not None else None

    async def told(self, key: str) -> Mapping[str, Json] | None:
        message = self.messages.get(key)
        if message is None:
            return None
        if message.erased:
            event = message.arrival.event
            return erased(event.id, message.arrival.at, tombstone(event))
        frames = list(self.logs[key].frames.values()) if key in self.logs else []
        lines = [message.actions[row] for row in sorted(message.actions)]
        arrival = message.arrival
        outline = outline_of(message.decision, message.problems) if message.decision is not None else None
        return told(arrival.event, arrival.quarantined, arrival.reasons, outline, message.over, lines, frames)

    async def page(self, log: str, after: int, limit: int) -> Page:
        kept = self.logs.get(log)
        if kept is None:
            return Page((), after)
        if kept.expired is not None:
            return Page((), after, True, kept.expired)
        whole = len(kept.frames) == kept.count
        numbers: Iterable[int] = (
            range(after + 1, kept.count + 1) if whole else (n for n in kept.frames if n > after)
        )
        frames = tuple(kept.frames[n] for n in islice(numbers, limit))
        cursor = frames[-1].seq if frames else after
        return Page(frames, cursor, kept.closed and cursor == kept.count)

    async def dead(
        self, which: Selector, after: int, upto: int | None, limit: int
    ) -> list[tuple[DeadLetter, int]]:
        chosen = (
            (letter, row)
            for letter, row in self.letters.values()
            if after < letter.number
            and (upto is None or letter.number <= upto)
            and which.fits(letter.work, letter.error)
        )
        return list(islice(chosen, limit))

    async def dead_groups(self) -> dict[tuple[str, str], int]:
        groups: dict[tuple[str, str], int] = {}
        for letter, _ in self.letters.values():
            group = letter.work.action.agent, letter.error
            groups[group] = groups.get(group, 0) + 1
        return groups

    async def entry(self, bucket: str, key: str) -> Entry | None:
        entry = self.state.get(bucket, {}).get(key)
        return entry if entry is not None and entry.value is not None else None

    async def entries(self, bucket: str, after: int) -> list[Entry]:
        found = [entry for entry in self.state.get(bucket, {}).values() if entry.revision > after]
        return sorted(found, key=lambda entry: entry.revision)

    async def audit(self, after: int, limit: int, event: str) -> list[AuditRecord]:
        first = self.position - len(self.notes)
        skip = max(0, after - first)
        placed = enumerate(islice(self.notes, skip, None), first + skip + 1)
        meant = (note.placed(at) for at, note in placed if not event or note.event == event)
        return list(islice(meant, limit))

    async def leaves(self, after: int, limit: int) -> list[bytes]:
        return [leaf_of(record) for record in await self.audit(after, limit, "")]

    async def head(self) -> int:
        return self.position

    async def rulesets(self) -> frozenset[str]:
        return frozenset(m.decision.digest for m in self.messages.values() if m.decision is not None)

    async def sizes(self) -> tuple[int, int]:
        return len(self.letters), len(self.undecided)
