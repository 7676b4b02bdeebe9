"""What `nats stream backup` and `nats stream restore` do, in the calls of JetStream's API that they make."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

from nats.aio.client import Client

PREFIX = "$JS.API.STREAM"
CHUNK = 128 << 10
PATIENCE = 20.0


class Snapshot(NamedTuple):
    """How a stream is set up, how it stood, and what it held."""

    config: Any
    state: Any
    data: bytes


async def _asked(client: Client, verb: str, stream: str, what: Any) -> Any:
    answer = await client.request(f"{PREFIX}.{verb}.{stream}", json.dumps(what).encode(), timeout=PATIENCE)
    said = json.loads(answer.data)
    assert "error" not in said, said
    return said


async def backup(client: Client, stream: str) -> Snapshot:
    """A stream as it is, while it is written."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    said = await _asked(
        client, "SNAPSHOT", stream, {"deliver_subject": inbox, "chunk_size": CHUNK, "jsck": True}
    )
    data = b""
    while True:
        message = await subscription.next_msg(PATIENCE)
        if not message.data:
            await subscription.unsubscribe()
            return Snapshot(said["config"], said["state"], data)
        data += message.data
        if message.reply:
            await client.publish(message.reply)


async def restore(client: Client, snapshot: Snapshot) -> None:
    """A stream that is not there, as it was."""
    name = snapshot.config["name"]
    said = await _asked(client, "RESTORE", name, {"config": snapshot.config, "state": snapshot.state})
    for start in range(0, len(snapshot.data), CHUNK):
        await client.request(said["deliver_subject"], snapshot.data[start : start + CHUNK], timeout=PATIENCE)
    done = json.loads((await client.request(said["deliver_subject"], b"", timeout=PATIENCE)).data)
    assert "error" not in done, done
    async with asyncio.timeout(PATIENCE):  # until it is there
        while True:
            answer = await client.request(f"{PREFIX}.INFO.{name}", b"", timeout=PATIENCE)
            if "error" not in json.loads(answer.data):
                return
            await asyncio.sleep(0.05)
