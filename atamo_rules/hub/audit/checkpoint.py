"""A checkpoint: how many records a log had, and the root of the tree over them (c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from atamo_rules.hub.audit.merkle import SIZE, Frontier
from atamo_rules.hub.audit.note import Note, NoteBroken, read_notes, unbase64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`origin` names the log, one name for as long as it lives; two logs of one origin would be a fork."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def of(cls, origin: str, tree: Frontier) -> Checkpoint:
        """What there is to say of a tree."""
        return cls(origin, tree.size, tree.root)

    @property
    def text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def is_origin(text: str) -> bool:
    """Whether a text may name a log: like a URL without its scheme, no spaces, no plus."""
    return bool(text) and text.isprintable() and "+" not in text and not any(char.isspace() for char in text)


def read_checkpoint(note: Note) -> Checkpoint:
    """The checkpoint that a note holds; lines after the third are let be, as the format wants. Raises NoteBroken."""
    lines = note.text.splitlines()
    if len(lines) < 3:
        raise NoteBroken(note.line, "a checkpoint has an origin, a size and a root")
    origin, size, root = lines[0], lines[1], unbase64(lines[2])
    if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")) or len(size) > 18:
        raise NoteBroken(note.line + 1, "the size of the tree is a whole number")
    if root is None or len(root) != SIZE:
        raise NoteBroken(note.line + 2, f"the root is {SIZE} bytes in base64")
    return Checkpoint(origin, int(size), root)


def read_checkpoints(text: str) -> Iterator[tuple[Checkpoint, Note]]:
    """The checkpoints of a file, oldest first, each with the note it stood in. Raises NoteBroken."""
    for note in read_notes(text):
        yield read_checkpoint(note), note
