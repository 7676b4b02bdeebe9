"""Where the records of an event stand in the audit: spans of positions, made of whole batches while nobody waits.

An index would have every commit write to pages all over the file. Here commits write nothing: behind them, one
statement a batch says of each event from where to where its records stand in it, in the order the events came in, so
that the pages lie side by side. What is beyond the last batch is short enough to be looked through.
"""

from __future__ import annotations

import sqlite3

BATCH = 2000
"""Records of one batch: whoever waits to write waits for one, and at most so many are looked through for a span."""
AT_ONCE = 20
"""Batches between two pauses of housekeeping."""

SPANS = """
create table spans (
  about not null,            -- the number of the event in `events`, or its key as text where it is not among them
  first integer not null,    -- the positions between which its records of one batch stand, with those of others
  last integer not null,
  primary key (about, first)
) without rowid;
create table spanned (upto integer not null);  -- one row: the last position of the last batch
insert into spanned values (0);
"""

_EXTEND = """
insert into spans
select coalesce(seq, named) as about, first, last from (
  select event as named, min(position) as first, max(position) as last
  from audit where position > ?1 and position <= ?2 and event <> '' group by event
) left join events on key = named order by about
"""


def extend(connection: sqlite3.Connection) -> int:
    """Have the next batch spanned, with how far that is in the same transaction; gives how many records it has, none
    where there is no whole one. A file of an older version is caught up with so, too."""
    execute = connection.execute
    upto, last = _upto(connection), _last(connection)
    if last - upto < BATCH:
        return 0
    execute("begin immediate")
    try:
        execute(_EXTEND, (upto, upto + BATCH))
        execute("update spanned set upto = ?", (upto + BATCH,))
        execute("commit")
    except BaseException:
        if connection.in_transaction:
            execute("rollback")
        raise
    return BATCH


def mend(connection: sqlite3.Connection) -> None:
    """Begin anew where the audit ends before its spans do: somebody cut it, and its positions are given again."""
    if _upto(connection) > _last(connection):
        connection.executescript("begin immediate; delete from spans; update spanned set upto = 0; commit;")


def where(connection: sqlite3.Connection, key: str, after: int) -> list[tuple[int, int]]:
    """The spans beyond a position that hold all records of an event, in order: the first and the last position of each,
    and the end that is not spanned yet. To be read in one transaction with the records."""
    upto = _upto(connection)
    found: list[tuple[int, int]] = []
    if after < upto:
        found += connection.execute(
            "select first, last from spans where about in (?1, (select seq from events where key = ?1)) "
            "and last > ?2 order by first",
            (key, after),
        )
    return [*found, (upto + 1, _last(connection))]


def _upto(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select upto from spanned").fetchone()[0])


def _last(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select max(position) from audit").fetchone()[0] or 0)
