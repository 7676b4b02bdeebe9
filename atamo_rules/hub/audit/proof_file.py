"""One record with the proof that it is in the log, in one file that is checked offline (c2sp.org/tlog-proof).

The record itself stands in the line for extra data, so that the file needs nothing beside it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from atamo_rules.hub.audit.checkpoint import Checkpoint, read_checkpoint
from atamo_rules.hub.audit.merkle import SIZE, leaf_hash
from atamo_rules.hub.audit.note import Note, NoteBroken, read_notes, unbase64
from atamo_rules.hub.audit.proofs import included

HEAD = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """`record` is at `index` (from 0) of the log whose checkpoint `note` holds."""

    record: bytes
    index: int
    path: tuple[bytes, ...]
    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        """What the proof leads to. Raises NoteBroken."""
        return read_checkpoint(self.note)

    @property
    def holds(self) -> bool:
        """Whether the record is where it says in the tree that the checkpoint names."""
        to = self.checkpoint
        return included(leaf_hash(self.record), self.index, to.size, self.path, to.root)

    @property
    def written(self) -> str:
        """The file's text."""
        lines = [HEAD, f"extra {base64.b64encode(self.record).decode()}", f"index {self.index}"]
        lines += [base64.b64encode(step).decode() for step in self.path]
        return "".join(f"{line}\n" for line in lines) + "\n" + self.note.written


def read_proof(text: str) -> Proof:
    """A proof from its file. Raises NoteBroken, with the line."""
    head, _, rest = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEAD:
        raise NoteBroken(1, f"a proof begins with `{HEAD}`")
    record = (
        unbase64(lines[1].removeprefix("extra "))
        if len(lines) > 1 and lines[1].startswith("extra ")
        else None
    )
    if record is None:
        raise NoteBroken(2, "`extra` and the record in base64 stand here")
    index = lines[2].removeprefix("index ") if len(lines) > 2 else ""
    if (
        not (index.isascii() and index.isdigit())
        or len(index) > 18
        or (index != "0" and index.startswith("0"))
    ):
        raise NoteBroken(3, "`index` and a whole number stand here")
    path: list[bytes] = []
    for number, line in enumerate(lines[3:], 4):
        step = unbase64(line)
        if step is None or len(step) != SIZE:
            raise NoteBroken(number, f"a step of the proof is {SIZE} bytes in base64")
        path.append(step)
    try:
        (note,) = read_notes(rest)
    except NoteBroken as error:
        raise NoteBroken(error.line + len(lines) + 1, str(error).partition(": ")[2]) from None
    except ValueError:
        raise NoteBroken(len(lines) + 1, "one checkpoint stands at the end") from None
    read_checkpoint(note)
    return Proof(record, int(index), tuple(path), note)
