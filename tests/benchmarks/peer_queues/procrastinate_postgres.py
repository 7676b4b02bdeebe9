"""procrastinate over PostgreSQL, 64 jobs at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.benchmarks.peer_queues.common import DRAIN, PAD, PATIENCE, Count, Timing, postgres, program


async def run(number: int, place: Path) -> None:
    from procrastinate import App, PsycopgConnector

    with postgres(place) as where:
        app = App(connector=PsycopgConnector(conninfo=where))
        count, over = Count(number), asyncio.Event()

        @app.task(name="work", retry=3)
        async def work(n: int, pad: str) -> None:
            count(n)
            if count.all.is_set():
                over.set()

        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            run_worker = app.run_worker_async(concurrency=64, install_signal_handlers=False)
            worker = None if DRAIN else asyncio.create_task(run_worker)
            timing = Timing(count)
            for n in range(number):
                await work.defer_async(n=n, pad=PAD)
            timing.accepted()
            worker = worker or asyncio.create_task(run_worker)
            await asyncio.wait_for(over.wait(), PATIENCE)
            await timing.idle_async(lambda n: work.defer_async(n=n, pad=PAD), over)
            timing.over("procrastinate", "psycopg")
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


program(lambda number, place: asyncio.run(run(number, place)))
