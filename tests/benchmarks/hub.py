"""The hub from end to end, beside a bare program over SQLite and a bare queue."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any, ClassVar

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.cli.serve import settle_memory
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.agents.binding import Bound
from atamo_rules.hub.generation import Generation, generation
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Reply
from atamo_rules.hub.store import Store
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import AgentUse
from atamo_rules.model.work import Hold
from atamo_rules.source.span import Source
from tests.benchmarks import floor
from tests.benchmarks.floor import message
from tests.benchmarks.table import Table

RULES = """
event order.created
  total: number
  customer: text
  pad: text

agent mail
  send note
    to: text

rule big
  on order.created
  when total > 10
  do
    send mail.note
      to: customer
"""
PACE = 0.02


class Nothing:
    """An agent that does nothing, 64 times at once."""

    settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object"}
    timeout = 5.0
    concurrency = 64

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        return Done({"ok": True})

    async def close(self) -> None:
        return None


def state(text: str = RULES) -> Generation:
    """The rule and its agent."""
    ruleset = compile_sources([Source("big.atamo", text)], lambda *_: "").ruleset
    assert ruleset is not None
    return generation(ruleset, Directory(), {"mail": Bound(AgentUse("mail"), Nothing())})


class Beside(Hub):
    """A hub that says when each event is over."""

    def begin(self, count: int) -> None:
        self.over_at: dict[str, float] = {}
        self.expected = count
        self.all_over = asyncio.Event()
        finish = self.underway.over

        def over(key: str) -> None:
            finish(key)
            self.over_at[key] = perf_counter()
            if len(self.over_at) == self.expected:
                self.all_over.set()

        self.underway.over = over  # type: ignore[method-assign]


async def whole(
    store: Store, under: Generation, count: int, producers: int, pace: float = 0.0, hold: bool = False
) -> list[float]:
    """Messages from end to end, or, with `hold`, only kept; the seconds that each took when they come at a pace."""
    hub = Beside(under, store)
    hub.begin(count)
    await hub.start()
    if hold:
        await hub.pause(Hold("agent", "mail"))
    begun: dict[str, float] = {}

    async def produce(first: int, last: int) -> None:
        for number in range(first, last):
            begun[f"e{number}"] = perf_counter()
            await hub.submit(message(number))
            if pace:
                await asyncio.sleep(pace)

    step = count // producers
    await asyncio.gather(*(produce(at * step, (at + 1) * step) for at in range(producers)))
    if not hold:
        await hub.all_over.wait()
    await hub.drain(0.0, park=True)
    await hub.end()
    return [hub.over_at[key] - at for key, at in begun.items() if key in hub.over_at]


Work = Callable[[Path], Coroutine[Any, Any, Any]]


def measured(works: Mapping[str, Work], rounds: int) -> dict[str, list[tuple[float, float, Any]]]:
    """Wall seconds, CPU seconds and result of every run, in turn."""
    found: dict[str, list[tuple[float, float, Any]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            with tempfile.TemporaryDirectory() as place:
                wall, cpu = perf_counter(), process_time()
                result = asyncio.run(work(Path(place) / "hub.db"))
                found[name].append((perf_counter() - wall, process_time() - cpu, result))
    return found


@contextmanager
def settled() -> Iterator[None]:
    """Python's cycle collector as `atamo run` sets it, for both sides."""
    before = gc.get_threshold()
    settle_memory()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def run(*, small: bool) -> Table:
    """Messages a second, and CPU a message, each beside its floor."""
    under = state()
    with settled():
        return _table(under, *((64, 1) if small else (9600, 5)), small)


def _table(under: Generation, count: int, rounds: int, small: bool) -> Table:
    pairs: list[tuple[str, int, Work, str, Work]] = [
        (
            "kept, 64 producers", count,
            lambda path: whole(SqliteStore(path), under, count, 64, hold=True),
            "SQLite alone", lambda path: floor.accepted(path, count, 64),
        ),
        (
            "kept, one producer", count // 16,
            lambda path: whole(SqliteStore(path), under, count // 16, 1, hold=True),
            "SQLite alone", lambda path: floor.accepted(path, count // 16, 1),
        ),
        (
            "end to end, SQLite", count,
            lambda path: whole(SqliteStore(path), under, count, 64),
            "SQLite alone", lambda path: floor.whole(path, count, 64),
        ),
        (
            "end to end, memory", count,
            lambda path: whole(MemoryStore(), under, count, 64),
            "asyncio.Queue", lambda path: floor.queued(count),
        ),
    ]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for name, messages, ours, beside, bare in pairs:
        found = measured({"ours": ours, "bare": bare}, rounds)
        wall = {who: min(one[0] for one in runs) for who, runs in found.items()}
        cpu = {who: min(one[1] for one in runs) for who, runs in found.items()}
        rows.append((
            name, f"{messages / wall['ours']:.0f}/s", f"{cpu['ours'] / messages * 1e6:.0f}", beside,
            f"{messages / wall['bare']:.0f}/s", f"{cpu['bare'] / messages * 1e6:.0f}",
            f"{wall['bare'] / wall['ours']:.2f}", f"{cpu['bare'] / cpu['ours']:.2f}",
        ))  # fmt: skip
    paced = 5 if small else 150
    found = measured(
        {
            "ours": lambda path: whole(SqliteStore(path), under, paced, 1, PACE),
            "bare": lambda path: floor.whole(path, paced, 1, PACE),
        },
        1 if small else 3,
    )
    taken = {who: sorted(one for run in runs for one in run[2]) for who, runs in found.items()}
    middle = {who: median(all) * 1000 for who, all in taken.items()}
    late = {who: quantiles(all, n=100)[98] * 1000 for who, all in taken.items()}
    rows.append((
        "idle, sent to done, ms: middle", f"{middle['ours']:.2f}", "", "SQLite alone", f"{middle['bare']:.2f}", "",
        f"{middle['bare'] / middle['ours']:.2f}", "",
    ))  # fmt: skip
    rows.append((
        "idle, sent to done, ms: 99 of 100", f"{late['ours']:.2f}", "", "SQLite alone", f"{late['bare']:.2f}", "",
        f"{late['bare'] / late['ours']:.2f}", "",
    ))  # fmt: skip
    return Table(
        "hub: messages of 300 bytes, one rule, an agent that does nothing",
        ("what", "Atamo", "CPU µs", "beside", "bare", "CPU µs", "ratio", "CPU ratio"),
        tuple(rows),
        (f"best of {rounds} rounds in turn; limit: 0.50 of SQLite alone from end to end",),
    )
