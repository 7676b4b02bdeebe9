"""Celery with one worker in the same process, acknowledged late, results not kept."""

from __future__ import annotations

from tests.benchmarks.peer_queues.common import DRAIN, PAD, PATIENCE, Count, Timing


def run(number: int, broker: str, options: dict[str, object], *packages: str) -> None:
    from celery import Celery
    from celery.contrib.testing.worker import start_worker

    app = Celery("peer", broker=broker)
    app.conf.update(
        task_acks_late=True,
        task_ignore_result=True,
        broker_transport_options=options,
        worker_hijack_root_logger=False,
    )
    count = Count(number)

    @app.task(max_retries=3)
    def work(n: int, pad: str) -> None:
        count(n)

    def send(n: int) -> None:
        work.delay(n, PAD)

    timing = Timing(count)
    if DRAIN:
        for n in range(number):
            send(n)
        timing.accepted()
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        if not DRAIN:
            timing = Timing(count)
            for n in range(number):
                send(n)
            timing.accepted()
        count.all.wait(PATIENCE)
        timing.idle(send)
        timing.over("celery", *packages)
