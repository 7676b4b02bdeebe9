"""Rules that come and go while events are matched: what one costs, and how long it can keep a match waiting.

Both threads are Python, so that a match waits while the other holds the interpreter: until that sleeps, or for the
switch interval (5 ms as Python comes). What can be held against a change is the longest stretch that it works without
a pause, and how long of a wait it really worked: the CPU that the process used meanwhile and the matching thread did
not. The longest wait in wall time is measured too, beside the same thread alone: it is the machine's as well, which may
give the core to others while the interpreter is held.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from threading import Thread
from time import perf_counter, process_time, sleep, thread_time

import atamo_rules as atamo
from atamo_rules.model.rule import Rule
from tests.benchmarks import workloads
from tests.benchmarks.match import SIZES
from tests.benchmarks.table import Table
from tests.benchmarks.workloads import Workload

CHANGES = 400
A_MOMENT = 0.00005
"""Seconds that a pause sleeps."""


def run(*, small: bool) -> Table:
    """CPU microseconds of a change; microseconds that a match waits."""
    rows = []
    for kind in ("keys", "open"):
        for count in (24,) if small else SIZES[2:]:
            made = workloads.workload(kind, count, 40 if small else 2_000)
            rows.append((f"{kind} {count:,}", *_row(made, 8 if small else CHANGES)))
    return Table(
        f"match changing: {CHANGES} rules come one by one and go again, microseconds",
        (
            "rules",
            "to add",
            "to remove",
            "longest stretch",
            "held",
            "unpaused",
            "longest wait",
            "alone",
            "99.9 %",
            "alone",
        ),
        tuple(rows),
        (
            "longest stretch: CPU between two pauses; held: the most CPU of the changes between two matches of another",
            "thread, also while the machine kept that from a core; unpaused: the same of changes that never pause; the",
            f"waits are wall time between two matches; switch interval {sys.getswitchinterval() * 1000:g} ms",
        ),
    )


def _row(made: Workload, changes: int) -> tuple[str, ...]:
    ruleset = atamo.compile_rules(made.text)
    matcher = atamo.matcher(ruleset, warm=True)
    step = max(1, len(ruleset.rules) // changes)
    extra = [replace(one, id=f"more_{one.id}") for one in ruleset.rules[::step]][:changes]
    gc.collect()
    gc.freeze()
    added, removed = _cost(matcher, extra)
    alone, _ = _waits(made, matcher, lambda take: sleep(0.5))
    waits, held = _waits(made, matcher, lambda take: _change(matcher, extra, take, lambda: sleep(A_MOMENT)))
    _, unpaused = _waits(made, matcher, lambda take: _change(matcher, extra, take, lambda: None))
    stretch = _stretch(matcher, extra)
    gc.unfreeze()
    ends = [held, unpaused, waits[-1], alone[-1], _most(waits), _most(alone)]
    return (f"{added:.0f}", f"{removed:.0f}", f"{stretch:.0f}", *(f"{found * 1e6:.0f}" for found in ends))


def _cost(matcher: atamo.Matcher, extra: list[Rule]) -> tuple[float, float]:
    """CPU microseconds to add a rule, and to remove one: the medians of three rounds' means."""
    added, removed = [], []
    for _ in range(3):
        changed, begun = matcher, process_time()
        for one in extra:
            changed = changed.with_rule(one)
        done = process_time()
        for one in extra:
            changed = changed.without(one.id)
        added.append((done - begun) / len(extra) * 1e6)
        removed.append((process_time() - done) / len(extra) * 1e6)
    return median(added), median(removed)


def _stretch(matcher: atamo.Matcher, extra: list[Rule]) -> float:
    """The most CPU microseconds that adding a rule takes without a pause: the least of three rounds, since a stretch
    in which the machine did something else is none of ours."""
    return min(_longest(matcher, extra) for _ in range(3))


def _longest(matcher: atamo.Matcher, extra: list[Rule]) -> float:
    longest, last = 0.0, thread_time()

    def pause() -> None:
        nonlocal longest, last
        longest = max(longest, thread_time() - last)
        last = thread_time()

    changed = matcher
    for one in extra:
        last = thread_time()
        changed = changed.with_rule(one, pause)
        pause()
    return longest * 1e6


Take = Callable[[atamo.Matcher], None]


def _change(matcher: atamo.Matcher, extra: list[Rule], take: Take, pause: Callable[[], None]) -> None:
    changed = matcher
    for one in extra:
        changed = changed.with_rule(one, pause)
        take(changed)
        pause()
    for one in extra:
        changed = changed.without(one.id)
        take(changed)
        pause()


def _waits(made: Workload, matcher: atamo.Matcher, work: Callable[[Take], None]) -> tuple[list[float], float]:
    """Seconds from each match to the next, rising, in a thread of its own while `work` goes on; and the most seconds of
    CPU that `work` had between two matches."""
    now, done = [matcher], [False]
    found: list[float] = []
    held = [0.0]

    def matching() -> None:
        last, worked = perf_counter(), process_time() - thread_time()
        while not done[0]:
            for type, body in made.events:
                now[0].match(type, body)
                here, theirs = perf_counter(), process_time() - thread_time()
                found.append(here - last)
                held[0] = max(held[0], theirs - worked)
                last, worked = here, theirs

    thread = Thread(target=matching)
    thread.start()
    work(lambda changed: now.__setitem__(0, changed))
    done[0] = True
    thread.join()
    return sorted(found), held[0]


def _most(waits: list[float]) -> float:
    """What all but a thousandth do not exceed."""
    return waits[len(waits) * 999 // 1000]
