"""One rule file of a thousand rules is saved: how long until the new generation is there."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from time import monotonic

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.hub.generation import Generation
from tests.benchmarks import worlds
from tests.benchmarks.table import Table, spread

LIMIT = 0.1
"""Seconds from the save being noticed to the new generation."""


def run(*, small: bool) -> Table:
    """Edits of one file, told apart: from the save being noticed, and from the write itself."""
    count, edits = (24, 2) if small else (1_000, 20)
    rows: list[tuple[str, ...]] = []
    for container in ("atamo", "yaml"):
        for each in (1, 10):
            with tempfile.TemporaryDirectory() as folder:
                place = worlds.write(Path(folder), count, each=each, container=container)
                noticed, written = asyncio.run(_edits(place, edits))
            name = f".{container}, {each} a file"
            rows.append((f"{name}: noticed to live", *spread(noticed), f"{max(noticed) / LIMIT:.2f}"))
            rows.append((f"{name}: write to live", *spread(written), ""))
    return Table(
        f"reload: one file of {count:,} rules with tests changes, milliseconds",
        ("project", "min", "median", "max", "max of limit"),
        tuple(rows),
        (
            f"{edits} edits; limit {LIMIT * 1000:g} ms from noticed to live",
            "the watch waits for the folder to be quiet before it tells: that is most of write to live",
        ),
    )


async def _edits(folder: Path, times: int) -> tuple[list[float], list[float]]:
    provider = FolderProvider(folder)
    states = provider.states()
    await anext(states)
    file = sorted(folder.glob("part*/*"))[1]
    text = file.read_text("utf-8")
    noticed: list[float] = []
    written: list[float] = []
    for number in range(times):
        following = asyncio.ensure_future(anext(states))
        # The watch must stand before the file is written.
        await asyncio.sleep(0.5 if number == 0 else 0.2)
        begun = monotonic()
        file.write_text(text.replace("room-", f"room-{number}-"), "utf-8")
        state = await asyncio.wait_for(following, 30)
        written.append(monotonic() - begun)
        if not isinstance(state, Generation):
            raise RuntimeError("the edit was refused")
        noticed.append(state.took)
    await states.aclose()  # type: ignore[attr-defined]
    return noticed, written
