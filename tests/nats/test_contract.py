"""The store of a cluster passes the suite of all stores, over a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.store import NatsStore
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.contracts import StoreContract


class TestNatsStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, place: Place, tmp_path: Path) -> None:
        self.place, self.folder = place, tmp_path

    def store(self, clock: ManualClock) -> NatsStore:
        return NatsStore(self.place, self.folder, clock)
