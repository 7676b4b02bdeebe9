"""taskiq over a Redis stream, acknowledged when done, whose file is written through before it answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.benchmarks.peer_queues.common import DRAIN, PAD, PATIENCE, Count, Timing, program, redis


async def run(number: int, place: Path) -> None:
    from taskiq.api import run_receiver_task
    from taskiq_redis import RedisStreamBroker

    with redis(place) as socket:
        broker = RedisStreamBroker(f"unix://{socket}")
        count, over = Count(number), asyncio.Event()

        @broker.task
        async def work(n: int, pad: str) -> None:
            count(n)
            if count.all.is_set():
                over.set()

        await broker.startup()
        receive = run_receiver_task(broker, max_async_tasks=64)
        receiver = None if DRAIN else asyncio.create_task(receive)
        timing = Timing(count)
        for n in range(number):
            await work.kiq(n, PAD)
        timing.accepted()
        receiver = receiver or asyncio.create_task(receive)
        await asyncio.wait_for(over.wait(), PATIENCE)
        await timing.idle_async(lambda n: work.kiq(n, PAD), over)
        timing.over("taskiq", "taskiq-redis")
        receiver.cancel()
        await asyncio.gather(receiver, return_exceptions=True)
        await broker.shutdown()


program(lambda number, place: asyncio.run(run(number, place)))
