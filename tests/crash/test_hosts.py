"""What the machine and the wire do to a dispatcher: connections that are cut, and too few files it may open."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher
from tests.crash.load import Load
from tests.crash.test_kill import RULES, check, port_of, start, until_all_is_done
from tests.figures import CONNECTIONS, CUTS
from tests.places import write

FILES = 64


async def cut(port: int, id: str) -> None:
    """Send an event, and be gone before it is answered."""
    body = json.dumps({"type": "order.placed", "id": id, "data": {"id": id, "total": 120}}).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        + f"content-length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await writer.drain()
    writer.transport.abort()


async def send(port: int, ids: list[str], load: Load) -> None:
    """Send events on one connection and note what was promised."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for id in ids:
        assert await load._post(reader, writer, id) == 202
        load.promised.add(id)
    writer.close()


@CUTS.limit()
def test_a_client_that_is_gone_before_its_answer_sends_again_and_it_is_one(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    load, ids = Load(), [f"e{number}" for number in range(CUTS.asked)]

    async def story(port: int) -> None:
        await asyncio.gather(*(cut(port, id) for id in ids))
        await send(port, ids, load)

    with start(folder) as hub:
        asyncio.run(story(port_of(hub)))
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
        assert not any("Traceback" in line for line in hub.err), hub.err
    check(folder, load)


def opened(hub: Dispatcher) -> int:
    return len(os.listdir(f"/proc/{hub.process.pid}/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files cannot be counted here")
def test_more_connections_than_files_it_may_open_and_it_goes_on(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    load = Load()

    async def crowd(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await load._post(reader, writer, "early") == 202
        asked = (asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS.asked))
        idle = await asyncio.gather(*asked)
        await asyncio.to_thread(hub.until, lambda: opened(hub) >= FILES - 1)
        assert await load._post(reader, writer, "amid") == 202, "whose agent needs a file, and there is none"
        load.promised.add("amid")
        for _, one in idle:
            one.transport.abort()
        writer.close()
        await send(port, ["after"], load)

    with start(folder) as hub:
        port = port_of(hub)
        asyncio.run(send(port, ["before"], load))
        before = opened(hub)
        _, most = resource.prlimit(hub.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(hub.process.pid, resource.RLIMIT_NOFILE, (FILES, most))
        asyncio.run(crowd(port))
        hub.until(lambda: opened(hub) <= before + 5)
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    check(folder, load)
