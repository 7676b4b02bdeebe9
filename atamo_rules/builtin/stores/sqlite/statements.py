"""Statements that write rows of one kind, many at once: every statement hands Python's lock over and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = "tuple[Any, ...]"

SIZES = (64, 16, 4, 1)
"""Rows of one statement: few sizes, so that SQLite finds each among those that it prepared before."""


class Statement(NamedTuple):
    """What stands before its rows, a row with a place for each value, and what stands after them."""

    before: str
    row: str
    after: str = ""


def places(columns: int) -> str:
    """A row of so many values."""
    return f"({', '.join('?' * columns)})"


# The module that binds values looks for an adapter of each `None`, truth value and `bytes`, which takes three times as
# long as all else of it. What most rows lack is the empty text, the others are 0 or 1, and a `bytearray`.
EVENTS = Statement(
    "insert into events (key, id, digest, state, at, event, outline, first_row, last_row, reasons) values ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''))",
    " on conflict (key) do nothing returning key",
)
ACTIONS = Statement(
    "insert into actions "
    "(row, event, id, agent, rule, organisation, at, state, open, limited, attempts, work, apart) values ",
    places(13),
)
MOVED = Statement(
    "update actions set state = v.column2, open = v.column3, attempts = v.column4, why = v.column5, "
    "answer = nullif(v.column6, ''), errors = nullif(v.column7, ''), due = nullif(v.column8, ''), wait = v.column9 "
    "from (values ",
    places(9),
    ") as v where actions.row = v.column1",
)
OUTLINES = Statement(
    "update events set state = 'decided', outline = v.column2 from (values ",
    places(2),
    ") as v where events.key = v.column1",
)
LETTERS = Statement("insert into letters (number, row, agent, error, letter) values ", places(5))
AUDIT = Statement("insert into audit (position, at, kind, event, who, what, cause, rules) values ", places(8))


def run(connection: sqlite3.Connection, statement: Statement, rows: Sequence[Row]) -> None:
    """Run a statement over rows. Raises sqlite3.Error."""
    for _ in each(connection, statement, rows):
        pass


def each(
    connection: sqlite3.Connection, statement: Statement, rows: Sequence[Row]
) -> Iterator[sqlite3.Cursor]:
    """Run a statement over rows, as many at once as it can take, and give what each run of it returns."""
    done = 0
    while done < len(rows):
        size = next(size for size in SIZES if size <= len(rows) - done)
        part = rows[done : done + size]
        done += size
        yield connection.execute(_sql(statement, size), list(chain.from_iterable(part)))


@cache
def _sql(statement: Statement, size: int) -> str:
    return f"{statement.before}{', '.join([statement.row] * size)}{statement.after}"
