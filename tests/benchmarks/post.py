"""`POST /v1/events` beside a bare Starlette endpoint that appends the same body to SQLite, each behind uvicorn (T5).

Both answer once the row is durable, with the same pragmas and a group commit. The hub's side also checks the type's
schema, decides the rules, and records it all for the audit. Servers are processes of their own, asked in turn by as
many connections; what counts is the processor time that one request costs the server.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any, TypeAlias

from tests.benchmarks.floor import message
from tests.benchmarks.table import Table

CONNECTIONS = 16
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]


class Appending:
    """One table, one thread that writes, whatever waits in one transaction."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = wal", "synchronous = full", "wal_autocheckpoint = 4000"):
            self.connection.execute(f"pragma {pragma}")
        self.connection.execute(
            "create table ev (seq integer primary key, id text unique, type text, body blob)"
        )
        self.thread = ThreadPoolExecutor(1)
        self.waiting: list[tuple[tuple[str, str, bytes], asyncio.Future[None]]] = []
        self.busy = False

    def put(self, row: tuple[str, str, bytes]) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self.waiting.append((row, done))
        if not self.busy:
            self.busy = True
            self.task = loop.create_task(self.flush())
        return done

    async def flush(self) -> None:
        while self.waiting:
            group, self.waiting = self.waiting, []
            await asyncio.get_running_loop().run_in_executor(
                self.thread, self.commit, [row for row, _ in group]
            )
            for _, done in group:
                done.set_result(None)
        self.busy = False

    def commit(self, rows: list[tuple[str, str, bytes]]) -> None:
        self.connection.execute("begin immediate")
        self.connection.executemany("insert or ignore into ev (id, type, body) values (?, ?, ?)", rows)
        self.connection.execute("commit")


async def bare(path: Path) -> tuple[Application, Callable[[], Awaitable[None]]]:
    """The stub: read JSON, append it, answer 202."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    kept = Appending(path)

    async def post(request: Request) -> JSONResponse:
        event = await request.json()
        await kept.put((event["id"], event["type"], json.dumps(event["data"]).encode()))
        return JSONResponse(
            {"id": event["id"], "state": "accepted"}, 202, {"Location": f"/v1/events/{event['id']}"}
        )

    async def end() -> None: ...

    return Starlette(routes=[Route("/v1/events", post, methods=["POST"])]), end


async def ours(path: Path, *, matches: bool) -> tuple[Application, Callable[[], Awaitable[None]]]:
    """A hub with one rule, which matches, and whose agent does nothing; or which does not match."""
    from atamo_rules.builtin.stores.sqlite.store import SqliteStore
    from atamo_rules.cli.serve import settle_memory
    from atamo_rules.hub.hub import Hub
    from atamo_rules.rest.app import application
    from tests.benchmarks.hub import RULES, state

    hub = Hub(state(RULES if matches else RULES.replace("total > 10", "total < 0")), SqliteStore(path))
    await hub.start()
    settle_memory()

    async def end() -> None:
        await hub.drain(0.0, park=True)
        await hub.end()

    return application(lambda: hub), end


SERVERS: dict[str, Callable[[Path], Awaitable[tuple[Application, Callable[[], Awaitable[None]]]]]] = {
    "Starlette, appends": bare,
    "Atamo, no rule matches": lambda path: ours(path, matches=False),
    "Atamo, one action": lambda path: ours(path, matches=True),
}


def serve(name: str, path: str, line: Connection) -> None:
    """A process: say the port, serve until something comes, say the processor time since then."""
    import uvicorn

    async def life() -> None:
        app, end = await SERVERS[name](Path(path))
        config = uvicorn.Config(
            app, port=0, log_level="warning", access_log=False, lifespan="off", server_header=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        line.send(server.servers[0].sockets[0].getsockname()[1])
        begun = process_time()
        await asyncio.to_thread(line.recv)
        line.send(process_time() - begun)
        server.should_exit = True
        await task
        await end()

    asyncio.run(life())


async def ask(port: int, first: int, last: int, took: list[float]) -> None:
    """One connection that posts one message after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(first, last):
        body = message(number)
        begun = perf_counter()
        writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(head.decode())
        (length,) = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(length.partition(b":")[2]))
        took.append(perf_counter() - begun)
    writer.close()


def round_of(name: str, count: int) -> tuple[float, float, float]:
    """Processor microseconds a request costs the server, requests a second, and p99 in milliseconds."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with tempfile.TemporaryDirectory() as place:
        process = context.Process(target=serve, args=(name, f"{place}/hub.db", there))
        process.start()
        port, took = here.recv(), list[float]()
        step = count // CONNECTIONS

        async def all_of_them() -> None:
            calls = (ask(port, at * step, (at + 1) * step, took) for at in range(CONNECTIONS))
            await asyncio.gather(*calls)

        begun = perf_counter()
        asyncio.run(all_of_them())
        wall = perf_counter() - begun
        here.send("over")
        cpu = float(here.recv())
        process.join()
    return cpu / len(took) * 1e6, len(took) / wall, quantiles(took, n=100)[98] * 1e3


def run(*, small: bool) -> Table:
    """All servers in turn, several rounds."""
    rounds, count = (1, 160) if small else (5, 4000)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in SERVERS}
    for _ in range(rounds):
        for name in SERVERS:
            found[name].append(round_of(name, count))
    floor = median(cpu for cpu, _, _ in found["Starlette, appends"])
    rows = tuple(
        (
            name,
            f"{median(cpu for cpu, _, _ in each):.0f}",
            f"{median(cpu for cpu, _, _ in each) / floor:.2f} x",
            f"{median(rate for _, rate, _ in each):.0f}",
            f"{median(late for _, _, late in each):.1f}",
        )
        for name, each in found.items()
    )
    return Table(
        f"POST /v1/events: one message of 300 bytes each, {CONNECTIONS} connections, durable before the answer",
        ("server", "CPU µs", "of bare", "a second", "p99 ms"),
        rows,
        ("medians of the rounds; CPU of the server's process alone",),
    )
