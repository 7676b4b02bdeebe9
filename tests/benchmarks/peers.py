"""Queues that people know beside the hub: the same messages from one producer, a function that does nothing.

The queues are no dependency of the project. Install those you want into a venv of their own (huey, celery, sqlalchemy,
redis, taskiq, taskiq-redis, procrastinate, psycopg[binary], dbos) and say its Python in `ATAMO_PEERS`; without it they
are looked for in this one. What does not import is said and skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.table import Table

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Queue:
    """`keeps`: retries, and what is left of one that is done. What a crash does is tried by `peer_crashes`."""

    program: str
    name: str
    keeps: tuple[str, str]


QUEUES = (
    Queue("atamo", "Atamo", ("yes", "audit: what, why, outcome")),
    Queue("huey_sqlite", "huey, SQLite", ("yes", "nothing")),
    Queue("celery_sqlite", "Celery, SQLite", ("yes", "the message")),
    Queue("celery_redis", "Celery, Redis", ("yes", "nothing")),
    Queue("taskiq_redis", "taskiq, Redis", ("by a middleware", "the message")),
    Queue("procrastinate_postgres", "procrastinate, PostgreSQL", ("yes", "job and its states")),
    Queue("dbos_sqlite", "DBOS, SQLite", ("of its steps", "input, steps, outcome")),
)  # fmt: skip


def one(queue: Queue, count: int, *more: str) -> dict[str, Any]:
    """One process of one queue: its figures, or under `missing` why there are none. With `drain` a backlog is handed in
    before its worker begins."""
    ours = queue.program == "atamo"
    python = sys.executable if ours else os.environ.get("ATAMO_PEERS", sys.executable)
    try:
        made = subprocess.run(
            [python, "-m", f"tests.benchmarks.peer_queues.{queue.program}", str(count), *more],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"missing": type(error).__name__}
    lines = [line for line in made.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return {"missing": (made.stderr.strip().splitlines() or ["says nothing"])[-1][:80]}
    found: dict[str, Any] = json.loads(lines[-1])
    if "missing" not in found and (found["done"] != count or found["twice"]):
        return {"missing": f"did {found['done']} of {count}, and {found['twice']} twice"}
    return found


def run(*, small: bool) -> Table:
    """Every queue in a process of its own, in turn."""
    count, rounds = (20, 1) if small else (600, 3)
    found: dict[str, list[dict[str, Any]]] = {queue.program: [] for queue in QUEUES}
    drained: dict[str, list[dict[str, Any]]] = {queue.program: [] for queue in QUEUES}
    for _ in range(rounds):
        for queue in QUEUES:
            for runs, more in ((found[queue.program], ()), (drained[queue.program], ("drain",))):
                # What is missing stays missing: it is asked once.
                if not runs or "missing" not in runs[-1]:
                    runs.append(one(queue, count, *more))
    return table(found, drained, count, rounds)


def table(
    found: dict[str, list[dict[str, Any]]],
    drained: dict[str, list[dict[str, Any]]],
    count: int,
    rounds: int,
) -> Table:
    """The best of each queue's runs beside the best of ours; each figure by itself."""

    def backlog(program: str) -> float | None:
        runs = drained[program]
        return None if any("missing" in run for run in runs) else min(run["wall"] for run in runs)

    def least(program: str, what: str) -> float | None:
        runs = found[program]
        return None if any("missing" in run for run in runs) else max(min(run[what] for run in runs), 0.01)

    wall, cpu = least("atamo", "wall"), least("atamo", "cpu")
    ours = backlog("atamo")
    rows, notes = [], []
    for queue in QUEUES:
        took, used = least(queue.program, "wall"), least(queue.program, "cpu")
        if took is None or used is None:
            why = next(run["missing"] for run in found[queue.program] if "missing" in run)
            rows.append((queue.name, "-", "-", "-", "-", "-", "-", "-", *queue.keeps))
            notes.append(f"{queue.name}: {why}")
            continue
        versions = ", ".join(f"{n} {v}" for n, v in found[queue.program][0]["versions"].items())
        notes.append(f"{queue.name}: {versions}")
        rows.append((
            queue.name, f"{count / took:.0f}/s", f"{wall / took:.2f}" if wall else "-",
            f"{used / count * 1e6:.0f}", f"{used / cpu:.2f}" if cpu else "-",
            f"{count / off:.0f}/s" if (off := backlog(queue.program)) else "-",
            f"{ours / off:.2f}" if off and ours else "-",
            f"{min(run['idle'][49] for run in found[queue.program]) * 1e3:.1f}", *queue.keeps,
        ))  # fmt: skip
    return Table(
        f"peers: {count} messages, one producer that waits for each, a function that does nothing",
        (
            "queue",
            "messages",
            "to Atamo",
            "CPU µs",
            "to Atamo",
            "a backlog",
            "to Atamo",
            "idle, p50 ms",
            "retries",
            "keeps of it",
        ),
        tuple(rows),
        (
            f"best of {rounds} runs in turn; all are on disk before they are accepted; CPU with that of its server",
            "a backlog: all are handed in before the worker begins; idle: from handing in until the call, one by one",
            *notes,
        ),
    )
