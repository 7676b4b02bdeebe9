"""A witness in a file: checkpoints are added at its end, and the hash of every record to the file beside it.

It is worth as much as the place it lies in: another disk, another machine's share, a folder that is committed to git.
Nothing in either file is ever written over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from atamo_rules.hub.audit.checkpoint import Checkpoint, read_checkpoints
from atamo_rules.hub.audit.evidence import LEAVES
from atamo_rules.hub.audit.merkle import SIZE
from atamo_rules.hub.audit.note import Note
from atamo_rules.hub.audit.witness import Disagrees


class FileWitness:
    """Raises OSError where the file cannot be used, NoteBroken where it holds something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.beside = path.with_name(path.name + LEAVES)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_bytes().decode("utf-8", "replace") if path.exists() else ""
        self.checkpoints = [one for one, _ in read_checkpoints(text)]
        self.beside.touch()
        self.count = self.beside.stat().st_size // SIZE

    @property
    def place(self) -> str:
        return str(self.path)

    @property
    def size(self) -> int:
        return self.count

    @property
    def last(self) -> Checkpoint | None:
        return self.checkpoints[-1] if self.checkpoints else None

    def keep(
        self, first: int, leaves: Sequence[bytes], note: Note | None, checkpoint: Checkpoint | None
    ) -> None:
        if first != self.count:
            raise Disagrees(f"{self.beside} has the hashes of {self.count} records, not of {first}")
        # The hashes come first: a checkpoint without them would be a promise that cannot be held to.
        if leaves:
            self._add(self.beside, b"".join(leaves), self.count * SIZE)
            self.count += len(leaves)
        if note is not None and checkpoint is not None:
            self._add(self.path, note.written.encode(), None)
            self.checkpoints.append(checkpoint)

    def _add(self, path: Path, data: bytes, at: int | None) -> None:
        """Add to the end and wait until it is on the disk. `at` is where the end must be: a piece of a hash that was
        cut off by a loss of power is taken away first."""
        with path.open("r+b" if path.exists() else "w+b") as file:
            if at is not None and os.fstat(file.fileno()).st_size > at:
                file.truncate(at)
            file.seek(0, os.SEEK_END)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
