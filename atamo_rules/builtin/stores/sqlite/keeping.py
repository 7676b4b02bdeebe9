"""A group of transactions into the tables: prepared in the loop, written on the store's thread in one transaction.

Rows of one kind are written by one statement for many, since every statement hands Python's lock over and back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

from msgspec import Struct

from atamo_rules.builtin.stores.journal import Change, Counts, Incoming, Moved
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.blobs import aside
from atamo_rules.builtin.stores.sqlite.erasing import erase
from atamo_rules.builtin.stores.sqlite.leaves import leaf_of, note_text
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.hub import records
from atamo_rules.model.audit import Note
from atamo_rules.model.work import DeadLetter, Put

Row: TypeAlias = "tuple[Any, ...]"
OVER = ("done", "failed", "timeout", "cancelled")
SIZES = (64, 16, 4, 1)
"""Rows of one statement."""


class Prepared(Struct, gc=False):
    """A change with its rows made: what cannot be written fails here, before anybody else's is touched."""

    change: Change
    notes: list[Row]
    event: Row | None = None
    incoming: Sequence[tuple[Incoming, Prepared]] = ()
    actions: Sequence[Row] = ()
    moved: Sequence[Row] = ()
    outlines: Sequence[Row] = ()
    frames: Sequence[Row] = ()
    letters: Sequence[Row] = ()
    renewed: Sequence[Row] = ()
    more: bool = False
    """Whether there is anything of what most changes have nothing of."""
    large: dict[str, bytes] = {}
    """What rows only refer to, by name; of what came in with it, too."""
    told: list[Note] = []
    """All its records and those of what came in with it, in order; filled in when it is written."""
    leaves: list[bytes] = []
    """The hashes of those, where they are wanted; good only once the group is committed."""


def prepare(change: Change, one: Incoming | None = None, large: dict[str, bytes] | None = None) -> Prepared:
    """Make the rows of a change; those of an event that comes in with it too."""
    written = _Moments(change.at)
    notes = [_note(note, written) for note in change.notes] if change.notes else []
    made = Prepared(change, notes)
    if large is None:
        large = made.large
    if one is not None:
        made.event = _event(one, change, notes, written, large)
    elif change.decided:
        # What is told of a decision is what the audit says of it.
        made.outlines = [(note[2], note[4]) for note in notes if note[1] == "event.decided"]
    if change.incoming:
        made.incoming = [(inner, prepare(inner.change, inner, large)) for inner in change.incoming]
    if change.added or change.done:
        made.actions = [*_added(change, written, large), *_done(change, large)]
    if change.moved:
        made.moved = [_moved(change, moved, large) for moved in change.moved]
    if change.frames:
        made.frames = [
            (frame.log, aside(values.of_frame(frame, change.at), large)) for frame in change.frames
        ]
    if change.renewed:
        made.renewed = [_renewed(item, written, large) for item in change.renewed]
    if change.dead:
        made.letters = [_letter(letter, row) for letter, row in change.dead]
    made.more = bool(
        change.frames
        or change.puts
        or change.kept
        or change.closed
        or change.trimmed
        or change.problems
        or change.undead
        or change.erased
    )
    return made


class _Moments:
    """Moments as text: most of those in a transaction are its own, and that one is written once."""

    __slots__ = ("at", "text")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.text = ""

    def __call__(self, moment: datetime) -> str:
        if moment is not self.at:
            return moment.isoformat()
        if not self.text:
            self.text = moment.isoformat()
        return self.text


def _event(
    one: Incoming, change: Change, notes: Sequence[Row], written: _Moments, large: dict[str, bytes]
) -> Row:
    arrival, event = one.arrival, one.arrival.event
    state = "quarantined" if arrival.quarantined else "accepted" if arrival.decided is None else "decided"
    outline = next((note[4] for note in notes if note[1] == "event.decided"), None)
    reasons = values.text(arrival.reasons) if arrival.reasons else None
    at = change.at.timestamp()
    return (
        event.key,
        event.id,
        arrival.digest,
        state,
        at,
        aside(values.of_event(event, written(event.at)), large),
        reasons,
        outline,
    )


def _added(change: Change, written: _Moments, large: dict[str, bytes]) -> Iterator[Row]:
    for item in change.added:
        work, state = item.work, "running" if item.attempts else "waiting"
        yield (
            item.row, work.event, item.id, *item.hold, work.since.timestamp(), state, 1, item.limited, item.attempts,
            aside(values.of_work(work, written(work.at)), large),
        )  # fmt: skip


def _done(change: Change, large: dict[str, bytes]) -> Iterator[Row]:
    for row, key, action in change.done:
        written = aside(values.text([values.of_action(action)]), large)
        at = change.at.timestamp()
        yield row, key, action.id, action.agent, action.rule, "", at, "done", 0, 0, 0, written


def _letter(letter: DeadLetter, row: int) -> Row:
    written = values.text([letter.why, letter.attempts, letter.errors, letter.at.isoformat()])
    return letter.number, row, letter.work.action.agent, values.clean(letter.error), written


def _moved(change: Change, moved: Moved, large: dict[str, bytes]) -> Row:
    item = moved.item
    answer = aside(values.text(moved.answer), large) if moved.answer is not None else None
    kept = moved.errors or item.errors
    errors = values.text(kept) if kept else None
    over = moved.state in OVER
    due = None if over else change.at.timestamp() + moved.wait
    why = values.clean(moved.why)
    return item.row, moved.state, 0 if over else 1, item.attempts, why, answer, errors, due, moved.wait


def _renewed(item: Item, written: _Moments, large: dict[str, bytes]) -> Row:
    work = item.work
    return aside(values.of_work(work, written(work.at)), large), work.since.timestamp(), item.row


def _note(note: Note, written: _Moments) -> Row:
    at, kind, event, who, _, cause, rules, _ = note
    return written(at), kind, event, who, note_text(note), cause, rules


class Keeper:
    """Writes groups over one connection. `position` is the last record's, `revision` the last of the shared state."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.counts = Counts()
        self.position = 0
        self.revision = 0

    def write(self, group: Sequence[Prepared], *, hashed: bool = False) -> None:
        """All of a group in one transaction, or nothing of it; with `hashed` each record's hash is made too. Raises
        sqlite3.Error."""
        execute = self.connection.execute
        position, revision = self.position, self.revision
        self.counts.begin()
        try:
            execute("begin immediate")
            self._write(group, hashed)
            execute("commit")
        except BaseException:
            self.counts.undo()
            self.position, self.revision = position, revision
            for one in group:
                _let_fall(one)
            if self.connection.in_transaction:
                execute("rollback")
            raise

    def _write(self, group: Sequence[Prepared], hashed: bool) -> None:
        self._enter([inner for one in group for inner in one.incoming])
        whole = [part for one in group for part in _parts(one)]
        self._many(_ACTIONS, [row for part in whole for row in part.actions])
        self._many(_MOVED, [row for part in whole for row in part.moved])
        self._many(_OUTLINES, [row for part in whole for row in part.outlines])
        self._many(_LETTERS, [row for part in whole for row in part.letters])
        for part in whole:
            if part.more:
                self._more(part)
        notes: list[Row] = []
        first = self.position + 1
        for one in group:
            begin = len(notes)
            self._tell(one, one, notes)
            if hashed:
                one.leaves = [leaf_of(at, row) for at, row in enumerate(notes[begin:], first + begin)]
        self._many(_AUDIT, [(position, *row) for position, row in enumerate(notes, first)])
        self.position += len(notes)

    def _enter(self, incoming: Sequence[tuple[Incoming, Prepared]]) -> None:
        """Keep events whose keys are new; those that come in with them only after. All are written at once, as if each
        rested on what holds, and taken out again where that turns out otherwise."""
        if not incoming:
            return
        new = self._insert([made.event for _, made in incoming if made.event is not None])
        out: set[str] = set()
        inside: list[tuple[Incoming, Prepared]] = []
        for one, made in incoming:
            key = one.arrival.event.key
            if key in out and made.event is not None:  # one of this key was before it, and was taken out
                out.remove(key)
                new |= self._insert([made.event])
            if key in new:
                new.remove(key)
                if not one.arrival.founded:
                    one.known = "unfounded"
                    self.connection.execute("delete from events where key = ?", (key,))
                    out.add(key)
                    continue
                if one.arrival.ground is not None:
                    one.arrival.ground.holds = True
                inside += made.incoming
            else:
                (digest,) = self.connection.execute(
                    "select digest from events where key = ?", (key,)
                ).fetchone()
                # Of an event that was erased nothing is left to compare: its key is known, and that is all.
                one.known = "same" if digest in (one.arrival.digest, b"") else "other"
        self._enter(inside)

    def _insert(self, rows: Sequence[Row]) -> set[str]:
        """Keep rows of events; gives the keys that were new."""
        return {key for cursor in self._each(_EVENTS, rows) for (key,) in cursor.fetchall()}

    def _tell(self, root: Prepared, part: Prepared, notes: list[Row]) -> None:
        """The records of a change, then those of what came in with it."""
        before = len(part.change.notes)
        if part.change.open:
            self.counts.apply(part.change)
        root.told += part.change.notes
        notes += part.notes
        if len(part.change.notes) > before:
            written = _Moments(part.change.at)
            notes += [_note(note, written) for note in part.change.notes[before:]]
        for one, made in part.incoming:
            if one.known == "new":
                self._tell(root, made, notes)
            elif one.known != "unfounded":
                note = records.known(one.arrival, one.known == "same")
                root.told.append(note)
                notes.append(_note(note, _Moments(note.at)))

    def _more(self, part: Prepared) -> None:
        """What most changes have nothing of."""
        change, execute = part.change, self.connection.execute
        for log, written in part.frames:
            place = execute(
                "insert into logs (log, count) values (?, 1) on conflict (log) do update set count = count + 1 "
                "where expired is null returning count",
                (log,),
            ).fetchone()
            if place is None:
                continue
            (change.cursor,) = place
            execute("insert into frames (log, seq, frame) values (?, ?, ?)", (log, change.cursor, written))
        if change.trimmed:
            self.connection.executemany("delete from frames where log = ? and seq = ?", change.trimmed)
        for log in change.closed:
            execute("update logs set closed = 1 where log = ?", (log,))
        for log, until in change.kept:
            execute(
                "insert into logs (log, until) values (?1, ?2) on conflict (log) do update set until = ?2",
                (log, until.timestamp()),
            )
        for event, problems in change.problems:
            for problem in problems:
                execute(
                    "update events set outline = json_insert(outline, '$.problems[#]', ?) where key = ?",
                    (problem, event),
                )
        for put in change.puts:
            change.revisions += (self._put(put),)
        for one in change.erased:
            note = records.erased(change.at, one.event, one.who, one.why, erase(self.connection, one.event))
            change.notes.append(note)
            part.notes.append(_note(note, _Moments(change.at)))
        if part.renewed:
            self.connection.executemany("update actions set work = ?, at = ? where row = ?", part.renewed)
        for number in change.undead:
            execute("update letters set gone = 1 where number = ?", (number,))

    def _put(self, put: Put) -> int | None:
        execute = self.connection.execute
        there = execute(
            "select revision from state where bucket = ? and key = ? and value is not null",
            (put.bucket, put.key),
        ).fetchone()
        if put.expect is not None and put.expect != (there[0] if there else 0):
            return None
        self.revision += 1
        execute(
            "insert into state (bucket, key, value, revision) values (?1, ?2, ?3, ?4) "
            "on conflict (bucket, key) do update set value = ?3, revision = ?4",
            (put.bucket, put.key, None if put.value is None else values.text(put.value), self.revision),
        )
        return self.revision

    def _many(self, statement: tuple[str, int, str], rows: Sequence[Row]) -> None:
        for _ in self._each(statement, rows):
            pass

    def _each(self, statement: tuple[str, int, str], rows: Sequence[Row]) -> Iterator[sqlite3.Cursor]:
        """Run a statement over rows, as many at once as it can take."""
        done = 0
        while done < len(rows):
            size = next(size for size in SIZES if size <= len(rows) - done)
            part = rows[done : done + size]
            done += size
            yield self.connection.execute(_sql(statement, size), list(chain.from_iterable(part)))


def _parts(one: Prepared) -> Iterator[Prepared]:
    """A change and all that came in with it and was new."""
    yield one
    for incoming, made in one.incoming:
        if incoming.known == "new":
            yield from _parts(made)


def _let_fall(one: Prepared) -> None:
    """Nothing of a change was kept: what rests on it must not be."""
    for incoming, _ in one.incoming:
        if incoming.arrival.ground is not None:
            incoming.arrival.ground.holds = False


@cache
def _sql(statement: tuple[str, int, str], size: int) -> str:
    before, columns, after = statement
    row = f"({', '.join('?' * columns)})"
    return f"{before}{', '.join([row] * size)}{after}"


_EVENTS = (
    "insert into events (key, id, digest, state, at, event, reasons, outline) values ",
    8,
    " on conflict (key) do nothing returning key",
)
_ACTIONS = (
    "insert into actions (row, event, id, agent, rule, organisation, at, state, open, limited, attempts, work) values ",
    12,
    "",
)
_MOVED = (
    "update actions set state = v.column2, open = v.column3, attempts = v.column4, why = v.column5, "
    "answer = v.column6, errors = v.column7, due = v.column8, wait = v.column9 from (values ",
    9,
    ") as v where actions.row = v.column1",
)
_OUTLINES = (
    "update events set state = 'decided', outline = v.column2 from (values ",
    2,
    ") as v where events.key = v.column1",
)
_LETTERS = ("insert into letters (number, row, agent, error, letter) values ", 5, "")
_AUDIT = ("insert into audit (position, at, kind, event, who, what, cause, rules) values ", 8, "")
