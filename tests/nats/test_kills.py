"""Two hubs on three servers are killed under load, one after the other and again and again: nothing that was answered
with 202 is lost, and what is done twice is done under the same key."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from tests.cli.dispatcher import Dispatcher
from tests.crash.load import Load
from tests.crash.test_kill import RULES, effects, port_of
from tests.figures import CLUSTER_KILLS
from tests.nats.servers import NatsServer, place_of, three_servers
from tests.nats.test_killed_hub import looked_at, start
from tests.places import write

PATIENCE = 60.0
"""Seconds in which something must be promised again, whoever was killed."""
BREATH = 0.5


class Paced(Load):
    """Its clients take breath: the agent does one after the other, each kept on three servers before it begins."""

    async def _post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, id: str) -> int:
        await asyncio.sleep(BREATH)
        return await super()._post(reader, writer, id)


class Side:
    """One hub with its clients, who send it events as long as it is there."""

    def __init__(self, stack: ExitStack, folder: Path, place: Place, first: int) -> None:
        self.stack, self.folder, self.place = stack, folder, place
        self.load = Paced()
        self.load.sent = first
        write(folder, {"shop.atamo": RULES})

    async def begin(self) -> None:
        self.hub: Dispatcher = self.stack.enter_context(start(self.folder, self.place))
        port = await asyncio.to_thread(port_of, self.hub)  # the clients of the other go on meanwhile
        self.sending = asyncio.get_running_loop().create_task(self._send(self.hub, port))

    async def _send(self, hub: Dispatcher, port: int) -> None:
        """As long as the hub lives: it closes connections on which nothing came for some seconds."""
        while hub.process.poll() is None:
            await self.load.run(port)
            await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End the hub, and begin it again, while the other goes on."""
        self.hub.process.kill()
        await self.sending
        await asyncio.to_thread(self.hub.wait)
        await self.begin()

    @property
    def told(self) -> str:
        """What is to be known of one that promises nothing more."""
        code, over = self.hub.process.poll(), self.sending.done()
        return "\n".join(
            [
                f"{self.folder.name}: process {code}, clients gone {over}",
                *self.hub.err[-20:],
                *self.hub.out[-5:],
            ]
        )

    async def end(self) -> None:
        self.sending.cancel()
        await asyncio.gather(self.sending, return_exceptions=True)


async def goes_on(sides: list[Side]) -> None:
    """Until every hub has promised more."""
    before = [len(side.load.promised) for side in sides]
    end = asyncio.get_running_loop().time() + PATIENCE
    while still := [side for side, was in zip(sides, before, strict=True) if len(side.load.promised) <= was]:
        for side in still:
            if side.sending.done():
                await side.sending  # what its clients met
        if asyncio.get_running_loop().time() > end:
            raise AssertionError("\n".join(side.told for side in still))
        await asyncio.sleep(0.05)


async def killed(servers: list[NatsServer], sides: list[Side], kills: int) -> None:
    for side in sides:
        await side.begin()
    for number in range(kills):
        await goes_on(sides)
        if (victim := number % 5) < 2:
            await sides[victim].kill()
            continue
        server = servers[victim - 2]
        server.kill()
        await goes_on(sides)  # two of three go on without it
        server.start()
        await asyncio.to_thread(server.ready)
    await goes_on(sides)
    for side in sides:
        await side.end()


@pytest.mark.slow
@CLUSTER_KILLS.limit(300)
def test_hubs_and_servers_are_killed_under_load(tmp_path: Path) -> None:
    servers = three_servers(tmp_path / "servers")
    place = place_of(*servers, stream="shop")
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.kill)
        sides = [Side(stack, tmp_path / name, place, first) for name, first in (("one", 0), ("two", 10**6))]
        asyncio.run(killed(servers, sides, CLUSTER_KILLS.asked))
        promised = sides[0].load.promised | sides[1].load.promised
        asyncio.run(looked_at(place, tmp_path / "third", promised))
        done: dict[str, set[str]] = {}
        for side in sides:
            for order, keys in effects(side.folder).items():
                done.setdefault(order, set()).update(keys)
        assert promised - done.keys() == set(), "these were lost"
        assert all(len(keys) == 1 for keys in done.values()), "what is done twice is done under one key"
