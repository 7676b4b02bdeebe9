"""Two `atamo run` processes share the work; one is killed under load: nothing is lost, nothing is told twice."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.testing.clock import ManualClock
from tests.cli.dispatcher import Dispatcher
from tests.crash.load import Load
from tests.crash.test_kill import RULES, effects, port_of
from tests.places import write
from tests.waiting import until


def start(folder: Path, place: Place) -> Dispatcher:
    hosts = ",".join(f"{server.host}:{server.port}" for server in place.servers)
    monitors = ",".join(str(server.monitor) for server in place.servers)
    store = f"nats:{hosts}/{place.stream}?monitor={monitors}"
    return Dispatcher(str(folder), "--port", "0", "--no-reload", "--drain", "20", "--store", store)


async def looked_at(place: Place, folder: Path, promised: set[str]) -> None:
    """Wait until nothing is open, then look at all that was told."""
    store = NatsStore(place, folder, ManualClock())
    await store.open(lambda first, notes: None)
    try:
        async with asyncio.timeout(60):
            while True:
                depth = await store.depth()
                if not (depth.waiting + depth.running + depth.later + depth.pending):
                    break
                await asyncio.sleep(0.1)
        records = await store.audit(0, 1_000_000)
        assert [record.position for record in records] == list(range(1, len(records) + 1))
        for kind in ("event.accepted", "event.decided", "event.finished"):
            told = [record.event for record in records if record.kind == kind]
            assert len(told) == len(set(told)), kind
            assert promised <= set(told), kind
        done = [record.what["action"] for record in records if record.kind == "action.done"]
        assert len(done) == len(set(done))
    finally:
        await store.close()


@pytest.mark.slow
def test_one_of_two_hubs_is_killed_under_load(place: Place, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        write(folder, {"shop.atamo": RULES})
    loads = [Load(), Load()]
    loads[1].sent = 1_000_000
    with start(folders[0], place) as one, start(folders[1], place) as two:
        ports = [port_of(hub) for hub in (one, two)]

        async def sending() -> None:
            both = [asyncio.create_task(load.run(port)) for load, port in zip(loads, ports, strict=True)]
            await until(lambda: all(load.promised for load in loads))
            await asyncio.sleep(2.0)
            one.process.send_signal(signal.SIGKILL)
            await both[0]
            again = asyncio.create_task(loads[0].run(ports[1]))  # the clients go to the other
            await asyncio.sleep(2.0)
            for task in (both[1], again):
                task.cancel()
            await asyncio.gather(both[1], again, return_exceptions=True)

        asyncio.run(sending())
        assert all(load.promised for load in loads)
        promised = loads[0].promised | loads[1].promised
        asyncio.run(looked_at(place, tmp_path / "third", promised))
    done: dict[str, set[str]] = {}
    for folder in folders:
        for order, keys in effects(folder).items():
            done.setdefault(order, set()).update(keys)
    assert promised <= set(done)
    assert all(len(keys) == 1 for keys in done.values()), "what is done twice is done under one key"
