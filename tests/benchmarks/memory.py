"""Whether the memory of a hub stays bounded: what its process holds after a tenth of the messages, and on to all.

A million take about ten minutes; a tenth of them, which is what is taken unless said otherwise, one.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.store import Store
from tests.benchmarks.floor import message
from tests.benchmarks.hub import settled, state
from tests.benchmarks.table import Table

LIMIT = 1.1
"""How many times as much it may hold after all as after a tenth."""
PRODUCERS = 64
COUNT = "ATAMO_MESSAGES"
"""The variable of the environment that says how many messages; `python -m tests.benchmarks memory` takes 100,000."""


def resident() -> float:
    """MiB that this process holds now; where that is not told, the most it ever held."""
    status = Path("/proc/self/statm")
    if status.is_file():
        return int(status.read_text("ascii").split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


async def held(store: Store, count: int) -> list[float]:
    """What is held after each tenth of the messages, each of which is decided and done."""
    hub = Hub(state(), store)
    await hub.start()
    found: list[float] = []
    for tenth in range(10):
        first, last = count * tenth // 10, count * (tenth + 1) // 10

        async def produce(begin: int, end: int = last) -> None:
            for number in range(begin, end, PRODUCERS):
                await hub.submit(message(number))

        await asyncio.gather(*(produce(first + at) for at in range(PRODUCERS)))
        for number in range(max(first, last - PRODUCERS), last):
            await hub.wait(f"e{number}", 60)
        found.append(resident())
    await hub.drain(5)
    await hub.end()
    return found


def alone(kind: str, count: int) -> tuple[list[float], float]:
    """The same in a process of its own, and the seconds it took."""
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", kind, str(count)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    return [float(one) for one in done.stdout.split()], perf_counter() - begun


def run(*, small: bool) -> Table:
    """Memory after a tenth and after all, for each store."""
    count = 640 if small else int(os.environ.get(COUNT, "100000"))
    rows = []
    for kind in ("sqlite", "memory"):
        found, taken = alone(kind, count)
        rows.append((
            kind, f"{count:,}", f"{found[0]:.0f}", f"{found[2]:.0f}", f"{max(found):.0f}", f"{found[9]:.0f}",
            f"{found[9] / found[0]:.2f}", f"{taken:.0f}",
        ))  # fmt: skip
    return Table(
        "Memory of a hub, MiB",
        ("store", "messages", "after a tenth", "three tenths", "most", "all", "all to a tenth", "seconds"),
        tuple(rows),
        (f"limit {LIMIT:.1f}; {COUNT}=1000000 asks for a million",),
    )


def main(kind: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as place, settled():
        store = SqliteStore(Path(place) / "hub.db") if kind == "sqlite" else MemoryStore()
        print(*asyncio.run(held(store, count)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
