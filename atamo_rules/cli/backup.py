"""`atamo backup`: a copy of what a hub keeps, taken while it runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.shared import refuse_shared

COPY = (
    "Its servers keep it on several disks, and `nats stream backup STREAM DIR`, of NATS, copies it, then its copies "
    "`OBJ_STREAM_copies`, where there are some; a view in `.atamo/nats` is made anew from there."
)
TRIES = 5
"""How often all is copied, where the hub lets go of what is large meanwhile."""
EPILOG = """\b
Examples:
  atamo backup . /backups/monday.db
  atamo backup shop/.atamo/hub.db monday.db

To go back to it, put the copy in the place of .atamo/hub.db while no hub runs, and remove hub.db-wal and hub.db-shm.
Where the command says so, FILE.blobs is a part of the copy, and takes the place of .atamo/hub.db.blobs.

Exit codes: 0 copied, 2 usage or files."""


@click.command(epilog=EPILOG)
@click.argument("source", metavar="FOLDER")
@click.argument("target", metavar="FILE")
def backup(source: str, target: str) -> int:
    """Copy what the hub of FOLDER keeps to FILE, which must not exist.

    The hub may run, and is not held up. The copy is of one moment: whatever was accepted before the command began is in
    it. What is too large for rows of the file is copied to FILE.blobs. FOLDER may also be the file itself.
    """
    from atamo_rules.builtin.stores.sqlite.blobs import folder_of, sync_folder

    refuse_shared(source, COPY)
    file, copy = Path(source), Path(target)
    if file.is_dir():
        file = file / ".atamo" / "hub.db"
    if not file.is_file():
        raise click.UsageError(f"`{file}` does not exist: no hub has kept anything there.")
    beside = folder_of(copy)
    part = copy.with_name(f"{copy.name}.part")
    if part.exists() and not copy.exists():  # of a command that was ended: what stands beside it is its, too
        shutil.rmtree(beside, ignore_errors=True)
    for one in (copy, beside):
        if one.exists():
            raise click.UsageError(f"`{one}` exists; a backup writes over nothing.")
    try:
        size, large = _copied(file, part, beside)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        raise click.UsageError(f"`{file}` cannot be copied: {error}.") from None
    part.rename(copy)
    sync_folder(copy.parent)  # who was told of a copy finds it under its name after a loss of power, too
    say(f"{copy}: {size} events\n")
    if large:
        say(f"{beside}: {large} values too large for it\n")
    return 0


def _copied(file: Path, part: Path, beside: Path, tries: int = TRIES) -> tuple[int, int]:
    """Copy all that a hub keeps; how many events that is, and how many values too large for rows. The hub may let go of
    one before it is copied: then all is copied anew. Raises sqlite3.Error, OSError."""
    part.unlink(missing_ok=True)
    size = _copy(file, part)
    try:
        return size, _copy_large(file, part, beside)
    except FileNotFoundError:
        shutil.rmtree(beside, ignore_errors=True)
        if tries == 1:
            raise
    return _copied(file, part, beside, tries - 1)


def _copy_large(file: Path, part: Path, beside: Path) -> int:
    """Copy the files that a copy names; gives how many there are."""
    from atamo_rules.builtin.stores.sqlite.blobs import folder_of, named, sync_folder

    with closing(sqlite3.connect(part)) as copy:
        names = sorted(named(copy))
    for name in names:
        beside.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(folder_of(file) / name, beside / name)
        (beside / name).chmod(0o600)
        with (beside / name).open("rb") as copied:
            os.fsync(copied.fileno())
    if names:
        sync_folder(beside)
    return len(names)


def _copy(file: Path, part: Path) -> int:
    """Copy a database and look whether the copy is whole; gives how many events it holds. Raises sqlite3.Error."""
    reading = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    writing = sqlite3.connect(part)
    try:
        reading.backup(writing)
        writing.execute("pragma journal_mode = delete")  # one file, with nothing beside it
        (verdict,) = writing.execute("pragma integrity_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"the copy is not whole: {verdict}")
        return int(writing.execute("select count(*) from events").fetchone()[0])
    finally:
        writing.close()
        reading.close()
