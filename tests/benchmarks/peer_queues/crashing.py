"""One life of a queue that is killed: `python -m tests.benchmarks.peer_queues.crashing QUEUE PLACE WHERE LIFE SHORT`.

In its first life it hands in messages whose function does the first few and then never comes back; in its second it
only works. Every step is a line in `PLACE/diary`, written at once: `kept N`, `begin N`, `end N`. `WHERE` is how to
reach a server that outlives it. With SHORT its timeouts for lost work are a few seconds, where it has such.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

MESSAGES, QUICK = 10, 3
"""So many messages, of which so many are done before one is not."""
SOON = 5
"""Seconds of a timeout that is made short."""
LONG = 3600.0


class Life:
    """What a program is told, and its diary."""

    def __init__(self, place: Path, where: str, first: bool, short: bool) -> None:
        self.place, self.where, self.first, self.short = place, where, first, short
        self._diary = os.open(place / "diary", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, word: str, number: int) -> None:
        os.write(self._diary, f"{'first' if self.first else 'second'} {word} {number}\n".encode())

    def work(self, number: int) -> None:
        """The function, in a thread."""
        self.say("begin", number)
        if self.first and number >= QUICK:
            time.sleep(LONG)
        self.say("end", number)

    async def work_async(self, number: int) -> None:
        """The function, in a loop."""
        self.say("begin", number)
        if self.first and number >= QUICK:
            await asyncio.sleep(LONG)
        self.say("end", number)

    def hand_in(self, send: Callable[[int], object]) -> None:
        """In the first life: every message; then nothing more, until somebody kills it."""
        for number in range(MESSAGES if self.first else 0):
            send(number)
            self.say("kept", number)
        time.sleep(LONG)

    async def hand_in_async(self, send: Callable[[int], Awaitable[object]]) -> None:
        for number in range(MESSAGES if self.first else 0):
            await send(number)
            self.say("kept", number)
        await asyncio.sleep(LONG)


async def atamo(life: Life) -> None:
    from atamo_rules.builtin.agents.functions import FunctionAgent
    from atamo_rules.builtin.configuration.text import TextProvider
    from atamo_rules.builtin.stores.sqlite.store import SqliteStore
    from atamo_rules.hub.controller import Controller
    from tests.benchmarks.hub_peer import RULES

    async def work(n: int) -> None:
        await life.work_async(n)

    agent = FunctionAgent(work=work, timeout=LONG, concurrency=4)
    controller = Controller(TextProvider(RULES), SqliteStore(life.place / "hub.db"), agents={"worker": agent})
    await controller.start()

    async def send(n: int) -> None:
        body = {"type": "order.created.v1", "data": {"order_id": n, "customer": "x", "total": 12}}
        await controller.hub.submit(json.dumps(body).encode(), key=f"e{n}")

    await life.hand_in_async(send)


def huey(life: Life) -> None:
    from huey import SqliteHuey

    queue = SqliteHuey(filename=str(life.place / "huey.db"), fsync=True)
    work = queue.task(retries=3)(life.work)
    queue.create_consumer(workers=4, periodic=False, initial_delay=0.01, max_delay=0.01).start()
    life.hand_in(work)


def celery_sqlite(life: Life) -> None:
    from kombu.transport.sqlalchemy import Transport

    Transport.polling_interval = 0.01
    _celery(life, f"sqla+sqlite:///{life.place / 'celery.db'}", {})


def celery_redis(life: Life) -> None:
    _celery(life, f"redis+socket://{life.where}", {"visibility_timeout": SOON} if life.short else {})


def _celery(life: Life, broker: str, options: dict[str, object]) -> None:
    from celery import Celery
    from celery.contrib.testing.worker import start_worker

    app = Celery("peer", broker=broker)
    app.conf.update(
        task_acks_late=True,
        task_ignore_result=True,
        broker_transport_options=options,
        worker_hijack_root_logger=False,
    )

    @app.task(name="work", max_retries=3)
    def work(n: int) -> None:
        life.work(n)

    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        life.hand_in(work.delay)


async def taskiq(life: Life) -> None:
    from taskiq.api import run_receiver_task
    from taskiq_redis import RedisStreamBroker

    idle = {"idle_timeout": SOON * 1000} if life.short else {}
    broker = RedisStreamBroker(f"unix://{life.where}", **idle)

    @broker.task(task_name="work")
    async def work(n: int) -> None:
        await life.work_async(n)

    await broker.startup()
    receiver = asyncio.create_task(run_receiver_task(broker, max_async_tasks=4))
    await life.hand_in_async(work.kiq)
    receiver.cancel()


async def procrastinate(life: Life) -> None:
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=life.where))

    @app.task(name="work", retry=3)
    async def work(n: int) -> None:
        await life.work_async(n)

    async with app.open_async():
        if life.first:
            await app.schema_manager.apply_schema_async()
        elif life.short:  # the code of one's own that its pages ask for
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SOON):
                await app.job_manager.retry_job(job)
        worker = asyncio.create_task(app.run_worker_async(concurrency=4, install_signal_handlers=False))
        await life.hand_in_async(lambda n: work.defer_async(n=n))
        worker.cancel()


def dbos(life: Life) -> None:
    from dbos import DBOS

    url = f"sqlite:///{life.place / 'dbos.db'}"
    DBOS(config={"name": "peer", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"})

    @DBOS.workflow(name="work")
    def work(n: int) -> None:
        life.work(n)

    DBOS.launch()
    life.hand_in(lambda n: DBOS.start_workflow(work, n))


QUEUES: dict[str, Callable[[Life], object]] = {
    "atamo": lambda life: asyncio.run(atamo(life)),
    "huey_sqlite": huey,
    "celery_sqlite": celery_sqlite,
    "celery_redis": celery_redis,
    "taskiq_redis": lambda life: asyncio.run(taskiq(life)),
    "procrastinate_postgres": lambda life: asyncio.run(procrastinate(life)),
    "dbos_sqlite": dbos,
}


def main(queue: str, place: str, where: str, life: str, short: str) -> None:
    QUEUES[queue](Life(Path(place), where, life == "first", short == "short"))


if __name__ == "__main__":
    main(*sys.argv[1:])
