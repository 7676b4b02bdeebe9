"""`POST /v1/events` beside the same work done by a small Starlette and a small FastAPI program (T5).

All answer once the message is durable. Servers are processes of their own behind uvicorn, asked in turn by as many
connections, with a key and without, where no rule matches and where one has an agent do something. CPU is the
processor time of the server until all that follows is done, too.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

from tests.benchmarks import post_stubs
from tests.benchmarks.floor import message
from tests.benchmarks.post_stubs import Application
from tests.benchmarks.table import Table

CONNECTIONS = 64
WARM = 320
"""Requests before anything is counted."""


@dataclass(frozen=True)
class Case:
    """One thing to ask: which program, whether it asks for a key, whether the rule matches."""

    server: str
    key: bool
    matches: bool

    @property
    def title(self) -> str:
        return f"{self.server}, {'one action' if self.matches else 'no rule'}{', a key' if self.key else ''}"


@dataclass(frozen=True)
class Served:
    """An application, the key to ask it with, how many messages are over, and how it ends."""

    app: Application
    http: Any
    """What reads HTTP, as uvicorn takes it."""
    key: str
    over: Callable[[], int]
    end: Callable[[], Awaitable[None]]


async def ours(path: Path, case: Case) -> Served:
    """A hub with one rule and an agent that does nothing; with a key, of a sender over everything."""
    from atamo_rules.builtin.stores.sqlite.store import SqliteStore
    from atamo_rules.cli.serve import settle_memory
    from atamo_rules.rest.app import application
    from atamo_rules.rest.slow import impatient
    from tests.benchmarks.hub import RULES, Beside, state

    text = RULES if case.matches else RULES.replace("total > 10", "total < 0")
    hub = Beside(state(text), SqliteStore(path))
    hub.begin(0)
    await hub.start()
    key = (await hub.keyring.make("ann", role="sender", over="everything"))[0] if case.key else ""
    settle_memory()

    async def end() -> None:
        await hub.drain(0.0, park=True)
        await hub.end()

    return Served(application(lambda: hub), impatient(), key, lambda: len(hub.over_at), end)


async def stub(path: Path, case: Case) -> Served:
    """One of the small programs."""
    desk = post_stubs.Desk(path, matches=case.matches)
    app = getattr(post_stubs, case.server.lower())(desk, key=case.key)
    return Served(app, "auto", post_stubs.KEY, lambda: desk.over, desk.end)


def serve(case: Case, path: str, line: Connection) -> None:
    """A process: say port and key, serve until all is sent, say the processor time of what was counted."""
    import uvicorn

    async def life() -> None:
        made = await (ours if case.server == "Atamo" else stub)(Path(path), case)
        config = uvicorn.Config(
            made.app, port=0, http=made.http, log_level="warning", access_log=False, lifespan="off",
            server_header=False,
        )  # fmt: skip
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        line.send((server.servers[0].sockets[0].getsockname()[1], made.key))

        async def settled() -> float:
            count = await asyncio.to_thread(line.recv)
            while made.over() < count:
                await asyncio.sleep(0.005)
            return process_time()

        begun = await settled()
        line.send("warm")
        line.send(await settled() - begun)
        server.should_exit = True
        await task
        await made.end()

    asyncio.run(life())


async def ask(port: int, key: str, first: int, last: int, took: list[float]) -> None:
    """One connection that posts one message after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    shown = f"Authorization: Bearer {key}\r\n".encode() if key else b""
    for number in range(first, last):
        body = message(number)
        begun = perf_counter()
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n%b"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (shown, len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(head.decode())
        (length,) = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(length.partition(b":")[2]))
        took.append(perf_counter() - begun)
    writer.close()


async def asked(port: int, key: str, first: int, last: int) -> list[float]:
    """The seconds that each of some messages took, all connections at once."""
    took: list[float] = []
    step = (last - first) // CONNECTIONS
    calls = (ask(port, key, first + at * step, first + (at + 1) * step, took) for at in range(CONNECTIONS))
    await asyncio.gather(*calls)
    return took


def round_of(case: Case, count: int) -> tuple[float, float, float]:
    """Processor microseconds a request costs the server, requests a second, and p99 in milliseconds."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with tempfile.TemporaryDirectory() as place:
        process = context.Process(target=serve, args=(case, f"{place}/hub.db", there), daemon=True)
        process.start()
        port, key = here.recv()
        here.send(len(asyncio.run(asked(port, key, 0, WARM))))
        here.recv()
        begun = perf_counter()
        took = asyncio.run(asked(port, key, WARM, WARM + count))
        wall = perf_counter() - begun
        here.send(WARM + len(took))
        cpu = float(here.recv())
        process.join()
    return cpu / len(took) * 1e6, len(took) / wall, quantiles(took, n=100)[98] * 1e3


def run(*, small: bool) -> Table:
    """All servers in turn, several rounds. FastAPI is left out where it is not installed."""
    rounds, count = (1, 128) if small else (5, 3200)
    servers = ("Atamo", "Starlette", *(("FastAPI",) if find_spec("fastapi") else ()))
    ways = ((False, False), (True, False), (False, True), (True, True))
    found: dict[Case, list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        for key, matches in ways[:1] if small else ways:
            for server in servers:
                case = Case(server, key, matches)
                found.setdefault(case, []).append(round_of(case, count))
    rows = []
    for case, each in found.items():
        ours = found[Case("Atamo", case.key, case.matches)]

        def of(at: int, ours: Any = ours, each: Any = each) -> tuple[float, float]:
            """The middle of what was measured, and Atamo's beside it: of the rounds, each beside its neighbour."""
            beside = zip(ours, each, strict=True)
            return median(one[at] for one in each), median(mine[at] / one[at] for mine, one in beside)

        (cpu, costs), (rate, asks), (late, waits) = of(0), of(1), of(2)
        rows.append(
            (
                case.title,
                f"{cpu:.0f}",
                f"{costs:.2f}",
                f"{rate:.0f}",
                f"{asks:.2f}",
                f"{late:.1f}",
                f"{waits:.2f}",
            )
        )
    return Table(
        f"POST /v1/events: one message of 300 bytes each, {CONNECTIONS} connections, durable before the answer",
        ("server", "CPU µs", "Atamo's", "a second", "Atamo's", "p99 ms", "Atamo's"),
        tuple(rows),
        ("medians of the rounds; `Atamo's` is Atamo's figure to the one before it, of the same round",
         "bars: a second at least 1.0 of Starlette's and 2.0 of FastAPI's, p99 at most 1.5"),
    )  # fmt: skip
