"""A group of changes into the tables, on the store's thread: all of it in one transaction, or nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from atamo_rules.builtin.stores.journal import Counts, Incoming
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.erasing import erase
from atamo_rules.builtin.stores.sqlite.leaves import leaves_of
from atamo_rules.builtin.stores.sqlite.rows import Moments, Prepared, note_rows
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.builtin.stores.sqlite.statements import (
    ACTIONS,
    AUDIT,
    EVENTS,
    LETTERS,
    MOVED,
    OUTLINES,
    Row,
    each,
    run,
)
from atamo_rules.hub import records
from atamo_rules.model.work import Put


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
        whole = _whole(group)
        actions: list[Row] = []
        moved: list[Row] = []
        for part in whole:
            actions += part.actions
            moved += part.moved
        run(self.connection, ACTIONS, actions)
        run(self.connection, MOVED, moved)
        run(self.connection, OUTLINES, [row for part in whole if part.outlines for row in part.outlines])
        run(self.connection, LETTERS, [row for part in whole if part.letters for row in part.letters])
        for part in whole:
            if part.more:
                self._more(part)
        notes: list[Row] = []
        first = self.position + 1
        for one in group:
            begin = len(notes)
            self._tell(one, one, notes)
            if hashed:
                one.leaves = leaves_of(first + begin, notes[begin:])
        run(self.connection, AUDIT, [(position, *row) for position, row in enumerate(notes, first)])
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
        return {key for cursor in each(self.connection, EVENTS, rows) for (key,) in cursor.fetchall()}

    def _tell(self, root: Prepared, part: Prepared, notes: list[Row]) -> None:
        """The records of a change, then those of what came in with it."""
        before = len(part.change.notes)
        if part.change.open:
            self.counts.apply(part.change)
        root.told += part.change.notes
        notes += part.notes
        if len(part.change.notes) > before:
            notes += note_rows(part.change.notes[before:], Moments(part.change.at))
        for one, made in part.incoming:
            if one.known == "new":
                self._tell(root, made, notes)
            elif one.known != "unfounded":
                note = records.known(one.arrival, one.known == "same")
                root.told.append(note)
                notes += note_rows((note,), Moments(note.at))

    def _more(self, part: Prepared) -> None:
        """Keep the parts that most changes lack."""
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
            part.notes += note_rows((note,), Moments(change.at))
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


def _whole(group: Iterable[Prepared]) -> list[Prepared]:
    """Changes, each followed by all that came in with it and was new."""
    whole: list[Prepared] = []
    for one in group:
        whole.append(one)
        if one.incoming:
            whole += _whole([made for incoming, made in one.incoming if incoming.known == "new"])
    return whole


def _let_fall(one: Prepared) -> None:
    """Nothing of a change was kept, so what rests on it must not be kept either."""
    for incoming, _ in one.incoming:
        if incoming.arrival.ground is not None:
            incoming.arrival.ground.holds = False
