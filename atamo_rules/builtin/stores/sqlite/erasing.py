"""Taking out of the tables what one event says, in the transaction that records it.

The connection that writes overwrites what it deletes (`secure_delete`). What was moved between pages before may lie in
free space nevertheless: `rewrite` is for that.
"""

from __future__ import annotations

import sqlite3

from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.audit import record_of
from atamo_rules.builtin.stores.sqlite.belonging import rows_of
from atamo_rules.builtin.stores.sqlite.leaves import what_text
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.builtin.stores.sqlite.spans import where
from atamo_rules.builtin.stores.telling import NOBODYS, tombstone
from atamo_rules.hub.audit.erased import Hollowed, hollowed


def erase(connection: Connection, key: str) -> Hollowed:
    """Take an event's body and salt, its actions, their answers and dead letters, and its frames; make its records
    hollow that may hold something of them. Gives the positions of these, each with its hash as it is now."""
    execute = connection.execute
    (written,) = execute("select event from events where key = ?", (key,)).fetchone()
    left = NOBODYS if written is None else tombstone(values.to_event(connection.whole(written)))
    execute(
        "update events set state = 'erased', digest = x'', event = null, reasons = null, outline = ? where key = ?",
        (values.text(left), key),
    )
    execute("delete from frames where log = ?", (key,))
    execute(
        "insert into logs (log, expired) values (?, 0) "
        "on conflict (log) do update set expired = coalesce(expired, count)",
        (key,),
    )
    # The numbers of dead letters are never given twice, so that the last one's stays.
    execute(
        f"update letters set gone = 1, letter = '', error = '' where row in ({rows_of('?1')})",
        (key,),
    )
    execute(f"delete from actions where row in ({rows_of('?1')})", (key,))
    return _hollow(connection, key)


def _hollow(connection: Connection, key: str) -> Hollowed:
    found: Hollowed = {}
    for first, last in where(connection, key, 0):
        rows = connection.execute(
            "select position, at, kind, event, who, what, cause, rules from audit "
            "where position between ? and ? and event = ?",
            (first, last, key),
        ).fetchall()
        for record in map(record_of, rows):
            if (left := hollowed(record)) is not None:
                what, hash = left
                found[str(record.position)] = hash
                connection.execute(
                    "update audit set what = ? where position = ?", (what_text(what), record.position)
                )
    return found


def rewrite(connection: sqlite3.Connection) -> None:
    """Write the whole file anew and empty the log: of what was let go of nothing is left in either."""
    connection.execute("vacuum")
    connection.execute("pragma wal_checkpoint(truncate)")
