"""Copies of a view beside the stream, so that the stream may let go of what stands in them.

A copy holds all that is kept at one place of the stream. Once it is there, the messages up to that place may go
(`shrinking`): who comes new begins with the copy.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.sqlite.blobs import folder_of
from atamo_rules.errors import StoreUnavailable

if TYPE_CHECKING:
    from nats.js.object_store import ObjectStore

    from atamo_rules.builtin.stores.nats.link import Link

DATABASE = "view.db"
BLOBS = "blobs"


@dataclass(frozen=True, slots=True)
class Begun:
    """A view as it is at one place, while its hub goes on writing it: a reader that stands there, and links to its
    large values, which may be swept away meanwhile."""

    reader: sqlite3.Connection
    folder: Path
    seq: int


def begin_copy(path: Path) -> Begun:
    """Stand still where a view is, on the thread that writes it. Raises sqlite3.Error, OSError."""
    folder = path.with_name(f"{path.name}.copying")
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was ended meanwhile
    (folder / BLOBS).mkdir(mode=0o700, parents=True)
    if folder_of(path).is_dir():
        for large in folder_of(path).iterdir():
            os.link(large, folder / BLOBS / large.name)
    reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        reader.execute("begin")
        (seq,) = reader.execute("select seq from view").fetchone()
    except BaseException:
        reader.close()
        raise
    return Begun(reader, folder, int(seq))


def take_copy(begun: Begun) -> Path:
    """A file with all that a view held there; on any thread. Raises sqlite3.Error, OSError."""
    database, packed = begun.folder / DATABASE, begun.folder.with_suffix(".copy")
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as copied:
            with closing(begun.reader):
                begun.reader.backup(copied)
            copied.execute("update view set session = ''")  # who comes new has followed nothing before
            copied.execute("pragma journal_mode = delete")
            copied.execute("vacuum")  # what is free in the view may hold what was let go of
        with tarfile.open(packed, "w") as tar:
            tar.add(database, DATABASE)
            tar.add(begun.folder / BLOBS, BLOBS)
    finally:
        shutil.rmtree(begun.folder)
    return packed


async def put_copy(link: Link, packed: Path, seq: int, keep: int = 2) -> None:
    """Put a copy beside the stream, where so many of the newest stay: two, so that a stream which is backed up first
    and its copies then finds the one that it begins behind. Raises StoreUnavailable."""
    from nats.errors import Error

    try:
        bucket = await _bucket(link)
        with packed.open("rb") as data:
            await bucket.put(_name(link, seq), data)
        places = await _places(link, bucket)
        late = seq < places[-1]  # what was erased meanwhile may be in it
        kept = [place for place in places if place != seq] if late else places[-keep:]
        for name in await _names(bucket):
            if name not in [_name(link, place) for place in kept]:
                await bucket.delete(name)
    except (Error, TimeoutError) as error:
        raise StoreUnavailable(f"a copy could not be kept in `{bucket_of(link)}`: {error}") from None
    finally:
        packed.unlink(missing_ok=True)


async def fetch_copy(link: Link, path: Path, last: int) -> None:
    """Have the newest copy of a stream that ends at `last` in the place of a view that is closed. Raises
    StoreUnavailable."""
    from nats.errors import Error

    packed = path.with_name(f"{path.name}.copy")
    try:
        bucket = await _bucket(link)
        places = [place for place in await _places(link, bucket) if place <= last]
        if not places:
            raise StoreUnavailable(
                f"the stream `{link.place.stream}` begins at {link.first}, and `{bucket_of(link)}` has no copy of "
                "what was before"
            )
        with packed.open("wb") as data:
            await bucket.get(_name(link, places[-1]), writeinto=data)
        _unpack(packed, path, link.made)
    except (Error, TimeoutError) as error:
        raise StoreUnavailable(f"the copy in `{bucket_of(link)}` cannot be read: {error}") from None
    finally:
        packed.unlink(missing_ok=True)


def bucket_of(link: Link) -> str:
    """The name of the bucket of copies."""
    return f"{link.place.stream}_copies"


async def _bucket(link: Link) -> ObjectStore:
    from nats.js.api import ObjectStoreConfig, StorageType
    from nats.js.errors import BucketNotFoundError

    try:
        return await link.stream.object_store(bucket_of(link))
    except BucketNotFoundError:
        config = ObjectStoreConfig(storage=StorageType.FILE, replicas=link.place.replicas)
        return await link.stream.create_object_store(bucket_of(link), config=config)


def _name(link: Link, seq: int) -> str:
    """The name of a copy: made of what only this stream has, not of its name, which another may have."""
    return f"{link.id}-{seq:020d}"


async def _places(link: Link, bucket: ObjectStore) -> list[int]:
    """The places of the stream that there are copies of."""
    found = (name.rpartition("-") for name in await _names(bucket))
    return sorted(int(place) for id, _, place in found if id == link.id)


async def _names(bucket: ObjectStore) -> list[str]:
    from nats.js.errors import NotFoundError

    try:
        return [info.name for info in await bucket.list(ignore_deletes=True) if info.name]
    except NotFoundError:
        return []


def _unpack(packed: Path, path: Path, made: str) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as aside:
        with tarfile.open(packed) as tar:
            tar.extractall(aside, filter="data")
        with closing(sqlite3.connect(Path(aside) / DATABASE)) as copied:
            copied.execute("update view set made = ?", (made,))  # the stream may have been restored since
            copied.commit()
        for more in ("-wal", "-shm"):
            path.with_name(f"{path.name}{more}").unlink(missing_ok=True)
        blobs = folder_of(path)
        for old in blobs.iterdir() if blobs.is_dir() else ():
            old.unlink()
        if (Path(aside) / BLOBS).is_dir():
            blobs.mkdir(mode=0o700, exist_ok=True)
            for new in (Path(aside) / BLOBS).iterdir():
                os.replace(new, blobs / new.name)
        os.replace(Path(aside) / DATABASE, path)
