"""What each program shares: one count of what is done, the CPU of everything it started, and servers of its own.

A program is run as `python -m tests.benchmarks.peer_queues.NAME COUNT` and prints one line of JSON. It imports only the
standard library and its own queue.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from signal import SIGINT
from statistics import quantiles
from threading import Event
from time import perf_counter, sleep

PATIENCE = 120.0
"""So many seconds may pass until all is done."""
PAD = "x" * 200
DRAIN = "drain" in sys.argv[2:]
"""Whether all is handed in before the worker begins, and the time is that of working it off."""
IDLE = 0 if DRAIN else 60
"""Messages that are sent afterwards one by one, each to a worker that has nothing to do."""
PAUSE = 0.02
"""Seconds of quiet before each of those."""
SERVERS: list[subprocess.Popen[bytes]] = []
"""What this process started and must end."""
PLACES: list[str] = []


class Missing(Exception):
    """What a queue needs is not here; the words say what."""


class Count:
    """Counts the calls of the function that does nothing; each message must come once."""

    def __init__(self, expected: int) -> None:
        self.seen: set[int] = set()
        self.calls = 0
        self.at = 0.0
        """When the last call came."""
        self.expected = expected
        self.all = Event()

    def next(self) -> int:
        """One more is expected; gives its number."""
        self.all.clear()
        self.expected += 1
        return self.expected - 1

    def __call__(self, number: int) -> None:
        self.seen.add(number)
        self.calls += 1
        self.at = perf_counter()
        if len(self.seen) == self.expected:
            self.all.set()


def cpu_of_all() -> float:
    """CPU seconds of this process and of all below it, such as its server. Reads /proc, in steps of 10 ms."""
    ticks, parents = {}, {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = one.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(one.parent.name)
        parents[pid], ticks[pid] = int(words[1]), sum(map(int, words[11:15]))
    here = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in here} - here:
        here |= more
    return sum(ticks.get(pid, 0) for pid in here) / os.sysconf("SC_CLK_TCK")


class Timing:
    """Takes the time from the first message handed in until the last is done."""

    def __init__(self, count: Count) -> None:
        self.count = count
        self.cpu, self.wall = cpu_of_all(), perf_counter()
        self.handed_in = 0.0
        self.took: tuple[float, float] | None = None
        self.waits: list[float] = []

    def accepted(self) -> None:
        """All are handed in. Of a backlog the time begins here."""
        self.handed_in = perf_counter() - self.wall
        if DRAIN:
            self.cpu, self.wall = cpu_of_all(), perf_counter()

    def done(self) -> None:
        """All are done; what comes now is no part of the rate."""
        self.took = perf_counter() - self.wall, cpu_of_all() - self.cpu

    def idle(self, send: Callable[[int], object]) -> None:
        """From handing in until the call, for single messages."""
        self.done()
        for _ in range(IDLE):
            sleep(PAUSE)
            number, begun = self.count.next(), perf_counter()
            send(number)
            self.count.all.wait(PATIENCE)
            self.waits.append(self.count.at - begun)

    async def idle_async(self, send: Callable[[int], Awaitable[object]], over: asyncio.Event) -> None:
        """The same in a loop; `over` is set with the last call."""
        self.done()
        for _ in range(IDLE):
            await asyncio.sleep(PAUSE)
            over.clear()
            number, begun = self.count.next(), perf_counter()
            await send(number)
            await asyncio.wait_for(over.wait(), PATIENCE)
            self.waits.append(self.count.at - begun)

    def over(self, *packages: str) -> None:
        """Say it, and end the process at once: how a queue stops is not measured."""
        wall, cpu = self.took or (perf_counter() - self.wall, cpu_of_all() - self.cpu)
        print(
            json.dumps(
                {
                    "versions": {name: version(name) for name in packages},
                    "wall": wall,
                    "accepted": self.handed_in,
                    "cpu": cpu,
                    "idle": quantiles(self.waits, n=100, method="inclusive") if len(self.waits) > 1 else [],
                    "done": len(self.count.seen) - len(self.waits),
                    "twice": self.count.calls - len(self.count.seen),
                }
            ),
            flush=True,
        )
        for server in SERVERS:
            server.send_signal(SIGINT)  # at SIGTERM PostgreSQL waits for its clients: this process
            server.wait()
        shutil.rmtree(PLACES[0], ignore_errors=True)
        os._exit(0)


def program(work: Callable[[int, Path], None]) -> None:
    """Run it in a folder of its own; what is missing is said as JSON."""
    with tempfile.TemporaryDirectory() as place:
        PLACES.append(place)
        os.chmod(place, 0o755)
        try:
            work(int(sys.argv[1]), Path(place))
        except (ImportError, Missing) as error:
            print(json.dumps({"missing": str(error)}), flush=True)


def wal_and_full() -> None:
    """Every SQLite file that SQLAlchemy opens is set as Atamo's: write-ahead log, a commit is on disk."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def _(connection, record) -> None:  # type: ignore[no-untyped-def]
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")


def until(ready: Callable[[], bool], what: str) -> None:
    """Wait for a server; Missing when it does not come up within ten seconds."""
    for _ in range(200):
        if ready():
            return
        sleep(0.05)
    raise Missing(f"needs {what}, which does not start here")


@contextmanager
def redis(place: Path) -> Iterator[str]:
    """A Redis server whose file is on disk before it answers; gives the path of its socket."""
    command = shutil.which("redis-server")
    if command is None:
        raise Missing("needs Redis, which is not here")
    socket = place / "redis.sock"
    options = (
        f"--port 0 --unixsocket {socket} --appendonly yes --appendfsync always --dir {place} --save".split()
    )
    server = subprocess.Popen([command, *options, ""], stdout=subprocess.DEVNULL)
    SERVERS.append(server)
    try:
        until(socket.exists, "Redis")
        yield str(socket)
    finally:
        server.send_signal(SIGINT)  # at SIGTERM PostgreSQL waits for its clients: this process
        server.wait()


@contextmanager
def postgres(place: Path) -> Iterator[str]:
    """A PostgreSQL server with its own defaults (fsync, synchronous commit); gives how to connect."""
    found = shutil.which("postgres")
    if found is None:
        raise Missing("needs PostgreSQL, which is not here")
    folder = Path(found).resolve().parent
    # The server refuses to run as root; anybody else will do.
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    home = place / "pg"
    home.mkdir()
    if os.geteuid() == 0:
        shutil.chown(home, user)

    def call(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            user=user if os.geteuid() == 0 else None,
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    data = str(home / "data")
    if call(
        str(folder / "initdb"), "-D", data, "-U", "peer", "-A", "trust", "-E", "UTF8", "--locale=C"
    ).wait():
        raise Missing("needs PostgreSQL, which makes no database here")
    server = call(str(folder / "postgres"), "-D", data, "-k", str(home), "-c", "listen_addresses=")
    SERVERS.append(server)
    try:
        until(lambda: call(str(folder / "pg_isready"), "-h", str(home)).wait() == 0, "PostgreSQL")
        yield f"host={home} user=peer dbname=postgres"
    finally:
        server.send_signal(SIGINT)  # at SIGTERM PostgreSQL waits for its clients: this process
        server.wait()
