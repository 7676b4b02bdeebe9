"""Follows the records of a store, grows the tree over them, and puts down checkpoints with witnesses.

It holds 32 bytes for every binary digit of the log's length and nothing else; where it stood is kept in the store with
each checkpoint, so that a start reads only what came after. It is told of every record that is committed, and slows
nobody: hashing and witnesses come after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import Any

from atamo_rules.hub.audit.checkpoint import Checkpoint
from atamo_rules.hub.audit.erased import leaf_of
from atamo_rules.hub.audit.merkle import Frontier
from atamo_rules.hub.audit.note import Note as SignedNote
from atamo_rules.hub.audit.witness import Disagrees, Witness
from atamo_rules.hub.clock import Clock
from atamo_rules.hub.store import Store
from atamo_rules.model.audit import Note
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put

EVERY = 1000
"""Records between two checkpoints."""
SECONDS = 60.0
"""Seconds between two checkpoints, when there is anything new."""
BUCKET = "audit"
"""Where in the store's small state the notary keeps its place."""

Sign = Callable[[str], SignedNote]


class Notary:
    """`origin` names the log in its checkpoints; without one the store's own is used, drawn when it was new. `alarm` is
    told in a sentence when a witness holds something that this log never was."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        witnesses: Sequence[Witness] = (),
        *,
        sign: Sign | None = None,
        origin: str = "",
        every: int = EVERY,
        seconds: float = SECONDS,
        alarm: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.witnesses = tuple(witnesses)
        self.sign = sign or SignedNote
        self.origin = origin
        self.every = every
        self.seconds = seconds
        self.alarm = alarm
        self.tree = Frontier()
        self.latest: SignedNote | None = None
        self.head = 0
        self._due = asyncio.Event()
        self._one = asyncio.Lock()
        self._fresh = False

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Be told of records as they are committed; `first` is the position of the first of them."""
        self.head = first + len(notes) - 1
        self._fresh = self._fresh or any(note.kind != "audit.checkpoint" for note in notes)
        if self.head - self.tree.size >= self.every:
            self._due.set()

    async def begin(self) -> None:
        """Take up where the store says it stood, and hold the log to what every witness saw of it."""
        kept = await self.store.get(BUCKET, "origin")
        if not self.origin:
            self.origin = str(kept.value) if kept is not None else f"atamo/{token_hex(6)}"
        if kept is None or kept.value != self.origin:
            await self.store.put(Put(BUCKET, "origin", self.origin))
        entry = await self.store.get(BUCKET, "tree")
        self.tree = _frontier(entry.value) if entry is not None else Frontier()
        self.head = await self.store.head()
        after = await self.store.audit(self.tree.size, 2)
        self._fresh = any(record.kind != "audit.checkpoint" for record in after)
        # Whoever asks has a store keep the hashes of what it writes from here on: nothing of it is read back, and what
        # is changed in the file before the first checkpoint is noticed.
        await self.store.leaves(self.head, 1)
        if self.tree.size > self.head:
            await self._gap(
                f"the log has {self.head} records, and had {self.tree.size} at its last checkpoint"
            )
            self.tree = Frontier()
        for witness in self.witnesses:
            last = witness.last
            if last is not None:
                await self._hold_to(witness, last)

    async def run(self) -> None:
        """A checkpoint whenever one is due, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self.seconds):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            await self.checkpoint()

    async def checkpoint(self) -> Checkpoint | None:
        """Take in what is new, put a checkpoint down with every witness, and record it; None when nothing is new but
        the record of the checkpoint before."""
        async with self._one:
            if not self._fresh:
                return None
            self._fresh = False
            first = self.tree.size
            leaves = await self._grow()
            made = Checkpoint.of(self.origin, self.tree)
            note = self.sign(made.text)
            places: list[Json] = []
            for witness in self.witnesses:
                why = await self._put_down(witness, first, leaves, note, made)
                places.append({"place": witness.place, **({"why": why} if why else {})})
            self.latest = note
            await self.store.put(Put(BUCKET, "tree", _kept(self.tree)))
            await self._note("audit.checkpoint", size=made.size, root=made.root.hex(), witnesses=places)
            return made

    async def _grow(self) -> list[bytes]:
        """Take in every record there is; gives their hashes."""
        grown: list[bytes] = []
        head = await self.store.head()
        while self.tree.size < head and (leaves := await self.store.leaves(self.tree.size, self.every)):
            self.tree = self.tree.extend(leaves)
            grown += leaves
        return grown

    async def _put_down(
        self, witness: Witness, first: int, leaves: list[bytes], note: SignedNote, made: Checkpoint
    ) -> str:
        """Have one witness keep a checkpoint, with all the hashes it lacks; gives why not, or nothing."""
        try:
            while witness.size < first:
                missing = await self.store.leaves(witness.size, min(self.every, first - witness.size))
                await asyncio.to_thread(witness.keep, witness.size, missing, None, None)
            await asyncio.to_thread(witness.keep, witness.size, leaves[witness.size - first :], note, made)
        except (OSError, Disagrees) as error:
            why = f"{type(error).__name__}: {error}"
            self.alarm(f"the checkpoint could not be put down at {witness.place}: {error}")
            return why
        return ""

    async def _hold_to(self, witness: Witness, last: Checkpoint) -> None:
        """Whether a witness's last checkpoint is one that this log had; if not, that is told and recorded."""
        if last.origin != self.origin:
            await self._gap(f"{witness.place} is a witness of another log, `{last.origin}`")
            return
        if last.size > self.head:
            await self._gap(f"the log has {self.head} records, and {witness.place} saw {last.size}")
            return
        tree = self.tree if self.tree.size <= last.size else Frontier()
        while tree.size < last.size:
            records = await self.store.audit(tree.size, min(self.every, last.size - tree.size))
            tree = tree.extend(map(leaf_of, records))
        if tree.root != last.root:
            await self._gap(f"the first {last.size} records are not those that {witness.place} saw")

    async def _gap(self, why: str) -> None:
        self.alarm(f"the audit is not what it was: {why}; `atamo audit verify` names the records")
        await self._note("audit.gap", why=why)

    async def _note(self, kind: Any, **what: Json) -> None:
        await self.store.write([Note(self.clock.now(), kind, "", "", what)])


def _kept(tree: Frontier) -> Json:
    return {"size": tree.size, "peaks": [peak.hex() for peak in tree.peaks]}


def _frontier(value: Any) -> Frontier:
    """The tree that was kept; an empty one when it cannot be read, which is then grown from the first record."""
    try:
        size, peaks = value["size"], tuple(bytes.fromhex(peak) for peak in value["peaks"])
    except (KeyError, TypeError, ValueError):
        return Frontier()
    return Frontier(size, peaks) if size.bit_count() == len(peaks) else Frontier()
