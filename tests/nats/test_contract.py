"""The store of a cluster passes the suite of all stores, over a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.model.work import Put
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.contracts import StoreContract


class TestNatsStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, place: Place, tmp_path: Path) -> None:
        self.place, self.folder = place, tmp_path

    def store(self, clock: ManualClock) -> NatsStore:
        return NatsStore(self.place, self.folder, clock)


def test_a_store_that_is_closed_has_its_view_whole_in_one_file(place: Place, tmp_path: Path) -> None:
    """Its connection is closed in order: what it had written ahead is in the file."""

    async def story() -> list[str]:
        store = NatsStore(place, tmp_path, ManualClock())
        await store.open(lambda position, notes: None)
        await store.put(Put("bucket", "key", "value"))
        await store.close()
        return [path.name for path in tmp_path.glob(f"{place.stream}.db*")]

    left = asyncio.run(story())
    assert f"{place.stream}.db" in left
    assert not any(name.endswith("-wal") for name in left), left
