"""What one agent that never answers costs the others: their work through the hub, beside the same with all well."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, ClassVar

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.agents.binding import Bound
from atamo_rules.hub.generation import generation
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Reply
from atamo_rules.hub.store import Store
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import AgentUse
from atamo_rules.model.types import Json
from atamo_rules.source.span import Source
from tests.benchmarks.hub import settled
from tests.benchmarks.table import Table

LIMIT = 1.10
"""How many times as long the others may take."""
RULES = """
event order.created
  number: whole
  both: boolean

agent good
  send note
    number: whole
agent other
  send note
    number: whole

rule each
  on order.created
  do
    send good.note
      number: number

rule some "One message in ten is for the other agent too"
  on order.created
  when both is true
  do
    send other.note
      number: number
"""


class Counting:
    """An agent that counts what it did, at once, or never comes back."""

    settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object"}
    timeout = 60.0
    concurrency = 16

    def __init__(self, enough: int = 0, *, dead: bool = False) -> None:
        self.left, self.dead = enough, dead
        self.over = asyncio.Event()

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        if self.dead:
            await asyncio.Event().wait()
        self.left -= 1
        if self.left == 0:
            self.over.set()
        return Done()

    async def close(self) -> None:
        return None


async def work(store: Store, count: int, *, dead: bool) -> tuple[float, float]:
    """Wall and CPU seconds until the agent that is well has done all of its work."""
    ruleset = compile_sources([Source("dead.atamo", RULES)], lambda *_: "").ruleset
    assert ruleset is not None
    good, other = Counting(count), Counting(dead=dead)
    bound = {"good": Bound(AgentUse("good"), good), "other": Bound(AgentUse("other"), other)}
    hub = Hub(generation(ruleset, Directory(), bound), store)
    await hub.start()
    wall, cpu = perf_counter(), process_time()

    async def produce(first: int) -> None:
        for number in range(first, count, 16):
            data: dict[str, Json] = {"number": number, "both": number % 10 == 0}
            await hub.submit_json({"type": "order.created", "id": f"e{number}", "data": data})

    await asyncio.gather(*(produce(first) for first in range(16)))
    await good.over.wait()
    took = perf_counter() - wall, process_time() - cpu
    await hub.drain(0.0, park=True)
    await hub.end()
    return took


def run(*, small: bool) -> Table:
    """Both in turn, in one run; CPU seconds, which a busy machine does not lengthen, decide."""
    count, rounds = (200, 1) if small else (4_000, 5)
    rows = []
    with settled():
        for name in ("memory", "sqlite"):
            found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
            for turn in range(rounds):
                for dead in (False, True) if turn % 2 else (True, False):
                    with tempfile.TemporaryDirectory() as place:
                        store = MemoryStore() if name == "memory" else SqliteStore(Path(place) / "hub.db")
                        found[dead].append(asyncio.run(work(store, count, dead=dead)))
            wall, cpu = ({dead: median(one[at] for one in found[dead]) for dead in found} for at in (0, 1))
            rows.append(
                (name, f"{count / wall[False]:,.0f}", f"{count / wall[True]:,.0f}",
                 f"{wall[True] / wall[False]:.2f}", f"{cpu[True] / cpu[False]:.2f}")
            )  # fmt: skip
    return Table(
        "The others, while one agent never answers",
        ("store", "all well: done/s", "one dead: done/s", "times as long", "times the CPU"),
        tuple(rows),
        (
            f"limit {LIMIT:.2f} times",
            "one message in ten is for the other agent too, which does its part where all is well",
        ),
    )
