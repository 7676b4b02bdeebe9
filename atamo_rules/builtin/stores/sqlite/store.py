"""A store in one SQLite file: what it has accepted survives the process and a loss of power.

Write-ahead log with `synchronous = full`: a commit returns once it is on disk. One thread writes, whatever waits in one
transaction; readers have connections of their own. After an error of the disk nothing is tried again: what the kernel
did not write it may have dropped, and a second fsync would say that all is well (PostgreSQL, "Fsync Errors", 2018).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from atamo_rules.builtin.stores.journal import Change, Loaded
from atamo_rules.builtin.stores.local import LocalStore
from atamo_rules.builtin.stores.sqlite import audit, forgetting, letters, opening, reading, spans
from atamo_rules.builtin.stores.sqlite.blobs import BlobMissing, Blobs, no_room, real
from atamo_rules.builtin.stores.sqlite.erasing import rewrite
from atamo_rules.builtin.stores.sqlite.keeping import Keeper
from atamo_rules.builtin.stores.sqlite.leaves import Leaves
from atamo_rules.builtin.stores.sqlite.lock import FileLock
from atamo_rules.builtin.stores.sqlite.place import Place
from atamo_rules.builtin.stores.sqlite.rows import Prepared, prepare
from atamo_rules.builtin.stores.sqlite.schema import Connection, abandon, open_to_read, open_to_write
from atamo_rules.builtin.stores.sqlite.writer import GroupCommit
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub.clock import Clock, SystemClock
from atamo_rules.hub.store import Caps, Hear
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Page
from atamo_rules.model.types import Json
from atamo_rules.model.work import DeadLetter, Entry, Selector

MOST_OPEN = 200_000
"""Actions that may be open at once."""
RETAIN = timedelta(days=30)
"""How long what is over can be told; its keys are known for ever, and the audit is kept."""
READERS = 2

CAPS = Caps(
    durable=True,
    nodes=False,
    max_batch=10_000,
    grounds=True,
)

P = ParamSpec("P")
T = TypeVar("T")


DAMAGED = (ArithmeticError, LookupError, TypeError, ValueError)
"""What is raised by rows that were never written by us, though SQLite finds nothing wrong with their pages."""


class SqliteStore(LocalStore):
    """The store in a file, which it makes where there is none. `synchronous` other than `full` loses what was accepted
    when power is lost; it is there to show that."""

    def __init__(
        self,
        path: str | Path,
        clock: Clock | None = None,
        *,
        most_open: int = MOST_OPEN,
        retain: timedelta = RETAIN,
        synchronous: str = "full",
    ) -> None:
        clock = clock or SystemClock()
        self.path = real(Path(path))
        self.file = SqliteJournal(self.path, clock, retain, synchronous)
        super().__init__(self.file, CAPS, most_open, clock)

    def take(self) -> None:
        """Hold the file, ahead of `open`. Raises StoreUnavailable, naming who holds it."""
        self.file.take()


class SqliteJournal:
    """Keeps changes in a file."""

    def __init__(self, path: Path, clock: Clock, retain: timedelta, synchronous: str) -> None:
        self.path = path
        self.clock = clock
        self.synchronous = synchronous
        self.lock = FileLock(path.with_name(f"{path.name}.lock"))
        self.hear: Hear = lambda first, notes: None
        self.broken: StoreUnavailable | None = None
        self.group: GroupCommit[Prepared] = GroupCommit(self._write, self._written)
        self.readers = ThreadPoolExecutor(READERS, "atamo reader")
        self._local = threading.local()
        self._readers: list[Connection] = []
        self._keeper: Keeper | None = None
        self._place = Place(())
        self._heard = 0
        self._leaves = Leaves()
        self._blobs = Blobs(path)
        self._walks = forgetting.Logs(), forgetting.Events(retain), forgetting.Windows()

    def take(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.lock.take()
        except OSError as error:
            raise StoreUnavailable(f"`{self.path}` cannot be used: {error.strerror or error}") from None

    async def open(self, hear: Hear) -> Loaded:
        self.hear = hear
        self.take()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.group.thread, self._open)
        except BaseException:
            self.lock.give_back()
            raise

    def _open(self) -> Loaded:
        try:
            connection = open_to_write(self.path, self.synchronous)
            spans.mend(connection)
            keeper = Keeper(connection)
            loaded, keeper.counts.open, keeper.position, keeper.revision = opening.load(
                connection, self.clock.now()
            )
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"`{self.path}` cannot be used: {error}") from None
        except DAMAGED as error:
            raise StoreUnavailable(f"`{self.path}` cannot be used: it is damaged ({error})") from None
        self._keeper, self._heard = keeper, keeper.position
        self._place = Place((self.path, self.path.with_name(f"{self.path.name}-wal"), self.lock.path))
        return loaded

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        if self._keeper is not None:
            await loop.run_in_executor(self.group.thread, self._close, self._keeper)
        self.group.thread.shutdown()
        self.readers.shutdown()
        for reader in self._readers:
            reader.close()
        self.lock.give_back()

    def _close(self, keeper: Keeper) -> None:
        if self.whole:
            keeper.connection.close()
        else:
            abandon(keeper.connection)

    @property
    def whole(self) -> bool:
        """Whether nothing has failed that writes the file."""
        return self.broken is None

    # --- writing ----------------------------------------------------------------------------------------

    async def commit(self, change: Change) -> None:
        if self.broken is not None:
            raise self.broken
        await self.group.put(prepare(change), max(1, len(change.incoming))).ended()

    def _write(self, group: list[Prepared]) -> None:
        """On the store's thread."""
        if self.broken is not None:
            raise self.broken
        assert self._keeper is not None
        if missed := self._place.missed():
            # Where the log alone was taken away, what it holds is still put into the file.
            with suppress(sqlite3.Error):
                self._keeper.connection.execute("pragma wal_checkpoint(full)").fetchall()
            self.broken = StoreUnavailable(
                f"`{missed}` was removed, moved or replaced under a hub that writes it: nothing more can be kept, "
                "until it is put back and the hub is started again"
            )
            raise self.broken
        try:
            for one in group:
                if one.large:
                    self._blobs.keep(one.large)
            self._keeper.write(group, hashed=self._leaves.wanted)
        except (sqlite3.Error, OSError) as error:
            raise self._meaning(error) from error

    def _meaning(self, error: sqlite3.Error | OSError) -> StoreUnavailable:
        """Whether the file can be used again: when there is room, or another program lets go of it. Else never."""
        code = getattr(error, "sqlite_errorcode", 0)
        if isinstance(error, OSError) and no_room(error):
            return Busy("the disk is full", 5.0)
        if code == sqlite3.SQLITE_FULL or code in _NO_ROOM:
            return Busy("the disk is full", 5.0)
        if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Busy("another program holds the file", 1.0)
        self.broken = StoreUnavailable(f"`{self.path}` cannot be written: {error}")
        return self.broken

    def _written(self, group: list[Prepared]) -> None:
        """In the loop: what is durable is told."""
        notes = [note for one in group for note in one.told]
        if notes:
            first = self._heard + 1
            self._heard += len(notes)
            leaves = [leaf for one in group for leaf in one.leaves]
            if leaves:
                self._leaves.add(first, leaves)
            self.hear(first, notes)

    async def forget(self, now: datetime) -> int:
        if self._keeper is None or self.broken is not None:
            return 0
        on_thread = partial(asyncio.get_running_loop().run_in_executor, self.group.thread)
        connection, gone = self._keeper.connection, 0
        try:
            # A slice and a batch are turns of their own on the thread: whoever waits to write comes in between.
            for walk in self._walks:
                for _ in range(forgetting.TURNS):
                    gone += await on_thread(walk.turn, connection, now)
                    if walk.ended:
                        break
            await on_thread(forgetting.fold, connection)
            for _ in range(spans.AT_ONCE):
                if not (made := await on_thread(spans.extend, connection)):
                    break
                gone += made
            return gone + await on_thread(self._blobs.sweep, connection)
        except sqlite3.Error as error:
            raise self._meaning(error) from error
        except OSError as error:
            raise self._left(error) from error

    async def rewrite(self) -> None:
        if self.broken is not None:
            raise self.broken
        assert self._keeper is not None
        loop, connection = asyncio.get_running_loop(), self._keeper.connection
        try:
            await loop.run_in_executor(self.group.thread, self._blobs.sweep, connection)
            await loop.run_in_executor(self.group.thread, rewrite, connection)
        except sqlite3.Error as error:
            raise self._meaning(error) from error
        except OSError as error:
            raise self._left(error) from error

    def _left(self, error: OSError) -> Busy:
        """A file that could not be removed is in nobody's way; it is tried again."""
        return Busy(f"`{error.filename}` cannot be removed: {error.strerror}", 60.0)

    # --- reading ----------------------------------------------------------------------------------------

    async def _read(
        self, what: Callable[Concatenate[Connection, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        def read() -> T:
            connection: Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = open_to_read(self.path)
                self._readers.append(connection)
            try:
                return what(connection, *args, **more)
            except BlobMissing:  # its row was just taken away: it is not there the second time
                return what(connection, *args, **more)

        try:
            return await asyncio.get_running_loop().run_in_executor(self.readers, read)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"`{self.path}` cannot be read: {error}") from error
        except DAMAGED as error:
            raise StoreUnavailable(f"`{self.path}` cannot be read: it is damaged ({error})") from error

    async def find(self, name: str, organisation: str = "") -> str | None:
        return await self._read(reading.find, name, organisation)

    async def event(self, key: str) -> Event | None:
        return await self._read(reading.event, key)

    async def decided(self, key: str) -> bool:
        return await self._read(reading.decided, key)

    async def decision(self, key: str) -> Decision | None:
        return await self._read(reading.decision, key)

    async def told(self, key: str) -> Mapping[str, Json] | None:
        return await self._read(reading.told_of, key)

    async def page(self, log: str, after: int, limit: int) -> Page:
        return await self._read(reading.page, log, after, limit)

    async def dead(
        self, which: Selector, after: int, upto: int | None, limit: int
    ) -> list[tuple[DeadLetter, int]]:
        return await self._read(letters.dead, which, after, upto, limit)

    async def dead_groups(self) -> dict[tuple[str, str], int]:
        return await self._read(letters.dead_groups)

    async def entry(self, bucket: str, key: str) -> Entry | None:
        return await self._read(reading.entry, bucket, key)

    async def entries(self, bucket: str, after: int) -> list[Entry]:
        return await self._read(reading.entries, bucket, after)

    async def audit(self, after: int, limit: int, event: str) -> list[AuditRecord]:
        return await self._read(audit.audit, after, limit, event)

    async def leaves(self, after: int, limit: int) -> list[bytes]:
        self._leaves.wanted = True
        kept = self._leaves.after(after, limit)
        if kept:
            return kept
        if after < self._leaves.first - 1:
            limit = min(limit, self._leaves.first - 1 - after)
        return await self._read(audit.leaves, after, limit)

    async def head(self) -> int:
        return self._heard

    async def rulesets(self) -> frozenset[str]:
        return await self._read(reading.rulesets)

    async def sizes(self) -> tuple[int, int]:
        return await self._read(reading.sizes)


_NO_ROOM = {
    getattr(sqlite3, "SQLITE_IOERR_SHMSIZE", 4874),  # the index of the log could not grow
}
