"""A process that keeps and settles events in a file, and says on standard output what it was promised.

`python -m tests.crash.workload FILE COUNT SYNCHRONOUS [LARGE]`: a line `kept ID` once `accept` has returned, a line
`done ID` once `settle` has. Ends with 3 when the store can no longer be written, with 4 while it is full. With LARGE,
`through` or `cached`, every answer is too large for a row; `cached` puts no file through to the disk, to show that it
must.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from atamo_rules.builtin.stores.sqlite import blobs
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.model.outcome import Done
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.store_stage import Stage

PRODUCERS = 4
CHECKPOINT = 30
"""Pages of the log after which it is folded into the file: often, so that losing power then is tried too."""


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def work(path: Path, count: int, synchronous: str, large: str = "") -> int:
    pad = blobs.LARGE if large else 200
    if large == "cached":
        blobs.os = _Cached()  # type: ignore[assignment]

    def make(clock: ManualClock) -> SqliteStore:
        return SqliteStore(path, clock, synchronous=synchronous)

    stage = Stage(make)
    try:
        await stage.open()
    except StoreUnavailable:
        say("closing")
        return 3
    keeper = stage.store.file._keeper  # type: ignore[attr-defined]
    keeper.connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT}")

    async def produce(first: int) -> None:
        for number in range(first, count, PRODUCERS):
            id = f"e{number}"
            kept = await stage.accept(id, stage.work(f"a{number}", f"/test#{id}", lease=30.0))
            if kept.known == "new":
                say(f"kept {id}")
                await stage.store.settle(kept.leases[0], Done({"pad": id * (pad // len(id) + 1)}))
                say(f"done {id}")

    code = 0
    try:
        async with asyncio.TaskGroup() as group:
            for first in range(PRODUCERS):
                group.create_task(produce(first))
    except* Busy:
        code = 4
    except* StoreUnavailable:
        code = 3
    say("closing")
    await stage.store.close()
    return code


class _Cached:
    """The system, but for fsync."""

    def fsync(self, descriptor: int) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


if __name__ == "__main__":
    sys.exit(asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])))
