"""What the audit costs from end to end: the least of it, all of it, and all of it with its tree and a witness."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.builtin.witnesses.file import FileWitness
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.model.audit import Level
from tests.benchmarks.floor import message
from tests.benchmarks.hub import Beside, measured, settled, state
from tests.benchmarks.table import Table

LIMIT = 1.15
"""How much of the CPU of the least audit all of it may take, its tree included: a limit of our own."""
PRODUCERS = 64


async def audited(path: Path, count: int, level: Level, tree: bool) -> None:
    """Messages from end to end with a level of the audit, its tree grown beside them or not."""
    store = SqliteStore(path)
    store.level = level
    hub = Beside(state(), store)
    hub.begin(count)
    await hub.start()
    sealing = None
    if tree:
        notary = Notary(store, hub.clock, [FileWitness(path.parent / "checkpoints")])
        await notary.begin()
        hub.audience.ears.append(notary.hear)
        sealing = asyncio.create_task(notary.run())

    async def produce(first: int) -> None:
        for number in range(first, count, PRODUCERS):
            await hub.submit(message(number))

    await asyncio.gather(*(produce(first) for first in range(PRODUCERS)))
    await hub.all_over.wait()
    if sealing is not None:
        await notary.checkpoint()
        sealing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sealing
    await hub.drain(0.0, park=True)
    await hub.end()


def run(*, small: bool) -> Table:
    """Messages a second and CPU a message; ratios to the least there is."""
    count, rounds = (64, 1) if small else (9600, 3)
    kinds: dict[str, tuple[Level, bool]] = {
        "minimal": ("minimal", False),
        "full": ("full", False),
        "full, tree and witness": ("full", True),
    }
    works = {
        name: lambda path, level=level, tree=tree: audited(path, count, level, tree)
        for name, (level, tree) in kinds.items()
    }
    with settled():
        found = measured(works, rounds)
    wall = {name: min(one[0] for one in runs) for name, runs in found.items()}
    cpu = {name: min(one[1] for one in runs) for name, runs in found.items()}
    rows = tuple(
        (
            name, f"{count / wall[name]:.0f}/s", f"{cpu[name] / count * 1e6:.0f}",
            f"{wall[name] / wall['minimal']:.2f}", f"{cpu[name] / cpu['minimal']:.2f}",
        )
        for name in kinds
    )  # fmt: skip
    return Table(
        "The audit, from end to end with SQLite",
        ("audit", "messages", "µs of CPU", "time", "CPU"),
        rows,
        (f"time and CPU beside the least audit; limit {LIMIT:.2f}. There is no hub without an audit.",),
    )
