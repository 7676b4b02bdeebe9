"""The records of the audit, as the file holds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from atamo_rules.builtin.stores.sqlite import values
from atamo_rules.builtin.stores.sqlite.spans import where
from atamo_rules.hub.audit.erased import leaf_of
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.model.audit import AuditRecord

_RECORDS = "select position, at, kind, event, who, what, cause, rules from audit where position > ?"


def audit(connection: sqlite3.Connection, after: int, limit: int, about: str = "") -> list[AuditRecord]:
    """Records after a position; with `about` only those of one event."""
    if not about:
        rows = connection.execute(f"{_RECORDS} order by position limit ?", (after, limit))
        return [record_of(row) for row in rows]
    query = f"{_RECORDS} and position <= ? and event = ? order by position limit ?"
    found: list[Any] = []
    connection.execute("begin")
    try:
        for first, last in where(connection, about, after):
            span = (max(after, first - 1), last, about, limit - len(found))
            found += connection.execute(query, span)
            if len(found) >= limit:
                break
    finally:
        connection.execute("rollback")
    return [record_of(row) for row in found]


def leaves(connection: sqlite3.Connection, after: int, limit: int) -> list[bytes]:
    """The hashes of the records after a position."""
    return [leaf_of(record) for record in audit(connection, after, limit)]


def record_of(row: Any) -> AuditRecord:
    """The record of a row."""
    position, at, kind, about, who, what, cause, rules = row
    return AuditRecord(position, values.moment(at), kind, about, who, values.read(what), cause, rules)


def log(connection: sqlite3.Connection) -> Iterator[bytes]:
    """Every record as it is hashed, whatever was done to its row: what can no longer be read is given as it stands. The
    connection is of no other use after it."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
    for row in connection.execute(f"{_RECORDS} order by position", (-1,)):
        try:
            yield record_bytes(record_of(row))
        except (ValueError, TypeError, AttributeError):
            yield repr(row).encode()
