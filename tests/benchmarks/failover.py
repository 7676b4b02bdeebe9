"""The server that leads is killed under load: for how long nothing is taken, and what clients are told meanwhile."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from time import perf_counter

from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.errors import Busy
from atamo_rules.hub.hub import Hub
from tests.benchmarks.clustered import new_place, servers, state
from tests.benchmarks.floor import message
from tests.benchmarks.table import Table, spread
from tests.nats.servers import leader_of

PRODUCERS = 16
LIMIT = 10.0
"""Seconds after which messages must be taken again."""


class Clients:
    """They send one message after another, and write down when each was taken, and how often they were put off."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.next = 0
        self.taken: list[float] = []
        self.put_off = 0
        self.longest = 0.0
        """For how long a client had to wait for its answer, whatever it was."""

    async def run(self) -> None:
        while True:
            self.next += 1
            raw, begun = message(self.next), perf_counter()
            while True:
                begun = perf_counter()
                try:
                    await self.hub.submit(raw)
                    break
                except Busy:
                    self.put_off += 1
                    await asyncio.sleep(0.25)
                finally:
                    self.longest = max(self.longest, perf_counter() - begun)
            self.taken.append(perf_counter())

    async def until_taken(self, count: int) -> None:
        before = len(self.taken)
        while len(self.taken) < before + count:
            await asyncio.sleep(0.01)


async def _kills(kills: int) -> tuple[list[float], int, float, int]:
    """The seconds of each gap; how often clients were put off, how long one waited at most, how many were taken."""
    gaps: list[float] = []
    with servers(3) as three, tempfile.TemporaryDirectory() as folder:
        place = new_place(three)
        store = NatsStore(place, Path(folder))
        hub = Hub(state(), store)
        await hub.start()
        clients = Clients(hub)
        tasks = [asyncio.create_task(clients.run()) for _ in range(PRODUCERS)]
        for _ in range(kills):
            await clients.until_taken(200)
            leader = await leader_of(store.stream.link, three)
            leader.kill()
            killed = perf_counter()
            await clients.until_taken(50)
            after = [at for at in clients.taken if at >= killed]
            gaps.append(max(then - now for now, then in zip([killed, *after], after, strict=False)))
            leader.start()
            await asyncio.to_thread(leader.ready)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await hub.drain(5.0)
        told = {
            record.event for record in await store.audit(0, 10_000_000) if record.kind == "event.accepted"
        }
        assert len(told) >= len(clients.taken)
        await hub.end()
    return gaps, clients.put_off, clients.longest, len(clients.taken)


def run(*, small: bool) -> Table:
    """The gaps, and what was said in them."""
    kills = 1 if small else 10
    gaps, put_off, longest, taken = asyncio.run(_kills(kills))
    return Table(
        "nats-failover: the leader of three servers is killed under load, seconds without anything taken",
        ("what", "min", "median", "max", "max of limit"),
        (("from the kill to taking", *spread(gaps, 1), f"{max(gaps) / LIMIT:.2f}"),),
        (
            f"{kills} kills, {PRODUCERS} clients, {taken} messages taken and none lost; limit {LIMIT:g} s",
            f"meanwhile what was sent waits, at most {longest:.1f} s; {put_off} times a client was told 503 and to try "
            "again, since nothing came for ten seconds",
        ),
    )
