"""Atamo's hub: SQLite, one rule, an agent that does nothing, the whole audit."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.cli.serve import settle_memory
from atamo_rules.hub.controller import Controller
from tests.benchmarks.hub_peer import RULES, WORKER, Worker
from tests.benchmarks.peer_queues.common import DRAIN, PAD, PATIENCE, Count, Timing, program


async def run(number: int, place: Path) -> None:
    count, over = Count(number), asyncio.Event()

    def called(n: int) -> None:
        count(n)
        if count.all.is_set():
            over.set()

    controller = Controller(
        TextProvider(RULES), SqliteStore(place / "hub.db"), agents={"worker": Worker(called)}
    )
    await controller.start()
    settle_memory()
    if DRAIN:
        await controller.hub.pause(WORKER)

    async def send(n: int) -> None:
        body = {"type": "order.created.v1", "data": {"order_id": n, "customer": PAD, "total": 12}}
        await controller.hub.submit(json.dumps(body).encode(), key=f"e{n}")

    timing = Timing(count)
    for n in range(number):
        await send(n)
    timing.accepted()
    if DRAIN:
        await controller.hub.resume(WORKER)
    await asyncio.wait_for(over.wait(), PATIENCE)
    await timing.idle_async(send, over)
    timing.over("atamo-rules")
    await controller.stop(5.0)


program(lambda number, place: asyncio.run(run(number, place)))
