"""The tables of the file, how they came to be what they are, and how connections to them are made."""

from __future__ import annotations

import ctypes
import os
import sqlite3
from pathlib import Path

from atamo_rules.builtin.stores.sqlite.belonging import BELONGING
from atamo_rules.builtin.stores.sqlite.blobs import BLOBS, Blobs, sync_folder
from atamo_rules.builtin.stores.sqlite.spans import SPANS
from atamo_rules.errors import StoreUnavailable

APPLICATION = 0x41544D4F
"""`ATMO`, by which the file says whose it is."""

FIRST = """
create table events (
  seq integer primary key,
  key text not null unique,
  id text not null,
  digest blob not null,
  state text not null,       -- accepted, decided, quarantined, forgotten
  at real not null,
  event text,                -- JSON; null once it is forgotten
  reasons text,
  outline text               -- JSON of what was decided, as the audit says it
);
create index events_by_id on events (id) where id <> key;
create index events_to_decide on events (seq) where state = 'accepted';
create table actions (
  row integer primary key,
  event text not null,
  id text not null,
  agent text not null,
  rule text not null,
  organisation text not null,
  at real not null,
  state text not null,       -- waiting, running, again, done, failed, timeout, cancelled
  open integer not null,
  limited integer not null,  -- whether it is given up at some time
  attempts integer not null,
  work text not null,        -- JSON
  why text,
  answer text,
  errors text,
  due real,                  -- when it may be tried again by the wall clock
  wait real                  -- and how many seconds that was when it was said
);
create index actions_by_event on actions (event);
create index actions_open on actions (row) where open = 1;
create table frames (log text not null, seq integer not null, frame text not null, primary key (log, seq))
  without rowid;
create table logs (
  log text primary key,
  count integer not null default 0,
  closed integer not null default 0,
  until real,
  expired integer
) without rowid;
create table letters (
  number integer primary key,
  row integer not null,
  agent text not null,
  error text not null,
  letter text not null,
  gone integer not null default 0
);
create index letters_there on letters (number) where gone = 0;
create table state (
  bucket text not null,
  key text not null,
  value text,
  revision integer not null,
  primary key (bucket, key)
) without rowid;
create table audit (
  position integer primary key,
  at text not null,
  kind text not null,
  event text not null,
  who text not null,
  what text not null,
  cause text not null,
  rules text not null
);
"""

MIGRATIONS: tuple[str, ...] = (FIRST, SPANS, BLOBS, BELONGING)
"""What makes each version of the file from the one before. What was released is never changed, only added to."""


class Connection(sqlite3.Connection):
    """A connection that knows where the large values of its database are."""

    blobs: Blobs

    def whole(self, written: str) -> str:
        """The JSON of a row that holds it, or a reference to it. Raises BlobMissing, ValueError."""
        return self.blobs.whole(written)


def _connect(path: Path, cached: int = 128) -> Connection:
    made = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=cached, factory=Connection
    )
    made.blobs = Blobs(path)
    return made


def open_to_write(path: Path, synchronous: str = "full") -> Connection:
    """The one connection that writes. Raises StoreUnavailable for a file that is none of ours."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(
            os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        )  # answers and bodies are nobody else's business
        sync_folder(path.parent)
        sync_folder(path.parent.parent)
    missing = _cut_off(path)
    if missing:
        some = f"{missing} byte{'' if missing == 1 else 's'}"
        raise StoreUnavailable(f"`{path}` cannot be used: it is cut off by {some}")
    made = _connect(path, 256)
    try:
        _prepare(made, synchronous)
    except sqlite3.DatabaseError as error:
        abandon(made)
        raise StoreUnavailable(f"`{path}` cannot be used: {error}") from None
    except BaseException:
        made.close()
        raise
    return made


def _cut_off(path: Path) -> int:
    """How many bytes of a file are missing by its own head (SQLite's file format, 1.3). SQLite finds that out only when
    it reads what is not there. While a log holds pages that are not in the file yet, the head says nothing of it; nor
    while a journal has what the file is to go back to, as when power was lost while it was made."""
    for beside in ("-wal", "-journal"):
        log = path.with_name(f"{path.name}{beside}")
        if log.exists() and log.stat().st_size:
            return 0
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or head[:16] != b"SQLite format 3\0" or head[24:28] != head[92:96]:
        return 0  # none at all, no database, or one whose head counts no pages
    page = int.from_bytes(head[16:18], "big")
    whole = int.from_bytes(head[28:32], "big") * (65536 if page == 1 else page)
    return max(0, whole - path.stat().st_size)


def abandon(connection: sqlite3.Connection) -> None:
    """Leave a connection to the end of the process, after an error of the disk. Closing it would fold the log into the
    file, after an fsync that succeeds on what the failed one has dropped; the end of a process writes nothing."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def open_to_read(path: Path) -> Connection:
    """One of the connections that read."""
    made = _connect(path)
    made.execute("pragma query_only = 1")
    made.execute("pragma busy_timeout = 5000")
    return made


def _prepare(made: sqlite3.Connection, synchronous: str) -> None:
    made.execute("pragma busy_timeout = 5000")
    version = int(made.execute("pragma user_version").fetchone()[0])
    owner = int(made.execute("pragma application_id").fetchone()[0])
    if owner not in (0, APPLICATION) or (
        owner == 0 and made.execute("select 1 from sqlite_master").fetchone()
    ):
        raise StoreUnavailable("it is a database of another program")
    if version > len(MIGRATIONS):
        raise StoreUnavailable(
            f"it was written by a newer version of Atamo (schema {version}, this one knows {len(MIGRATIONS)})"
        )
    made.execute("pragma journal_mode = wal")
    made.execute(f"pragma synchronous = {synchronous}")
    # Pages of the log that are taken into the file at once: whoever comes with that commit waits for it.
    made.execute("pragma wal_autocheckpoint = 1000")
    made.execute("pragma secure_delete = 1")  # what is erased, or leaves in time, is written over
    for number in range(version, len(MIGRATIONS)):
        made.executescript(
            f"begin immediate; {MIGRATIONS[number]}; pragma application_id = {APPLICATION}; "
            f"pragma user_version = {number + 1}; commit;"
        )
