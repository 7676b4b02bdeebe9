"""What grows with the number of rules: the work of an event, or the waiting for memory that no cache holds?

An event of few rules and one of very many are looked up and asked alike. So the same few events again and again, whose
buckets stay in the caches, show the work alone; events that each touch other buckets show the waiting too.
"""

from __future__ import annotations

from statistics import median
from time import process_time

from tests.benchmarks import workloads
from tests.benchmarks.match import MOST, ours, settled
from tests.benchmarks.table import Table
from tests.benchmarks.workloads import Matching, Workload

FEW = 40
ROUNDS = 7


def run(*, small: bool) -> Table:
    """CPU microseconds for one event, of all events and of the same few again and again, at both ends of the sizes."""
    rows: list[tuple[str, ...]] = []
    for kind in ("keys",) if small else ("keys", "ranges", "texts"):
        for count in (24,) if small else (100, MOST):
            made = workloads.workload(kind, count, FEW if small else 4_000)
            works = {"ours": ours(made), **({"by hand": workloads.by_hand(made)} if kind == "keys" else {})}
            with settled():
                for name, work in works.items():
                    rows.append((f"{kind} {count:,}", name, *_row(work, made, 1 if small else ROUNDS)))
    return Table(
        f"match-near: all events in turn, and {FEW} of them again and again",
        ("rules", "who", "matches", "us/event, all", "matches", f"us/event, {FEW}"),
        tuple(rows),
        ("what the first grows by and the second does not is the waiting for memory",),
    )


def _row(work: Matching, made: Workload, rounds: int) -> tuple[str, ...]:
    few = made.events[:: max(1, len(made.events) // FEW)][:FEW]
    said: list[str] = []
    for events in (made.events, few * (len(made.events) // len(few))):
        taken: list[float] = []
        for _ in range(rounds):
            begun = process_time()
            for type, body in events:
                work(type, body)
            taken.append((process_time() - begun) / len(events) * 1e6)
        matches = sum(len(work(type, body)) for type, body in events) / len(events)
        said += [f"{matches:.2f}", f"{median(taken):.2f}"]
    return tuple(said)
