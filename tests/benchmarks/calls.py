"""What a shared call of an agent costs, beside a look into a dictionary: a hit, a thousand equal calls at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from atamo_rules.hub.requests.happenings import Answered, Ended, Routed
from atamo_rules.hub.requests.request import Part, Request
from atamo_rules.hub.requests.step import opened, step
from atamo_rules.hub.sharing.flight import Said, Say
from atamo_rules.hub.sharing.flights import Flights
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.types import Sharing
from tests.benchmarks.table import Table

CALLERS = 1000
LIMIT = 5.0
"""Microseconds that a hit may cost."""


def run(*, small: bool) -> Table:
    """Processor time, which a busy machine does not lengthen; all in one run."""
    rounds = 1_000 if small else 50_000
    plain = asyncio.run(_timed(rounds, _dictionary))
    hit = asyncio.run(_timed(rounds, _hits))
    calls, join = asyncio.run(_joins())
    turn = _states(rounds // 10)
    rows = [
        ("a look into a dictionary, awaited", plain, ""),
        ("a hit", hit, f"{hit / plain:.1f} x the dictionary, limit {LIMIT:g} µs"),
        (f"{CALLERS} equal calls at once, each", join, f"{calls} call of the agent"),
        ("a step of a request's state machine", turn, ""),
    ]
    return Table(
        "Shared calls and requests", ("what", "µs", "says"), tuple((a, f"{b:.2f}", c) for a, b, c in rows)
    )


async def _deliver(said: Said, cache: str, age: float | None) -> None:
    return None


def _note(*_: Any) -> None:
    return None


async def _timed(rounds: int, make: Callable[[], Coroutine[Any, Any, Callable[[], Any]]]) -> float:
    call = await make()
    begun = time.process_time()
    for _ in range(rounds):
        await call()
    return (time.process_time() - begun) / rounds * 1e6


async def _dictionary() -> Callable[[], Any]:
    kept = {b"k": 1}

    async def call() -> int:
        return kept[b"k"]

    return call


async def _hits() -> Callable[[], Any]:
    flights = Flights(lambda: 0.0, lambda failures: 0.0)
    fresh = Sharing(fresh=1e9)

    async def work(say: Say) -> Outcome:
        await say(Said({"price": 1}))
        return Done({"price": 1})

    await flights.call(b"k", "a", fresh, work, _deliver, _note)
    return lambda: flights.call(b"k", "a", fresh, work, _deliver, _note)


async def _joins() -> tuple[int, float]:
    flights = Flights(lambda: 0.0, lambda failures: 0.0)
    calls = 0

    async def work(say: Say) -> Outcome:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.02)
        return Done(1)

    begun = time.process_time()
    await asyncio.gather(
        *(flights.call(b"k", str(n), Sharing(), work, _deliver, _note) for n in range(CALLERS))
    )
    return calls, (time.process_time() - begun) / CALLERS * 1e6


def _states(rounds: int) -> float:
    parts = tuple(Part(name, "r") for name in "abc")
    begun = time.process_time()
    for _ in range(rounds):
        request, _ = opened(Request("q", "t", 0.0))
        request, _ = step(request, Routed(parts), 0.0)
        for part in parts:
            request, _ = step(request, Answered(part.id), 0.0)
            request, _ = step(request, Ended(part.id), 0.0)
    return (time.process_time() - begun) / (rounds * 7) * 1e6
