"""What is over and old leaves the file, a little at a time; the log is folded into it while nobody waits.

Each table is walked along its key, a slice a turn of the store's thread, so that whoever waits to write comes in
between, and no file is too large to be looked through. A walk goes on where the last one stopped, and begins anew at
its end.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from atamo_rules.builtin.stores.sqlite.belonging import OPEN, rows_of

LOOKED_AT = 4000
"""Rows of one slice."""
AT_ONCE = 500
"""Rows that one turn lets go of."""
TURNS = 25
"""Slices between two pauses of housekeeping."""

Key = TypeVar("Key", int, str)


class Walk(ABC, Generic[Key]):
    """A way through one table. `after` is the key it has come to; `ended` says that the last slice was the last."""

    def __init__(self, start: Key) -> None:
        self.start: Key = start
        self.after: Key = start
        self.ended = False

    def turn(self, connection: sqlite3.Connection, now: datetime) -> int:
        """Let go of what is over in the next slice, in one transaction; gives how much. Raises sqlite3.Error."""
        execute = connection.execute
        execute("begin immediate")
        try:
            gone, upto = self.slice(connection, now)
            execute("commit")
        except BaseException:
            if connection.in_transaction:
                execute("rollback")
            raise
        self.ended = upto is None
        self.after = self.start if upto is None else upto
        return gone

    @abstractmethod
    def slice(self, connection: sqlite3.Connection, now: datetime) -> tuple[int, Key | None]:
        """How many rows beyond `after` were let go of, and the key up to which all is done; none at the end."""


class Events(Walk[int]):
    """Events older than `retain` of which nothing is open. Of an event its key stays, so that it is never taken twice.

    They stand in the order in which they came: a slice without an old one ends the walk."""

    def __init__(self, retain: timedelta) -> None:
        super().__init__(0)
        self.retain = retain

    def slice(self, connection: sqlite3.Connection, now: datetime) -> tuple[int, int | None]:
        before = (now - self.retain).timestamp()
        last, oldest = connection.execute(
            "select max(seq), min(at) from (select seq, at from events where seq > ? order by seq limit ?)",
            (self.after, LOOKED_AT),
        ).fetchone()
        if last is None or oldest >= before:
            return 0, None
        gone = connection.execute(
            "update events set state = 'forgotten', event = null, outline = null, reasons = null where seq in "
            "(select seq from events where seq > ? and seq <= ? and at < ? and state in ('decided', 'quarantined') "
            f"and not {OPEN} order by seq limit ?) returning seq, key",
            (self.after, last, before, AT_ONCE),
        ).fetchall()
        keys = [(key,) for _, key in gone]
        connection.executemany("delete from frames where log = ?", keys)
        connection.executemany(f"delete from actions where row in ({rows_of('?1')})", keys)
        return len(gone), max(gone)[0] if len(gone) == AT_ONCE else last


class Logs(Walk[str]):
    """Logs of answers whose time is over. How many frames each had stays."""

    def __init__(self) -> None:
        super().__init__("")

    def slice(self, connection: sqlite3.Connection, now: datetime) -> tuple[int, str | None]:
        (last,) = connection.execute(
            "select max(log) from (select log from logs where log > ? order by log limit ?)",
            (self.after, LOOKED_AT),
        ).fetchone()
        if last is None:
            return 0, None
        gone = connection.execute(
            "update logs set expired = count where log in (select log from logs where log > ? and log <= ? "
            "and until < ? and expired is null order by log limit ?) returning log",
            (self.after, last, now.timestamp(), AT_ONCE),
        ).fetchall()
        connection.executemany("delete from frames where log = ?", gone)
        return len(gone), max(gone)[0] if len(gone) == AT_ONCE else last


class Windows(Walk[str]):
    """Windows that hold nothing."""

    def __init__(self) -> None:
        super().__init__("")

    def slice(self, connection: sqlite3.Connection, now: datetime) -> tuple[int, str | None]:
        (last,) = connection.execute(
            "select max(key) from (select key from state where bucket = 'windows' and key > ? order by key limit ?)",
            (self.after, AT_ONCE),
        ).fetchone()
        if last is None:
            return 0, None
        gone = connection.execute(
            "delete from state where bucket = 'windows' and key > ? and key <= ? and value is null",
            (self.after, last),
        ).rowcount
        return gone, last


def fold(connection: sqlite3.Connection) -> None:
    """Take into the file what the log holds, as far as no reader needs it."""
    connection.execute("pragma wal_checkpoint(passive)")
