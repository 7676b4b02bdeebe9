"""A place outside the hub that holds it to what it said: the port for whoever keeps checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from atamo_rules.hub.audit.checkpoint import Checkpoint
from atamo_rules.hub.audit.note import Note


class Disagrees(Exception):
    """What a witness holds is not of this log; the message is a sentence."""


class Witness(Protocol):
    """Keeps what it is given and never changes it. Its methods may block; they are called in a thread, one at a time,
    and what they raise is told and tried again with the next checkpoint."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    @property
    def size(self) -> int:
        """How many records it has the hashes of; 0 too for one that keeps checkpoints only."""
        ...

    @property
    def last(self) -> Checkpoint | None:
        """The newest checkpoint it holds."""
        ...

    def keep(
        self, first: int, leaves: Sequence[bytes], note: Note | None, checkpoint: Checkpoint | None
    ) -> None:
        """Take the hashes of the records after the first `first`, and a checkpoint, which is also there as the note it
        is to be kept as. Durable when it returns. Raises Disagrees, OSError."""
        ...
