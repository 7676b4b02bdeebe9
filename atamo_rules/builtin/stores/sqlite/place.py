"""Whether the files that a store writes are still found under their names.

A file that is removed, moved or replaced while it is open can be written as before, and nobody will ever read it
(SQLite, "How To Corrupt An SQLite Database File", unlinking or renaming a file while in use).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


class Place:
    """The files of a store as they are now."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.files = tuple((str(path), _number(str(path))) for path in paths)

    def missed(self) -> str:
        """One that is gone, or another than it was; empty where each is what it was."""
        for path, number in self.files:
            if _number(path) != number:
                return path
        return ""


def _number(path: str) -> tuple[int, int] | None:
    """What tells a file from every other as long as somebody has it open; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
