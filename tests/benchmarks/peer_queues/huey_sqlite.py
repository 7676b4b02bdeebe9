"""huey with SQLite, `fsync` on, one thread."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.peer_queues.common import DRAIN, PAD, PATIENCE, Count, Timing, program


def run(number: int, place: Path) -> None:
    from huey import SqliteHuey

    queue = SqliteHuey(filename=str(place / "huey.db"), fsync=True)
    count = Count(number)

    @queue.task(retries=3)
    def work(n: int, pad: str) -> None:
        count(n)

    consumer = queue.create_consumer(workers=1, periodic=False, initial_delay=0.01, max_delay=0.01)
    if not DRAIN:
        consumer.start()
    timing = Timing(count)
    for n in range(number):
        work(n, PAD)
    timing.accepted()
    if DRAIN:
        consumer.start()
    count.all.wait(PATIENCE)
    timing.idle(lambda n: work(n, PAD))
    timing.over("huey")
    consumer.stop(graceful=True)


program(run)
