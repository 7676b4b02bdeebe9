"""A process that writes records and seals them, and says on standard output which of them were kept.

`python -m tests.crash.sealing FOLDER EVERY`: a line with the position of the last record once a `write` has returned,
a line `sealed SIZE` once a checkpoint was put down; a checkpoint every so many records, until it is killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.builtin.witnesses.file import FileWitness
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.hub.clock import SystemClock
from atamo_rules.model.audit import Note

WRITERS = 4


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def work(folder: Path, every: int) -> None:
    ears: list[Notary] = []
    store, clock = SqliteStore(folder / "hub.db"), SystemClock()
    await store.open(lambda first, notes: ears[0].hear(first, notes) if ears else None)
    notary = Notary(
        store, clock, [FileWitness(folder / "checkpoints")], every=every, seconds=3600.0, alarm=say
    )
    await notary.begin()
    ears.append(notary)

    async def write(writer: int) -> None:
        number = 0
        while True:
            number += 1
            what = {"attempt": number, "why": "x" * 100}
            await store.write([Note(clock.now(), "action.retry", f"e{writer}", "", what)] * 3)
            say(str(await store.head()))

    async def seal() -> None:
        while True:
            await asyncio.sleep(0)
            if notary.head - notary.tree.size >= every:
                made = await notary.checkpoint()
                say(f"sealed {made.size if made else 0}")

    await asyncio.gather(seal(), *map(write, range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2])))
