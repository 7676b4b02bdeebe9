"""What windows cost in a hub on disk: events of many keys, of one hot key, and of types that have no window."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.generation import Generation, generation
from atamo_rules.hub.hub import Hub
from atamo_rules.model.people import Directory
from atamo_rules.source.span import Source
from tests.benchmarks.table import Table

EVENTS = """
event login.failed
  ip: text
event order.created
  total: number
rule large
  on order.created
  when total > 1000000
  stop
"""
COUNTS = """
rule brute_force
  on login.failed 100 times within 1 hour by ip
  stop
"""
PRODUCERS = 64

Message = Callable[[int], bytes]


def run(*, small: bool) -> Table:
    """Rounds in turn, medians; each with a file of its own, 64 clients at once."""
    count, rounds = (64, 1) if small else (4096, 5)
    without, having = _state(EVENTS), _state(EVENTS + COUNTS)
    cases: dict[str, tuple[Generation, Message]] = {
        "an order; no rule has a window": (without, _order),
        "an order; another type has a window": (having, _order),
        "a login; no rule counts it": (without, _many),
        "a login that is counted, each under its own key": (having, _many),
        "a login that is counted, all under 16 keys": (having, _few),
        "a login that is counted, all under one key": (having, _one),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (state, message) in cases.items():
            took[name].append(asyncio.run(_kept(state, message, count)))
    rows = []
    first = 0.0
    for name, found in took.items():
        wall, cpu = (median(one[at] for one in found) for at in (0, 1))
        first = first or count / wall
        rows.append(
            (name, f"{count / wall:,.0f}", f"{count / wall / first:.2f} ×", f"{cpu / count * 1e6:.0f}")
        )
    return Table("windows of a hub", ("", "events/s", "beside the first", "µs of CPU an event"), tuple(rows))


async def _kept(under: Generation, message: Message, count: int) -> tuple[float, float]:
    """Seconds, and of them the processor's, for so many messages to be kept."""
    with tempfile.TemporaryDirectory() as place:
        hub = Hub(under, SqliteStore(Path(place) / "hub.db"))
        await hub.start()
        step = count // PRODUCERS

        async def produce(first: int) -> None:
            for number in range(first, first + step):
                await hub.submit(message(number))

        begun, cpu = perf_counter(), process_time()
        await asyncio.gather(*(produce(at * step) for at in range(PRODUCERS)))
        took = perf_counter() - begun, process_time() - cpu
        await hub.drain(0.0, park=True)
        await hub.end()
    return took


def _state(text: str) -> Generation:
    made = compile_sources([Source("a.atamo", text)], lambda *_: "")
    assert made.ruleset is not None, [one.message for one in made.diagnostics]
    return generation(made.ruleset, Directory(), {})


def _order(number: int) -> bytes:
    return json.dumps({"type": "order.created", "id": f"e{number}", "data": {"total": number}}).encode()


def _login(number: int, ip: object) -> bytes:
    return json.dumps({"type": "login.failed", "id": f"e{number}", "data": {"ip": str(ip)}}).encode()


def _many(number: int) -> bytes:
    return _login(number, number)


def _few(number: int) -> bytes:
    return _login(number, number % 16)


def _one(number: int) -> bytes:
    return _login(number, "10.0.0.1")
