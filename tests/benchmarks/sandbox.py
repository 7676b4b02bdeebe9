"""What code of users costs behind its walls: to start, for one event, in memory; beside the same call without them."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from atamo_rules.model.types import Json
from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.faults import NoSandbox
from tests.benchmarks.table import Table

SOURCE = """
def evaluate(event):
    if event["customer"]["tier"] == "enterprise" and event["priority"] == "urgent":
        return [{"do": "oncall.page", "with": {"message": event["subject"] + " from " + event["customer"]["email"]}}]
    return []
"""
EVENT: dict[str, Json] = {
    "subject": "DB down",
    "priority": "urgent",
    "customer": {"email": "a@b.example", "tier": "enterprise"},
}


def memory(code: SandboxedCode) -> int | None:
    """Bytes of both processes that they alone need (PSS); None where the kernel does not tell."""
    assert code._child is not None
    outer = code._child.process.pid
    inner = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
    total = 0
    for pid in (outer, *inner):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            return None
        total += int(text.partition("\nPss:")[2].split()[0]) * 1024
    return total


async def warm(code: SandboxedCode, count: int) -> float:
    """Seconds for one event, asked from a loop."""
    await code.evaluate(EVENT)
    begun = perf_counter()
    for _ in range(count):
        await code.evaluate(EVENT)
    return (perf_counter() - begun) / count


def run(*, small: bool) -> Table:
    """Rounds of all in turn; medians."""
    rounds, count = (1, 20) if small else (9, 2_000)
    title = "Code of users behind its walls"
    first = SandboxedCode(SOURCE, allow_weaker=True)
    try:
        first.check()
    except NoSandbox as error:
        return Table(title, ("what",), ((str(error),),))
    finally:
        first.stop()
    here: dict[str, Any] = {}
    exec(SOURCE, here)
    starts, loops, blocking, bare, held = [], [], [], [], []
    for _ in range(rounds):
        code = SandboxedCode(SOURCE, allow_weaker=True)
        begun = perf_counter()
        code.check()
        starts.append(perf_counter() - begun)
        loops.append(asyncio.run(warm(code, count)))
        begun = perf_counter()
        for _ in range(count):
            code.evaluate_now(EVENT)
        blocking.append((perf_counter() - begun) / count)
        with suppress(OSError):
            if (bytes_ := memory(code)) is not None:
                held.append(bytes_)
        code.stop()
        begun = perf_counter()
        for _ in range(count):
            json.loads(json.dumps(here["evaluate"](json.loads(json.dumps(EVENT)))))
        bare.append((perf_counter() - begun) / count)
    beside = median(bare)
    rows = [
        ("to start, with the code loaded", f"{median(starts) * 1e3:.0f} ms", ""),
        ("one event, from a loop", f"{median(loops) * 1e6:.0f} µs", f"{median(loops) / beside:.1f}"),
        ("one event, blocking", f"{median(blocking) * 1e6:.0f} µs", f"{median(blocking) / beside:.1f}"),
        ("the same function here, through json and back", f"{beside * 1e6:.0f} µs", "1.0"),
        ("memory, both processes (PSS)", f"{median(held) / (1 << 20):.1f} MiB" if held else "not told", ""),
    ]
    return Table(
        title,
        ("what", "figure", "times the same here"),
        tuple(rows),
        ("one process, kept warm",),
    )
