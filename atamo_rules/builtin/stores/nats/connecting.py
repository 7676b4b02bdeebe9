"""A connection to the servers of a place, which comes back by itself; and why there is none, without what is secret."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.trust import client_of
from atamo_rules.errors import StoreUnavailable

if TYPE_CHECKING:
    from nats.aio.client import Client

CONNECTING = 10.0
"""Seconds after which a hub gives up: no server takes it."""
AGAIN = 0.3
"""Seconds between two tries."""


async def connected(place: Place) -> Client:
    """A client of a place's servers. Raises StoreUnavailable."""
    try:
        from nats.errors import Error

        client, trust = client_of(place)
    except ImportError:
        raise StoreUnavailable("it needs nats-py: `pip install 'atamo-rules[nats]'`") from None
    named = ", ".join(f"{server.host}:{server.port}" for server in place.servers)
    met: list[Exception] = []

    async def meet(error: Exception) -> None:
        if not isinstance(error, ConnectionError | TimeoutError):
            met[:] = [error]

    connecting = client.connect(
        [server.url for server in place.servers],
        name="atamo",
        error_cb=meet,
        max_reconnect_attempts=-1,
        reconnect_time_wait=AGAIN,  # type: ignore[arg-type]
        connect_timeout=2,
        ping_interval=3,
        max_outstanding_pings=2,
        **trust,
    )
    try:
        await asyncio.wait_for(connecting, CONNECTING)
    except TimeoutError:
        await client.close()
        why = f"the servers {named} cannot be used: {met[0]}" if met else f"no server answers at {named}"
        raise StoreUnavailable(why) from None
    except (Error, OSError, ValueError) as error:
        raise StoreUnavailable(f"the servers {named} cannot be used: {error}") from None
    return client
