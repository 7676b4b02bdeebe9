"""What is open in the file, as a process finds it that begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from atamo_rules.builtin.stores.journal import Loaded
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.builtin.stores.operating import PAUSED, hold_of
from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.model.work import Work


def load(connection: Connection, now: datetime) -> tuple[Loaded, dict[str, int], int, int]:
    """All that is open; how many open actions each event has; the last record's position, the last revision."""
    execute = connection.execute
    loaded = Loaded()
    counts: dict[str, int] = {}
    rows = execute(
        "select row, event, id, agent, rule, organisation, at, state, attempts, work, errors, due, wait, limited "
        "from actions where open = 1 order by row"
    )
    clock = now.timestamp()
    for row, event, id, *hold, at, state, attempts, work, errors, due, wait, limited in rows:
        counts[event] = counts.get(event, 0) + 1
        item = Item(
            row, id, event, tuple(hold), datetime.fromtimestamp(at, UTC), _later(connection, work), attempts,
            tuple(values.read(errors) or ()), bool(limited),
        )  # fmt: skip
        if state == "running":
            loaded.lost.append(item)
        else:
            # The wall clock may have been set while nobody looked: it waits no longer than was asked.
            left = min(wait, max(0.0, due - clock)) if state in ("again", "later") else 0.0
            loaded.items.append((item, left))
    loaded.pending = [
        key for (key,) in execute("select key from events where state = 'accepted' order by seq")
    ]
    loaded.holds = [
        hold_of(key, values.read(kept))
        for key, kept in execute(
            "select key, value from state where bucket = ? and value is not null", (PAUSED,)
        )
    ]
    loaded.rules = waiting_under(connection)
    loaded.row = last(connection, "select max(row) from actions")
    loaded.letter = last(connection, "select max(number) from letters")
    position = last(connection, "select max(position) from audit")
    for (at,) in execute("select at from audit where position = ?", (position,)):
        loaded.newest = values.moment(at)
    revision = last(connection, "select max(revision) from state")
    return loaded, counts, position, revision


def _later(connection: Connection, work: str) -> Callable[[], Work]:
    blobs = connection.blobs
    return lambda: values.to_work(blobs.whole(work))


def last(connection: sqlite3.Connection, query: str) -> int:
    """The number that a query gives; 0 where there is none."""
    return int(connection.execute(query).fetchone()[0] or 0)


def waiting_under(connection: Connection) -> frozenset[str]:
    """The digests of the rulesets whose rules wait for an answer. Their places are those of `values.of_work`."""
    rows = connection.execute(
        "select distinct json_extract(work, '$[9]') from ("
        "select case when work >= 'A' then work end as work from actions where open = 1) "
        "where json_extract(work, '$[7]') is not null"
    )
    large = connection.execute("select work from actions where open = 1 and work >= '@' and work < 'A'")
    works = [values.to_work(connection.whole(work)) for (work,) in large]
    digests = [digest for (digest,) in rows] + [work.rules for work in works if work.waiting is not None]
    return frozenset(digest for digest in digests if digest)
