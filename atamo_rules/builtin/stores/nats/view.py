"""What a hub has made of the stream so far: a SQLite file of its own, with the place up to which it follows.

All that is read is read here, as in the store of one machine. The file is a copy: it may fall behind when power is
lost, and is brought up from the stream; but it never says another thing than the stream, because the place is written
in the transaction that follows it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from atamo_rules.builtin.stores.journal import Change, Loaded
from atamo_rules.builtin.stores.nats.parts import FORMAT, Newer
from atamo_rules.builtin.stores.nats.standing import Line, Standing
from atamo_rules.builtin.stores.sqlite import opening, spans
from atamo_rules.builtin.stores.sqlite.keeping import Keeper
from atamo_rules.builtin.stores.sqlite.lock import FileLock
from atamo_rules.builtin.stores.sqlite.rows import Prepared
from atamo_rules.builtin.stores.sqlite.schema import Connection, open_to_write
from atamo_rules.errors import StoreUnavailable

MOST_VIEWS = 64
"""Hubs of one stream in one folder."""

TABLES = """
create table if not exists view (stream text not null, made text not null, seq integer not null, session text not null);
create table if not exists sessions (session text primary key, number integer not null) without rowid;
create table if not exists holders (row integer primary key, session text not null);
create table if not exists deciders (event text primary key, session text not null) without rowid;
create table if not exists format (number integer not null);
"""


class Mark(Struct):
    """What is written beside the rows of a bundle: the place of the stream up to which all is followed, whose bundle it
    was and its number among theirs, and which session hands events to decide to which."""

    seq: int
    session: str = ""
    number: int = 0
    takes: tuple[str, ...] = ()
    to: str = ""


class ViewKeeper(Keeper):
    """Writes what a bundle changes, and the place of it, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.mark = Mark(0)

    def _write(self, group: Sequence[Prepared], hashed: bool) -> None:
        super()._write(group, hashed)
        execute, mark = self.connection.execute, self.mark
        for one in group:
            self._held(one.change, mark.session)
        for session in mark.takes:
            execute("update deciders set session = ? where session = ?", (mark.to, session))
        if mark.session:
            execute(
                "insert into sessions values (?1, ?2) on conflict (session) do update set number = ?2",
                (mark.session, mark.number),
            )
        execute("update view set seq = ?", (mark.seq,))

    def _held(self, change: Change, session: str) -> None:
        """Which session holds an action, and which is to decide an event."""
        execute = self.connection.execute
        begun = [item.row for item in change.added if item.attempts]
        for moved in change.moved:
            if moved.state == "running":
                begun.append(moved.item.row)
            elif moved.item not in change.added:
                execute("delete from holders where row = ?", (moved.item.row,))
        for row in begun:
            execute("insert or replace into holders values (?, ?)", (row, session))
        for event, _ in change.decided:
            execute("delete from deciders where event = ?", (event,))
        for one in change.incoming:
            if one.known == "new":
                if one.arrival.decided is None and not one.arrival.quarantined:
                    execute("insert into deciders values (?, ?)", (one.arrival.event.key, session))
                self._held(one.change, session)


class Opened(Struct):
    """What a view says when it is opened: its place, which stream it follows, and by whom it was followed last."""

    seq: int
    made: str
    session: str


def free_view(folder: Path, stream: str) -> tuple[Path, FileLock]:
    """A view that no other hub of this machine follows with, held from here on. Raises StoreUnavailable, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(1, MOST_VIEWS + 1):
        path = folder / (f"{stream}.db" if number == 1 else f"{stream}-{number}.db")
        lock = FileLock(path.with_name(f"{path.name}.lock"))
        with suppress(StoreUnavailable):
            lock.take()
            return path, lock
    raise StoreUnavailable(f"{MOST_VIEWS} hubs follow `{stream}` in `{folder}`")


def open_view(path: Path, stream: str, made: str, session: str) -> tuple[ViewKeeper, Opened]:
    """What writes a view, and its place; its follower is `session` from here on. Raises StoreUnavailable."""
    connection = open_to_write(path, "normal")
    spans.mend(connection)
    connection.executescript(TABLES)
    _require_format(connection, path)
    row = connection.execute("select seq, made, session from view").fetchone()
    if row is None:
        connection.execute("insert into view values (?, ?, 0, ?)", (stream, made, session))
        row = 0, made, ""
    connection.execute("update view set session = ?", (session,))
    return ViewKeeper(connection), Opened(*row)


def _require_format(connection: Connection, path: Path) -> None:
    """Refuse a view that a newer version has written, here or as a copy beside the stream."""
    (written,) = connection.execute("select max(number) from format").fetchone()
    if written is not None and written > FORMAT:
        connection.close()
        raise StoreUnavailable(f"`{path}`: {Newer(written)}")
    if written != FORMAT:
        connection.execute("insert into format values (?)", (FORMAT,))


def require_same(opened: Opened, path: Path, stream: str, made: str, last: int) -> None:
    """Raises StoreUnavailable where a view says what the stream, which ends at `last`, does not."""
    if opened.made != made:
        raise StoreUnavailable(
            f"`{path}` follows another stream that was called `{stream}`: move it away, or name another stream"
        )
    if opened.seq > last:
        raise StoreUnavailable(
            f"the stream `{stream}` has lost what it had: it ends at {last}, and `{path}` followed it to {opened.seq}"
        )


def load(keeper: ViewKeeper, now: datetime) -> tuple[Loaded, Standing, dict[str, int]]:
    """What is open at the place of the view; and the last number of each session."""
    connection = keeper.connection
    loaded, keeper.counts.open, keeper.position, keeper.revision = opening.load(connection, now)
    standing = Standing()
    holders = dict(_pairs(connection, "select row, session from holders"))
    for item in [*(item for item, _ in loaded.items), *loaded.lost]:
        standing.lines[item.row] = Line(item, item.attempts, holders.get(item.row, ""))
    standing.undecided = dict(_pairs(connection, "select event, session from deciders"))
    standing.letters = letters(connection)
    standing.load(loaded.holds)
    standing.row, standing.letter = loaded.row, loaded.letter
    return loaded, standing, dict(_pairs(connection, "select session, number from sessions"))


def letters(connection: sqlite3.Connection) -> set[int]:
    """The numbers of the dead letters that are there."""
    return {number for (number,) in connection.execute("select number from letters where gone = 0")}


def _pairs(connection: sqlite3.Connection, query: str) -> list[tuple[Any, Any]]:
    return list(connection.execute(query))
