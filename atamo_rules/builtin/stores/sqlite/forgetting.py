"""What is over and old leaves the file, a little at a time; the log is folded into it while nobody waits."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

AT_ONCE = 500
"""Events and logs of one call: whoever waits to write meanwhile waits a moment."""


def forget(connection: sqlite3.Connection, now: datetime, retain: timedelta) -> int:
    """Let go of logs whose time is over, of windows that hold nothing, and of events older than `retain` of which
    nothing is open; gives how many. Of an event its key stays, so that it is never taken twice."""
    execute = connection.execute
    execute("begin immediate")
    try:
        logs = execute(
            "update logs set expired = count where log in "
            "(select log from logs where until < ? and expired is null limit ?) returning log",
            (now.timestamp(), AT_ONCE),
        ).fetchall()
        events = execute(
            "update events set state = 'forgotten', event = null, outline = null, reasons = null where seq in "
            "(select seq from events where at < ? and state in ('decided', 'quarantined') and not exists "
            "(select 1 from actions where actions.event = events.key and (open = 1 or row in "
            "(select row from letters where gone = 0))) order by seq limit ?) returning key",
            ((now - retain).timestamp(), AT_ONCE),
        ).fetchall()
        connection.executemany("delete from frames where log = ?", [*logs, *events])
        connection.executemany("delete from actions where event = ?", events)
        windows = execute(
            "delete from state where bucket = 'windows' and key in "
            "(select key from state where bucket = 'windows' and value is null limit ?)",
            (AT_ONCE,),
        ).rowcount
        execute("commit")
    except BaseException:
        if connection.in_transaction:
            execute("rollback")
        raise
    execute("pragma wal_checkpoint(passive)")
    return len(logs) + len(events) + windows
