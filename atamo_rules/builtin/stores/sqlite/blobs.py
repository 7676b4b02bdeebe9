"""What is too large for a row: files in a folder beside the database, each named by the SHA-256 of what it holds.

A row that is so large holds a reference in the place of its JSON. Rows are the only names: each column that may hold a
reference has an index of those that do, so that nothing counts them, and whatever takes a row away takes its name away.

A file is written under another name, put through to the disk, and only then named; the folder is put through before
the transaction that names it. So what a committed row refers to is there, whole, also after a loss of power. A file
that no row names is left of a transaction that came to nothing or of a row that is gone, and is swept away later.
Files are written and swept on the store's one thread, between transactions: a sweep never sees half of one.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

LARGE = 256 << 10
"""Bytes of JSON beyond which a value is a file of its own."""
SIGN = "@"
"""What a reference begins with, before the hash: no JSON does."""
PLACES = (("events", "event"), ("actions", "work"), ("actions", "answer"), ("frames", "frame"))
"""The columns that may hold references: what an event says, what an action sends, its answer, what was replied."""
PART = ".part"

BLOBS = "".join(
    f"create index {table}_{column}_large on {table} ({column}) where {column} >= '@' and {column} < 'A';\n"
    for table, column in PLACES
)
"""Indexes of the rows that hold a reference. What JSON may begin with comes before `@`, or after `A`."""

_NAMED = " union ".join(
    f"select {column} from {table} where {column} >= '@' and {column} < 'A'" for table, column in PLACES
)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE)


def aside(written: str, large: dict[str, bytes]) -> str:
    """JSON for a row: itself, or the reference to it, which is put among those that are `large`."""
    if len(written) <= LARGE // 4:
        return written
    data = written.encode()
    if len(data) <= LARGE:
        return written
    name = sha256(data).hexdigest()
    large[name] = data
    return f"{SIGN}{name}"


def real(file: Path) -> Path:
    """The file itself, of one that may be a link to it: what stands beside it, its lock too, is beside the file, by
    whichever name it is called."""
    return file.resolve() if file.is_symlink() else file


def folder_of(file: Path) -> Path:
    """Where the large values of a database are."""
    file = real(file)
    return file.with_name(f"{file.name}.blobs")


class BlobMissing(LookupError):
    """A file that is referred to is not there: its row was taken away meanwhile, or somebody removed it."""


class Blobs:
    """The files of one database."""

    def __init__(self, file: Path) -> None:
        self.folder = folder_of(file)
        self._durable = False

    def keep(self, large: Mapping[str, bytes]) -> None:
        """Have values on the disk, so that they can be named. What is there under such a name is written again: whether
        it was ever put through is not known. Raises OSError."""
        if not self._durable:  # whoever made the folder may have been ended before its name was put through
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self.folder.parent)
            self._durable = True
        for name, data in large.items():
            part = self.folder / f"{name}{PART}"
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(descriptor, left) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            part.rename(self.folder / name)
        sync_folder(self.folder)

    def whole(self, written: str) -> str:
        """The JSON of a row, wherever it is. Raises BlobMissing, and ValueError for a file that is damaged."""
        if not written.startswith(SIGN):
            return written
        name = written.removeprefix(SIGN)
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise BlobMissing(f"`{self.folder / name}` is missing") from None
        if sha256(data).hexdigest() != name:
            raise ValueError(f"`{self.folder / name}` is not what was written")
        return data.decode()

    def sweep(self, connection: sqlite3.Connection) -> int:
        """Remove files that no row names; gives how many. To be run where files are written, between transactions.
        Raises sqlite3.Error."""
        try:
            there = os.listdir(self.folder)
        except OSError:
            return 0
        if not there:
            return 0
        kept = frozenset(named(connection))
        gone = [name for name in there if name not in kept]
        for name in gone:
            (self.folder / name).unlink(missing_ok=True)
        return len(gone)

    def wrong(self, connection: sqlite3.Connection) -> Iterator[str]:
        """What is wrong with the files that rows name, a sentence each."""
        for name in named(connection):
            try:
                self.whole(f"{SIGN}{name}")
            except (LookupError, ValueError, OSError) as error:
                yield str(error)


def named(connection: sqlite3.Connection) -> Iterator[str]:
    """The names of all files that rows refer to."""
    return (reference.removeprefix(SIGN) for (reference,) in connection.execute(_NAMED))


def no_room(error: OSError) -> bool:
    """Whether a file could not be written for want of room, which may pass."""
    return error.errno in _NO_ROOM


def sync_folder(folder: Path) -> None:
    """Have the names of new files in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
