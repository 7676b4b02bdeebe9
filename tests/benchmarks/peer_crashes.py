"""What becomes of messages when the process that has them in hand is killed: each queue tried, not read about.

A process hands in ten messages whose function does the first three and never comes back from the next; it is killed
(SIGKILL) while it works on those, and started again. Servers live on. What was in hand is waited for half a minute; and
where a queue has a timeout for lost work, that is set to five seconds in a second try, and ten pass between the lives.
`ATAMO_KILLED` names those to try, `ATAMO_PEERS` the Python that has them (`peers`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from tests.benchmarks.peer_queues import common
from tests.benchmarks.peer_queues.crashing import MESSAGES, QUICK, SOON
from tests.benchmarks.table import Table

ROOT = Path(__file__).parent.parent.parent
UP, SETTLED, PATIENCE = 30.0, 1.5, 30.0
"""Seconds until a message is in hand, until those that are done are known to be, and for which lost ones are waited."""


@contextmanager
def nothing(place: Path) -> Iterator[str]:
    """No server: everything is in the place."""
    yield "-"


@dataclass(frozen=True, slots=True)
class Queue:
    """`short` says that it has a timeout for work that was lost, or wants code of one's own."""

    program: str
    name: str
    server: Callable[[Path], AbstractContextManager[str]] = nothing
    short: str = ""


QUEUES = (
    Queue("atamo", "Atamo"),
    Queue("huey_sqlite", "huey, SQLite"),
    Queue("celery_sqlite", "Celery, SQLite"),
    Queue("celery_redis", "Celery, Redis", common.redis, "visibility_timeout=5"),
    Queue("taskiq_redis", "taskiq, Redis", common.redis, "idle_timeout=5000"),
    Queue("procrastinate_postgres", "procrastinate, PostgreSQL", common.postgres, "stalled jobs retried"),
    Queue("dbos_sqlite", "DBOS, SQLite"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers of messages: in hand when it was killed, in line, and done; of each how many ran after it, and how many
    ran twice that were done before."""

    in_hand: int
    in_hand_again: int
    in_line: int
    in_line_done: int
    done: int
    done_again: int
    seconds: float

    @property
    def hand(self) -> str:
        if self.in_hand_again == self.in_hand:
            return f"all {self.in_hand} again, after {self.seconds:.0f} s"
        return f"{self.in_hand_again} of {self.in_hand} again within {PATIENCE:.0f} s"


def tried(queue: Queue, short: bool) -> Found | str:
    """Two lives of a queue, or why there are none."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        place.chmod(0o755)
        try:
            with queue.server(place) as where:
                return _lives(queue.program, place, where, "short" if short else "long")
        except common.Missing as error:
            return str(error)


def _lives(program: str, place: Path, where: str, short: str) -> Found | str:
    ours = program == "atamo"
    python = sys.executable if ours else os.environ.get("ATAMO_PEERS", sys.executable)
    module = "tests.benchmarks.peer_queues.crashing"

    def begin(life: str) -> subprocess.Popen[str]:
        words = [python, "-m", module, program, str(place), where, life, short]
        return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    first = begin("first")
    up = _until(lambda: _numbers(place, "first", "kept") >= set(range(MESSAGES)), UP, first)
    up = up and _until(lambda: _numbers(place, "first", "begin") > set(range(QUICK)), UP, first)
    sleep(SETTLED if up else 0.0)
    first.kill()
    _, said = first.communicate()
    if not up:
        return (said.strip().splitlines() or ["says nothing"])[-1][:80]
    begun, ended = _numbers(place, "first", "begin"), _numbers(place, "first", "end")
    kept = set(range(MESSAGES))
    at = perf_counter()
    sleep(2 * SOON if short == "short" else 0.0)
    second = begin("second")
    _until(lambda: _numbers(place, "second", "end") >= kept - ended, PATIENCE, second)
    took = perf_counter() - at
    sleep(SETTLED)
    second.kill()
    second.communicate()
    again = _numbers(place, "second", "end")
    hand, line = begun - ended, kept - begun
    return Found(
        len(hand), len(hand & again), len(line), len(line & again), len(ended), len(ended & again), took
    )


def _until(so: Callable[[], bool], seconds: float, process: subprocess.Popen[str]) -> bool:
    end = perf_counter() + seconds
    while not so():
        if perf_counter() > end or process.poll() is not None:
            return so()
        sleep(0.05)
    return True


def _numbers(place: Path, life: str, word: str) -> set[int]:
    """The messages of which one life said a word."""
    diary = place / "diary"
    lines = diary.read_text("ascii").splitlines() if diary.exists() else []
    return {int(line.split()[2]) for line in lines if line.startswith(f"{life} {word} ")}


def run(*, small: bool) -> Table:
    """Every queue, killed; only ours where it is to be small."""
    rows, notes = [], []
    names = os.environ.get("ATAMO_KILLED", "atamo" if small else "").split(",")
    for queue in [one for one in QUEUES if one.program in names] or QUEUES:
        for short in ("", queue.short) if queue.short else ("",):
            name = f"{queue.name}, {short}" if short else queue.name
            found = tried(queue, bool(short))
            if isinstance(found, str):
                rows.append((name, "-", "-", "-"))
                notes.append(f"{name}: {found}")
                continue
            rows.append((
                name, found.hand, f"{found.in_line_done} of {found.in_line} done",
                f"{found.done_again} of {found.done} again",
            ))  # fmt: skip
    return Table(
        f"peers killed: {MESSAGES} messages, {QUICK} done before the process is killed (SIGKILL) and started again",
        ("queue", "in hand", "in line", "done before"),
        tuple(rows),
        ("a server lives on; versions as `peers` says them", *notes),
    )
