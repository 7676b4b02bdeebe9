"""Three servers on this machine: the suite of all stores, and the loss of the one that leads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.model.outcome import Done
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.contracts import StoreContract
from atamo_rules.testing.store_stage import Stage
from tests.nats.servers import NatsServer, leader_of, place_of, three_servers

pytestmark = pytest.mark.slow
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[NatsServer]]:
    servers = three_servers(tmp_path_factory.mktemp("cluster"))
    yield servers
    for server in servers:
        server.kill()


@pytest.fixture
def shared(cluster: list[NatsServer]) -> Place:
    """A stream that nobody has used, kept on all three."""
    return place_of(*cluster, stream=f"test{next(_NUMBERS)}")


class TestNatsStoreOfThree(StoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, shared: Place, tmp_path: Path) -> None:
        self.place, self.folder = shared, tmp_path

    def store(self, clock: ManualClock) -> NatsStore:
        return NatsStore(self.place, self.folder, clock)


def test_a_leader_that_is_killed_takes_nothing_along(
    cluster: list[NatsServer], shared: Place, tmp_path: Path
) -> None:
    async def story() -> None:
        stage = Stage(lambda clock: NatsStore(shared, tmp_path / "one", clock))
        other = NatsStore(shared, tmp_path / "two", stage.clock)
        async with AsyncExitStack() as opened:
            await stage.open()
            opened.push_async_callback(stage.store.close)
            await other.open(lambda first, notes: None)
            opened.push_async_callback(other.close)
            await losing_leaders(stage)
            async with asyncio.timeout(60):
                while await other.head() < await stage.store.head():
                    await asyncio.sleep(0.05)
            assert list(await other.audit(0, 10_000)) == stage.heard

    async def losing_leaders(stage: Stage) -> None:
        link = stage.store.stream.link  # type: ignore[attr-defined]
        known: list[str] = []

        async def produce(number: int) -> None:
            for step in range(30):
                id = f"{number}-{step}"
                kept = await stage.accept(f"e{id}", stage.work(f"a{id}", f"/test#e{id}", lease=600.0))
                known.append(kept.known)
                assert await stage.store.settle(kept.leases[0], Done(None)) is not None

        async with asyncio.TaskGroup() as producers:
            tasks = [producers.create_task(produce(number)) for number in range(8)]
            for _ in range(2):
                leader = await leader_of(link, cluster)
                leader.kill()
                before = len(known)
                async with asyncio.timeout(60):
                    while len(known) == before and not all(task.done() for task in tasks):
                        await asyncio.sleep(0.05)
                leader.start()
                await asyncio.to_thread(leader.ready)
        assert known == ["new"] * 240
        assert stage.kinds().count("action.done") == stage.kinds().count("event.accepted") == 240

    asyncio.run(story())
