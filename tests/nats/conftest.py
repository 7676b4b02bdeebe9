"""One server for all tests that need no more; streams of their own keep them apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from atamo_rules.builtin.stores.nats.place import Place
from tests.nats.servers import NatsServer, one_server, place_of

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server that puts everything through to the disk."""
    made = one_server(tmp_path_factory.mktemp("nats"))
    yield made
    made.kill()


@pytest.fixture
def place(server: NatsServer) -> Place:
    """A stream that nobody has used."""
    return place_of(server, stream=f"test{next(_NUMBERS)}")
