"""Files of the durable store as earlier versions wrote them, made of one of this version."""

from __future__ import annotations

import sqlite3

from atamo_rules.builtin.stores.sqlite.blobs import PLACES

NEW_COLUMNS = frozenset({"first_row", "last_row", "apart"})
"""Columns that the first form of the file did not have."""
_UNDONE = {
    4: """
drop index actions_apart;
alter table events drop column first_row;
alter table events drop column last_row;
alter table actions drop column apart;
create index actions_by_event on actions (event);
""",
    3: "".join(f"drop index {table}_{column}_large;" for table, column in PLACES),
    2: "drop table spans; drop table spanned;",
}


def bring_back(connection: sqlite3.Connection, version: int) -> None:
    """Have a file in the form of an earlier version, with all that it holds."""
    (newest,) = connection.execute("pragma user_version").fetchone()
    for number in range(newest, version, -1):
        connection.executescript(_UNDONE[number])
    connection.execute(f"pragma user_version = {version}")


def content(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """What all forms of a file have."""
    found: list[tuple[object, ...]] = []
    for table in ("events", "actions", "audit"):
        columns = [name for _, name, *_ in connection.execute(f"pragma table_info({table})")]
        old = ", ".join(name for name in columns if name not in NEW_COLUMNS)
        found += connection.execute(f"select {old} from {table} order by 1")
    return found
