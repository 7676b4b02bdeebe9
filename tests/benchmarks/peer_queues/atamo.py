"""Atamo's hub: SQLite, one rule, an agent that does nothing, the whole audit."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.cli.serve import settle_memory
from atamo_rules.hub.controller import Controller
from tests.benchmarks.hub_peer import RULES, Worker
from tests.benchmarks.peer_queues.common import PAD, PATIENCE, Count, Timing, program


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
    timing = Timing(count)
    for n in range(number):
        body = {"type": "order.created.v1", "data": {"order_id": n, "customer": PAD, "total": 12}}
        await controller.hub.submit(json.dumps(body).encode(), key=f"e{n}")
    timing.accepted()
    await asyncio.wait_for(over.wait(), PATIENCE)
    timing.over("atamo-rules")
    await controller.stop(5.0)


program(lambda number, place: asyncio.run(run(number, place)))
