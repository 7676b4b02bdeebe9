"""Copies of a view beside the stream, so that the stream may let go of what stands in them.

A copy holds all that is kept at one place of the stream. Once it is there, the messages up to that place are purged:
what was erased is in neither, and who comes new begins with the copy.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.sqlite.blobs import folder_of
from atamo_rules.builtin.stores.sqlite.schema import Connection
from atamo_rules.errors import StoreUnavailable

if TYPE_CHECKING:
    from nats.js.object_store import ObjectStore

    from atamo_rules.builtin.stores.nats.link import Link

DATABASE = "view.db"
BLOBS = "blobs"


def take_copy(connection: Connection, path: Path) -> tuple[Path, int]:
    """A file with all that a view holds, and the place of it; on the view's thread. Raises sqlite3.Error, OSError."""
    (seq,) = connection.execute("select seq from view").fetchone()
    packed = path.with_name(f"{path.name}.copy")
    with tempfile.TemporaryDirectory(dir=path.parent) as aside:
        database = Path(aside) / DATABASE
        connection.execute("vacuum into ?", (str(database),))
        with closing(sqlite3.connect(database)) as copied:
            copied.execute("update view set session = ''")  # who comes new has followed nothing before
            copied.commit()
        with tarfile.open(packed, "w") as tar:
            tar.add(database, DATABASE)
            if folder_of(path).is_dir():
                tar.add(folder_of(path), BLOBS)
    return packed, int(seq)


async def put_copy(link: Link, packed: Path, seq: int) -> None:
    """Put a copy beside the stream, then purge what stands in it, then the copies before. Raises StoreUnavailable."""
    from nats.errors import Error

    try:
        bucket = await _bucket(link)
        name = f"{seq:020d}"
        with packed.open("rb") as data:
            await bucket.put(name, data)
        await link.stream.purge_stream(link.place.stream, seq=seq + 1)
        for before in await _names(bucket):
            if before < name:
                await bucket.delete(before)
    except (Error, TimeoutError) as error:
        raise StoreUnavailable(f"a copy could not be kept in `{bucket_of(link)}`: {error}") from None
    finally:
        packed.unlink(missing_ok=True)


async def fetch_copy(link: Link, path: Path) -> None:
    """Have the newest copy in the place of a view that is closed. Raises StoreUnavailable."""
    from nats.errors import Error

    packed = path.with_name(f"{path.name}.copy")
    try:
        bucket = await _bucket(link)
        names = await _names(bucket)
        if not names:
            raise StoreUnavailable(
                f"the stream `{link.place.stream}` begins at {link.first}, and `{bucket_of(link)}` has no copy of "
                "what was before"
            )
        with packed.open("wb") as data:
            await bucket.get(names[-1], writeinto=data)
        _unpack(packed, path)
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


async def _names(bucket: ObjectStore) -> list[str]:
    from nats.js.errors import NotFoundError

    try:
        return sorted(info.name for info in await bucket.list(ignore_deletes=True) if info.name)
    except NotFoundError:
        return []


def _unpack(packed: Path, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as aside:
        with tarfile.open(packed) as tar:
            tar.extractall(aside, filter="data")
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
