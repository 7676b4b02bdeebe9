"""What was put down elsewhere about a log: its checkpoints, and beside them the hash of every record.

`FILE` holds checkpoints after one another. `FILE.leaves` holds 32 bytes for each record: with it a changed record can
be named to the position, without it to the stretch between two checkpoints. The checkpoints vouch for the leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from atamo_rules.hub.audit.checkpoint import Checkpoint, read_checkpoints
from atamo_rules.hub.audit.merkle import SIZE, Frontier
from atamo_rules.hub.audit.note import Note, NoteBroken

LEAVES = ".leaves"
"""What is added to a file's name for the hashes beside it."""


class Hashes(Sequence[bytes]):
    """Hashes one after another in some bytes; a piece at the end that is no whole hash is left out."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data) // SIZE

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        start = at % len(self) * SIZE
        return self.data[start : start + SIZE]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Checkpoints with the notes they stood in, oldest first, and the hashes of the records they cover, if kept."""

    checkpoints: tuple[tuple[Checkpoint, Note], ...] = ()
    leaves: Sequence[bytes] = ()

    @property
    def size(self) -> int:
        """How many records the newest checkpoint vouches for."""
        return self.checkpoints[-1][0].size if self.checkpoints else 0


def read_evidence(path: Path) -> Evidence:
    """The evidence in a file and the file beside it. Raises OSError and NoteBroken, with the line."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteBroken(1, f"not UTF-8 at byte {error.start}") from None
    beside = path.with_name(path.name + LEAVES)
    leaves = Hashes(beside.read_bytes()) if beside.exists() else ()
    return Evidence(tuple(read_checkpoints(text)), leaves)


def contradictions(evidence: Evidence) -> tuple[str, ...]:
    """Where the evidence disagrees with itself, as sentences: then it was tampered with, or comes from two logs."""
    found: list[str] = []
    before: Checkpoint | None = None
    tree, broken = Frontier(), not evidence.leaves
    for one, note in evidence.checkpoints:
        place = f"the checkpoint at line {note.line}"
        if before is not None:
            if one.origin != before.origin:
                found.append(f"{place} is of another log: `{one.origin}`, before it `{before.origin}`")
            if one.size < before.size:
                found.append(
                    f"{place} has {one.size} records, the one before it {before.size}: a log only grows"
                )
            elif one.size == before.size and one.root != before.root:
                found.append(f"{place} has another root for the same {one.size} records: the log was forked")
        if not broken and one.size >= tree.size:
            if one.size > len(evidence.leaves):
                found.append(
                    f"{place} has {one.size} records, and the hashes of {len(evidence.leaves)} are kept"
                )
                broken = True
            else:
                tree = tree.extend(evidence.leaves[at] for at in range(tree.size, one.size))
                if tree.root != one.root:
                    found.append(f"{place} and the hashes kept beside it disagree")
                    broken = True
        before = one
    return tuple(found)
