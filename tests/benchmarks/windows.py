"""What windows cost: memory for each key, time for each event however many are open, timers due at once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from statistics import median
from time import process_time
from typing import Any

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.decide import decide, elapse
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.state import State, micros
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.source.span import Source
from tests.benchmarks.table import Table

TEXT = """
event login.failed
  ip: text
event order.placed
  ip: text
event order.paid
  ip: text
agent soc
  send alert
    text: text
rule brute_force
  on login.failed 5 times within 10 minutes by ip
  do
    send soc.alert
      text: ip
rule unpaid
  on order.placed without order.paid within 10 minutes by ip
  do
    send soc.alert
      text: ip
"""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def run(*, small: bool) -> Table:
    """Three figures of one rule each. Times are of the processor."""
    keys = 2_000 if small else 1_000_000
    timers = 500 if small else 100_000
    asked = 500 if small else 20_000
    ruleset: Any = compile_sources([Source("a.atamo", TEXT)], lambda *_: "").ruleset
    assert ruleset is not None
    few, some, many = Book(), Book(), Book()
    for number in range(100):
        _one(ruleset, few, "login.failed", f"k{number}")
    for number in range(keys // 100):
        _one(ruleset, some, "login.failed", f"k{number}")
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(keys):
        _one(ruleset, many, "login.failed", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    each = (tracemalloc.get_traced_memory()[0] - before) / keys
    tracemalloc.stop()
    bare: dict[str, list[int]] = {}
    line: list[tuple[int, str]] = []
    for number in range(keys):
        _bare(bare, line, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    fresh = iter(range(10_000_000))
    works: dict[str, Callable[[], object]] = {
        "100": lambda: _one(ruleset, few, "login.failed", f"k{next(fresh) % 100}"),
        "some": lambda: _one(ruleset, some, "login.failed", f"k{next(fresh) % (keys // 100)}"),
        "all": lambda: _one(ruleset, many, "login.failed", f"10.0.{next(fresh) % 256}.{next(fresh) % 256}"),
        "bare": lambda: _bare(bare, line, f"10.0.{next(fresh) % 256}.{next(fresh) % 256}"),
    }
    times = {name: list[float]() for name in works}
    for _ in range(5):
        for name, work in works.items():
            begun = process_time()
            for _ in range(asked):
                work()
            times[name].append((process_time() - begun) / asked * 1e6)
    waits = Book()
    for number in range(timers):
        _one(ruleset, waits, "order.placed", str(number))
    begun = process_time()
    fired = _elapsed(ruleset, waits)
    took = process_time() - begun
    assert fired == timers
    heap = [(number, str(number)) for number in range(timers)]
    begun = process_time()
    while heap:
        heappop(heap)
    bare_took = process_time() - begun
    return Table(
        "windows",
        ("", "figure"),
        (
            (f"bytes a key, {keys:,} keys of one count", f"{each:.0f}"),
            ("microseconds an event, 100 windows open", f"{median(times['100']):.1f}"),
            (f"microseconds an event, {keys // 100:,} windows open", f"{median(times['some']):.1f}"),
            (f"microseconds an event, {keys:,} windows open", f"{median(times['all']):.1f}"),
            (f"the same in a bare dict and heapq, {keys:,} keys", f"{median(times['bare']):.1f}"),
            (f"seconds for {timers:,} due waits to fire", f"{took:.2f}"),
            ("the same popped from a bare heapq", f"{bare_took:.2f}"),
        ),
        ("deciding alone: what a store adds is in `hub`",),
    )


def _one(ruleset: Ruleset, book: Book, type: str, ip: str) -> None:
    event = Event("e", type, {"ip": ip}, BEGIN)
    ledger = book.ledger(micros(BEGIN))
    decide(ruleset, event, ledger=ledger)
    book.keep(ledger.written)


def _bare(counts: dict[str, list[int]], line: list[tuple[int, str]], ip: str) -> None:
    times = counts.get(ip)
    if times is None:
        times = counts[ip] = []
        heappush(line, (600, ip))
    times.append(0)
    if len(times) >= 5:
        del counts[ip]
    while line and line[0][0] < 0:
        heappop(line)


def _elapsed(ruleset: Ruleset, book: Book) -> int:
    fired = 0
    now = micros(BEGIN) + 600_000_000
    while places := book.take(now, 256):
        for place in places:
            state = book.get(place)
            assert isinstance(state, State)
            ledger = book.ledger(now)
            fired += sum(len(one.actions) for _, one in elapse(ruleset, place, state, ledger))
            book.keep(ledger.written)
    return fired
