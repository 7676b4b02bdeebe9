"""A store in memory: nothing survives the process, and the oldest messages that are over make room for new ones."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from msgspec import Struct, structs

from atamo_rules.builtin.stores.journal import Change, Counts, Incoming, Loaded
from atamo_rules.builtin.stores.local import LocalStore
from atamo_rules.builtin.stores.telling import ActionLine, erased, outline_of, told, tombstone
from atamo_rules.hub import records
from atamo_rules.hub.audit.erased import Hollowed, hollowed, leaf_of
from atamo_rules.hub.audit.seal import digest_of
from atamo_rules.hub.clock import Clock
from atamo_rules.hub.store import Caps, Hear
from atamo_rules.model.audit import AuditRecord, Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event, within
from atamo_rules.model.frame import Frame, Page
from atamo_rules.model.types import Json
from atamo_rules.model.work import Arrival, DeadLetter, Entry, Selector

MOST = 20_000
"""Messages remembered."""
MOST_OPEN = 10_000
"""Actions that may be open at once."""
MOST_RECORDS = 50_000
"""Records of the audit that can be read again."""

CAPS = Caps(
    durable=False,
    nodes=False,
    max_batch=100_000,
    grounds=True,
    compares=True,
)


def _digest(arrival: Arrival) -> bytes:
    return arrival.digest or digest_of(arrival.event)


class MemoryStore(LocalStore):
    """Remembers the last `most` messages, and those that are not over."""

    def __init__(self, most: int = MOST, most_open: int = MOST_OPEN, clock: Clock | None = None) -> None:
        super().__init__(MemoryJournal(most), CAPS, most_open, clock)


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


class MemoryJournal:
    """Keeps changes in dictionaries. Every method is over before anything else runs."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.messages: dict[str, Message] = {}
        self.names: dict[str, list[str]] = {}
        """By their ids, the keys of those that are called otherwise than their id."""
        self.over: OrderedDict[str, None] = OrderedDict()
        self.logs: dict[str, Log] = {}
        self.letters: dict[int, tuple[DeadLetter, int]] = {}
        self.state: dict[str, dict[str, Entry]] = {}
        self.revision = 0
        self.notes: deque[Note] = deque(maxlen=MOST_RECORDS)
        self.position = 0
        self.counts = Counts()
        self.hear: Hear = lambda first, notes: None

    async def open(self, hear: Hear) -> Loaded:
        self.hear = hear
        return Loaded()

    async def close(self) -> None:
        return None

    async def commit(self, change: Change) -> None:
        told: list[Note] = []
        self.counts.begin()
        self.apply(change, told)
        if told:
            first = self.position + 1
            self.position += len(told)
            self.notes.extend(told)
            self.hear(first, told)

    def apply(self, change: Change, told: list[Note]) -> None:
        """Take a change and those inside it, in order."""
        own = len(told)
        for one in change.incoming:
            self.enter(one, told)
        for event, decision in change.decided:
            self.messages[event].decision = decision
        for item in change.added:
            state = "running" if item.attempts else "waiting"
            work = item.work
            self.messages[work.event].actions[item.row] = ActionLine(work.action, state, item.attempts)
        for row, event, action in change.done:
            self.messages[event].actions[row] = ActionLine(action, "done")
        for moved in change.moved:
            line = self.messages[moved.item.work.event].actions[moved.item.row]
            line.state, line.attempts = moved.state, moved.item.attempts
            line.why, line.answer = moved.why, moved.answer
        for event, problems in change.problems:
            self.messages[event].problems += problems
        if change.frames or change.trimmed or change.closed or change.kept:
            self._answers(change)
        if change.puts:
            self._state(change)
        for letter, row in change.dead:
            self.letters[letter.number] = letter, row
        for number in change.undead:
            self.letters.pop(number, None)
        for erasure in change.erased:
            hollow = self.erase(erasure.event)
            change.notes.append(records.erased(change.at, erasure.event, erasure.who, erasure.why, hollow))
        self.counts.apply(change)
        for event in change.open:
            message = self.messages.get(event)
            if message is not None:
                message.over = event in change.finished
                if message.over:
                    self.over[event] = None
                else:
                    self.over.pop(event, None)
        # What came in with this change is told after it, but what entered is applied first: its rows refer to nobody.
        told[own:own] = change.notes

    def _answers(self, change: Change) -> None:
        """Take what a change does to the logs of answers."""
        for frame in change.frames:
            log = self.logs.setdefault(frame.log, Log())
            if log.expired is not None:
                continue
            change.cursor = log.count = log.count + 1
            log.frames[log.count] = replace(frame, seq=log.count, at=frame.at or change.at)
        for name, seq in change.trimmed:
            if name in self.logs:
                self.logs[name].frames.pop(seq, None)
        for name in change.closed:
            self.logs.setdefault(name, Log()).closed = True
        for name, until in change.kept:
            self.logs.setdefault(name, Log()).until = until

    def _state(self, change: Change) -> None:
        """Take what a change puts into the small shared state."""
        for put in change.puts:
            bucket = self.state.setdefault(put.bucket, {})
            before = bucket.get(put.key)
            there = before.revision if before is not None and before.value is not None else 0
            if put.expect is not None and put.expect != there:
                change.revisions += (None,)
                continue
            self.revision += 1
            bucket[put.key] = Entry(put.key, put.value, self.revision)
            change.revisions += (self.revision,)

    def enter(self, one: Incoming, told: list[Note]) -> None:
        """Keep an event whose key is new, and what follows from it."""
        arrival, key = one.arrival, one.arrival.event.key
        known = self.messages.get(key)
        if known is not None:
            same = known.erased or _digest(known.arrival) == _digest(arrival)
            one.known = "same" if same else "other"
            told.append(records.known(arrival, same))
            return
        if arrival.rests and not arrival.founded:
            one.known = "unfounded"
            return
        if arrival.ground is not None:
            arrival.ground.holds = True
        self.messages[key] = Message(arrival)
        if key != arrival.event.id:
            self.names.setdefault(arrival.event.id, []).append(key)
        if arrival.quarantined:
            self.over[key] = None
        self.apply(one.change, told)
        while len(self.messages) > self.most and self.over:
            self.let_go(self.over.popitem(last=False)[0])

    def erase(self, key: str) -> Hollowed:
        """Take all that an event says, and make its records hollow; gives where those are, each with its hash."""
        message = self.messages[key]
        event = structs.replace(message.arrival.event, body=None, salt="")
        arrival = Arrival(event, b"", message.arrival.at, quarantined=message.arrival.quarantined)
        self.messages[key] = Message(arrival, over=True, erased=True)
        self.over[key] = None
        log = self.logs.setdefault(key, Log())
        log.frames.clear()
        log.expired = log.count if log.expired is None else log.expired
        for number in [number for number, (letter, _) in self.letters.items() if letter.work.event == key]:
            del self.letters[number]
        found: Hollowed = {}
        first = self.position - len(self.notes) + 1
        for at, note in enumerate(self.notes):
            left = hollowed(note.placed(first + at)) if note.event == key else None
            if left is not None:
                self.notes[at] = structs.replace(note, what=left[0], blank=None)
                found[str(first + at)] = left[1]
        return found

    def let_go(self, key: str) -> None:
        """Forget a message that is over."""
        id = self.messages.pop(key).arrival.event.id
        if key != id:
            keys = self.names[id]
            keys.remove(key)
            if not keys:
                del self.names[id]
        self.logs.pop(key, None)

    # --- reading ----------------------------------------------------------------------------------------

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
        pending = sum(
            m.decision is None and not (m.arrival.quarantined or m.erased) for m in self.messages.values()
        )
        return len(self.letters), pending

    async def forget(self, now: datetime) -> int:
        windows = self.state.get("windows", {})
        over = [key for key, entry in windows.items() if entry.value is None]
        for key in over:
            del windows[key]
        gone = len(over)
        for log in self.logs.values():
            if log.until is not None and log.until < now and log.expired is None:
                log.expired = log.count
                log.frames.clear()
                gone += 1
        return gone

    async def rewrite(self) -> None:
        return None
