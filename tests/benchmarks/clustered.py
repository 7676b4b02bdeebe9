"""The store that hubs share, on one server and on three, beside bare programs that put the same bytes into the same
stream, and beside SQLite alone: what is kept a second with 64 producers who each wait for their own answer.

A bare program does not decide, follow or keep anything: it hands groups of payloads in and waits for the server.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from tests.benchmarks import floor
from tests.benchmarks.hub import settled, state, whole
from tests.benchmarks.table import Table
from tests.nats.servers import NatsServer, one_server, place_of, three_servers

PRODUCERS = 64
MOST = 500
"""Messages of one atomic batch; the server takes 1,000."""
BYTES = 1970
"""What one message of 300 bytes, its decision, its action and its records come to in the stream."""
_NUMBERS = count(1)


@contextmanager
def servers(replicas: int) -> Iterator[list[NatsServer]]:
    """One or three servers of their own, which put everything through to the disk."""
    with tempfile.TemporaryDirectory() as folder:
        made = [one_server(Path(folder))] if replicas == 1 else three_servers(Path(folder))
        try:
            yield made
        finally:
            for server in made:
                server.kill()


def new_place(made: list[NatsServer]) -> Place:
    """A stream that nobody has used."""
    return place_of(*made, stream=f"bench{next(_NUMBERS)}")


async def bare(place: Place, messages: int, *, batch: bool) -> None:
    """Groups of payloads, whatever waits at once: each group an atomic batch, or one message with all of it."""
    import nats

    client = await nats.connect([server.url for server in place.servers])
    stream = client.jetstream()
    subject = f"{place.stream}.log"
    await stream._api_request(
        f"$JS.API.STREAM.CREATE.{place.stream}",
        b'{"name":"%s","subjects":["%s"],"num_replicas":%d,"storage":"file","retention":"limits","discard":"new",'
        b'"allow_atomic":true}' % (place.stream.encode(), subject.encode(), place.replicas),
        timeout=10,
    )
    waiting: list[asyncio.Future[None]] = []
    there = asyncio.Event()
    payload = b"x" * BYTES

    async def send() -> None:
        while True:
            await there.wait()
            there.clear()
            group = waiting[:MOST]
            del waiting[:MOST]
            if waiting:
                there.set()
            if not batch:
                await stream.publish(subject, payload * len(group), timeout=10)
            else:
                name = uuid4().hex
                for number in range(1, len(group)):
                    headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
                    await client.publish(subject, payload, headers=headers)
                headers = {
                    "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(len(group)), "Nats-Batch-Commit": "1",
                }  # fmt: skip
                said = await client.request(subject, payload, timeout=10, headers=headers)
                assert b'"error"' not in said.data, said.data
            for one in group:
                one.set_result(None)

    async def produce() -> None:
        for _ in range(messages // PRODUCERS):
            one = asyncio.get_running_loop().create_future()
            waiting.append(one)
            there.set()
            await one

    sending = asyncio.create_task(send())
    await asyncio.gather(*(produce() for _ in range(PRODUCERS)))
    sending.cancel()
    await client.close()


Work = Callable[[Path], Coroutine[Any, Any, Any]]


def run(*, small: bool) -> Table:
    """All of them in turn; medians of the rounds, since one slow fsync is none of theirs."""
    messages, rounds = (64, 1) if small else (3200, 5)
    under = state()
    with settled(), servers(1) as one, servers(3) as three:

        def hub(made: list[NatsServer], hold: bool) -> Work:
            return lambda path: whole(
                NatsStore(new_place(made), path.parent), under, messages, PRODUCERS, hold=hold
            )

        works: dict[str, Work] = {
            "SQLite alone": lambda path: floor.accepted(path, messages, PRODUCERS),
            "R1, bare batches": lambda path: bare(new_place(one), messages, batch=True),
            "R1, bare messages": lambda path: bare(new_place(one), messages, batch=False),
            "R1, a hub, kept": hub(one, True),
            "R1, a hub, end to end": hub(one, False),
            "R3, bare batches": lambda path: bare(new_place(three), messages, batch=True),
            "R3, bare messages": lambda path: bare(new_place(three), messages, batch=False),
            "R3, a hub, kept": hub(three, True),
            "R3, a hub, end to end": hub(three, False),
        }
        taken: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                with tempfile.TemporaryDirectory() as folder:
                    begun = perf_counter()
                    asyncio.run(work(Path(folder) / "hub.db"))
                    taken[name].append(perf_counter() - begun)
    middle = {name: median(all) for name, all in taken.items()}

    def row(name: str) -> tuple[str, ...]:
        beside = middle.get(f"{name[:2]}, bare batches", middle[name])
        return (
            name, f"{messages / middle[name]:.0f}/s", f"{beside / middle[name]:.2f}",
            f"{middle['SQLite alone'] / middle[name]:.2f}",
        )  # fmt: skip

    return Table(
        "nats: messages of 300 bytes, 64 producers, servers on this machine that write before they answer",
        ("what", "rate", "of bare batches", "of SQLite alone"),
        tuple(row(name) for name in works),
        (
            f"medians of {rounds} rounds in turn; limits for R3, kept: 0.8 of bare batches, 0.3 of SQLite alone",
        ),
    )
