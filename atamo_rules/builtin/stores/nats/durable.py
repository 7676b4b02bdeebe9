"""Whether servers put a message through to the disk before they say that they have it.

A server answers before it has done so unless it is told otherwise, and puts messages through every two minutes: what it
has acknowledged meanwhile is lost with its power (jepsen.io/analyses/nats-2.12.1). A store that promises that what it
took is kept asks every server, and is not opened on one that says no, or that does not say.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import suppress
from typing import Any
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from atamo_rules.builtin.stores.nats.place import Place, Server
from atamo_rules.builtin.stores.nats.trust import context_of
from atamo_rules.errors import StoreUnavailable

PATIENCE = 5.0
MOST = 1 << 20
"""Bytes of an answer that are read."""


async def require_durable(place: Place) -> None:
    """Ask every server. Raises StoreUnavailable, with the remedy."""
    context = context_of(place)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(asyncio.to_thread(refusal, server, context)) for server in place.servers]
    for one in asked:
        if reason := one.result():
            raise StoreUnavailable(reason)


def refusal(server: Server, context: ssl.SSLContext | None) -> str:
    """Why a server is not fit to keep anything; empty for one that is. With a `context` it is asked over TLS, if it
    tells of itself so."""
    try:
        said = _asked(server, context)
        always = None if said.get("disabled") else bool(said["config"].get("sync_always"))
    except (OSError, ValueError, KeyError, TypeError):
        return (
            f"`{server.host}:{server.port}` does not say at {server.told_at} whether it writes to the disk before it "
            f"answers: give its configuration `http: {server.monitor}`, or name its port, `?monitor=PORT`"
        )
    if always is None:
        return f"`{server.host}:{server.port}` has no JetStream: give its configuration a `jetstream` block"
    if not always:
        return (
            f"`{server.host}:{server.port}` answers before it has written to the disk, and loses what it took when "
            "its power is lost: set `sync_interval: always` in the `jetstream` block of its configuration"
        )
    return ""


def _asked(server: Server, context: ssl.SSLContext | None) -> Any:
    """What a server says of its JetStream. Raises OSError, ValueError."""
    if context is not None:
        with suppress(OSError):
            return _answer(f"https://{server.host}:{server.monitor}", context)
    return _answer(server.told_at, context)


def _answer(url: str, context: ssl.SSLContext | None) -> Any:
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    with opener.open(f"{url}/jsz?config=1", timeout=PATIENCE) as answer:
        return json.loads(answer.read(MOST))
