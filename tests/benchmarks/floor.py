"""What SQLite itself allows: a bare program that keeps, decides and does, with nothing that Atamo promises beyond it.

Two stages: the rule, a lambda, runs before the first commit, so that event, work and audit are one transaction; another
keeps that it was done. The same group commit, the same pragmas, a chain of hashes over the audit, `json` for JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

WORKERS = 64

SCHEMA = """
create table ev (seq integer primary key, id text unique, type text, body blob, at real);
create table work (seq integer primary key, ev text, agent text, body blob, state int, due real, tries int);
create index due on work (state, due, seq) where state = 0;
create table audit (seq integer primary key, body blob, h blob);
"""


def message(number: int) -> bytes:
    """One message of 300 bytes."""
    data = {"total": 50 + number, "customer": f"c{number}@shop.example", "pad": "x" * 180}
    return json.dumps({"type": "order.created", "id": f"e{number}", "data": data}).encode()


class Floor:
    """One file, one thread that writes."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self.connection.execute("pragma journal_mode = wal")
        self.connection.execute("pragma synchronous = full")
        self.connection.execute("pragma wal_autocheckpoint = 1000")
        self.connection.executescript(SCHEMA)
        self.thread = ThreadPoolExecutor(1)
        self.waiting: list[tuple[Any, asyncio.Future[None]]] = []
        self.busy = False
        self.hash = b""

    def put(self, *rows: Any) -> asyncio.Future[None]:
        """Rows for the tables ev, work, work that is done, and audit; done when they are durable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((rows, done))
        if not self.busy:
            self.busy = True
            self.task = asyncio.get_running_loop().create_task(self.flush())
        return done

    async def flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self.waiting:
            group, self.waiting = self.waiting, []
            await loop.run_in_executor(self.thread, self.commit, [rows for rows, _ in group])
            for _, done in group:
                done.set_result(None)
        self.busy = False

    def commit(self, group: list[Any]) -> None:
        events, work, over, audit = [], [], [], []
        for one in group:
            events += one[0]
            work += one[1]
            over += one[2]
            audit += one[3]
        hashed = []
        for record in audit:
            text = json.dumps(record, sort_keys=True).encode()
            self.hash = hashlib.sha256(self.hash + text).digest()
            hashed.append((text, self.hash))
        execute, many = self.connection.execute, self.connection.executemany
        execute("begin immediate")
        if events:
            many("insert into ev (id, type, body, at) values (?, ?, ?, ?)", events)
        if work:
            many(
                "insert into work (seq, ev, agent, body, state, due, tries) values (?, ?, ?, ?, 0, ?, 0)",
                work,
            )
        if over:
            many("update work set state = 2, tries = tries + 1 where seq = ?", over)
        many("insert into audit (body, h) values (?, ?)", hashed)
        execute("commit")

    def close(self) -> None:
        self.thread.shutdown()
        self.connection.close()


def rule(event: Any) -> list[tuple[str, Any]]:
    """What is done about an event."""
    return [("mail", {"to": event["data"]["customer"]})] if event["data"]["total"] > 10 else []


async def accept(floor: Floor, number: int) -> list[tuple[str, Any]]:
    """Keep one message with what follows from it."""
    raw = message(number)
    event = json.loads(raw)
    now = time.time()
    actions = rule(event)
    await floor.put(
        [(event["id"], event["type"], raw, now)],
        [(number + 1, event["id"], agent, json.dumps(body), now) for agent, body in actions],
        [],
        [{"k": "accepted", "ev": event["id"]}, {"k": "rule.matched", "ev": event["id"], "rule": "big"}],
    )
    return actions


async def agent(body: Any) -> Any:
    """Does nothing."""
    return {"ok": True}


async def whole(path: Path, count: int, producers: int, pace: float = 0.0) -> list[float]:
    """Messages from end to end; the seconds that each took when they come at a pace."""
    floor = Floor(path)
    line: asyncio.Queue[tuple[int, float, Any]] = asyncio.Queue()
    left, taken = count, []
    over = asyncio.Event()

    async def worker() -> None:
        nonlocal left
        while True:
            number, begun, (_, body) = await line.get()
            await agent(body)
            done = {"k": "attempt.succeeded", "ev": f"e{number}", "n": 1}
            await floor.put([], [], [(number + 1,)], [done])
            taken.append(time.perf_counter() - begun)
            left -= 1
            if not left:
                over.set()

    async def produce(first: int, last: int) -> None:
        for number in range(first, last):
            begun = time.perf_counter()
            for action in await accept(floor, number):
                line.put_nowait((number, begun, action))
            if pace:
                await asyncio.sleep(pace)

    workers = [asyncio.create_task(worker()) for _ in range(WORKERS)]
    step = count // producers
    await asyncio.gather(*(produce(at * step, (at + 1) * step) for at in range(producers)))
    await over.wait()
    for one in workers:
        one.cancel()
    floor.close()
    return taken


async def accepted(path: Path, count: int, producers: int) -> None:
    """Messages that are only kept."""
    floor = Floor(path)
    step = count // producers

    async def produce(first: int, last: int) -> None:
        for number in range(first, last):
            await accept(floor, number)

    await asyncio.gather(*(produce(at * step, (at + 1) * step) for at in range(producers)))
    floor.close()


async def queued(count: int) -> None:
    """Messages through a bounded queue of asyncio, with their JSON read: no store, no rules, no audit."""
    line: asyncio.Queue[bytes] = asyncio.Queue(256)

    async def worker() -> None:
        while True:
            await agent(json.loads(await line.get()))
            line.task_done()

    one = asyncio.create_task(worker())
    for number in range(count):
        await line.put(message(number))
    await line.join()
    one.cancel()
