"""A store in memory: nothing survives the process, and the oldest messages that are over make room for new ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from msgspec import structs

from atamo_rules.builtin.stores.journal import Change, Counts, Incoming, Loaded
from atamo_rules.builtin.stores.local import LocalStore
from atamo_rules.builtin.stores.remembered import Log, Message, Remembered
from atamo_rules.builtin.stores.telling import ActionLine
from atamo_rules.hub import records
from atamo_rules.hub.audit.erased import Hollowed, hollowed
from atamo_rules.hub.audit.seal import digest_of
from atamo_rules.hub.clock import Clock
from atamo_rules.hub.store import Caps, Hear
from atamo_rules.model.audit import Note
from atamo_rules.model.work import Arrival, Entry

MOST = 20_000
"""Messages remembered."""
MOST_OPEN = 10_000
"""Actions that may be open at once."""

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


class MemoryJournal(Remembered):
    """Keeps changes in memory. Every method is over before anything else runs."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.revision = 0
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
        messages = self.messages
        for event, decision in change.decided:
            messages[event].decision = decision
            if self.undecided:
                self.undecided.discard(event)
        for item in change.added:
            attempts, action = item.attempts, item.work.action
            state = "running" if attempts else "waiting"
            messages[item.event].actions[item.row] = ActionLine(action, state, attempts)
        if change.done:
            for row, event, action in change.done:
                messages[event].actions[row] = ActionLine(action, "done")
        for moved in change.moved:
            item = moved.item
            line = messages[item.event].actions[item.row]
            line.state, line.attempts = moved.state, item.attempts
            line.why, line.answer = moved.why, moved.answer
        if change.problems:
            for event, problems in change.problems:
                messages[event].problems += problems
        if change.frames or change.trimmed or change.closed or change.kept:
            self._answers(change)
        if change.puts:
            self._state(change)
        if change.dead or change.undead or change.erased:
            self._letters(change)
        self.counts.apply(change)
        finished = change.finished
        over = frozenset(finished) if len(finished) > 1 else finished  # of a turn, hundreds
        for event in change.open:
            message = messages.get(event)
            if message is not None:
                if event in over:
                    message.over, self.over[event] = True, None
                elif event in self.over:
                    message.over = False
                    del self.over[event]
        # What came in with this change is told after it, but what entered is applied first: its rows refer to nobody.
        told[own:own] = change.notes

    def _letters(self, change: Change) -> None:
        """Take dead letters that come and go, and erase events."""
        for letter, row in change.dead:
            self.letters[letter.number] = letter, row
        for number in change.undead:
            self.letters.pop(number, None)
        for erasure in change.erased:
            hollow = self.erase(erasure.event)
            change.notes.append(records.erased(change.at, erasure.event, erasure.who, erasure.why, hollow))

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
        elif arrival.decided is None:
            self.undecided.add(key)
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
