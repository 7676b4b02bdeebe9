"""What a store holds at one moment, read past the hub and in one piece."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atamo_rules.builtin.stores.memory import MemoryJournal, MemoryStore
from atamo_rules.builtin.stores.sqlite.audit import audit
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.store import Store
from atamo_rules.model.audit import AuditRecord

MANY = 1_000_000
OPEN = ("waiting", "running", "again", "later")


@dataclass(frozen=True)
class Kept:
    """Records after a position; the state and the attempts of every action; the state of every event (`accepted` while
    it is not decided); of every log the numbers of its frames and whether it is closed."""

    records: Sequence[AuditRecord]
    actions: dict[str, tuple[str, int]]
    events: dict[str, str]
    logs: dict[str, tuple[tuple[int, ...], bool]]
    letters: int


class Reader:
    """Reads what one store holds. A file is opened once and not for every look, of which a world takes some hundred; it
    is let go of ahead of the store, which folds its log into the file only as the last that has it open."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._file: sqlite3.Connection | None = None

    def kept(self, after: int) -> Kept:
        """What is kept now."""
        if isinstance(self.store, MemoryStore):
            journal = self.store.journal
            assert isinstance(journal, MemoryJournal)
            return _remembered(journal, after)
        file = self._opened()
        file.execute("begin")
        try:
            return _written(file, after)
        finally:
            file.execute("rollback")

    def records(self, after: int) -> Sequence[AuditRecord]:
        """The records after a position alone."""
        if isinstance(self.store, MemoryStore):
            return _at_once(self.store.journal.audit(after, MANY, ""))
        return audit(self._opened(), after, MANY)

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            assert isinstance(self.store, SqliteStore)
            self._file = sqlite3.connect(self.store.path, isolation_level=None)
        return self._file

    def close(self) -> None:
        """Let go of the file, until the next look."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _written(connection: sqlite3.Connection, after: int) -> Kept:
    execute = connection.execute
    frames: dict[str, list[int]] = {}
    for log, seq in execute("select log, seq from frames order by log, seq"):
        frames.setdefault(log, []).append(seq)
    return Kept(
        audit(connection, after, MANY),
        {id: (state, attempts) for id, state, attempts in execute("select id, state, attempts from actions")},
        dict(execute("select key, state from events")),
        {
            log: (tuple(frames.get(log, ())), bool(closed))
            for log, closed, expired in execute("select log, closed, expired from logs")
            if expired is None
        },
        execute("select count(*) from letters where gone = 0").fetchone()[0],
    )


def _remembered(journal: MemoryJournal, after: int) -> Kept:
    lines = [line for message in journal.messages.values() for line in message.actions.values()]
    return Kept(
        _at_once(journal.audit(after, MANY, "")),
        {line.action.id: (line.state, line.attempts) for line in lines},
        {key: "accepted" if one.decision is None else "decided" for key, one in journal.messages.items()},
        {
            name: (tuple(sorted(log.frames)), log.closed)
            for name, log in journal.logs.items()
            if log.expired is None
        },
        len(journal.letters),
    )


def _at_once(work: Any) -> Any:
    """What a coroutine gives that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as over:
        return over.value
    raise AssertionError("it waits")
