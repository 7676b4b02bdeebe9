"""What `atamo doctor` finds of the files beside a database: whether each that a row names is there, and whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from atamo_rules.builtin.stores.sqlite.blobs import Blobs, folder_of, named
from atamo_rules.hub.checks import Check


def large_values(path: Path) -> Iterator[Check]:
    """The large values of a database that is there, each read whole; nothing is said where there are none. A database
    that cannot be read is somebody else's to tell."""
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
        ) as connection:
            count = sum(1 for _ in named(connection))
            wrong = list(Blobs(path).wrong(connection))
    except sqlite3.Error:
        return
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        yield Check(
            "store", "large values", "wrong", wrong[0] + more, "stop the hub, and go back to a backup"
        )
    elif count:
        yield Check("store", "large values", "ok", f"{count} in `{folder_of(path)}`, all whole")
