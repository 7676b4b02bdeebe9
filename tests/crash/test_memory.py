"""A limit on the memory of the whole process, and more than fits into it: nothing that was promised is lost."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.test_kill import RULES, effects, port_of, start, until_all_is_done
from tests.figures import LIMITS
from tests.places import write

ROOM = 12 * 2**20
"""Bytes beyond what the process has when it listens."""
LARGE = 900_000
CLIENTS, EACH = 24, 6
WITH_PAD = RULES.replace("  total: money\n\nagent", "  total: money\n  pad: text?\n\nagent")


def small(id: str) -> dict[str, object]:
    return {"type": "order.placed", "id": id, "data": {"id": id, "total": 120}}


class Crowd:
    """Clients that send large events at once; what was promised, and how each was answered."""

    def __init__(self) -> None:
        self.promised: set[str] = set()
        self.answers: Counter[int] = Counter()
        self.unanswered = 0
        self.malformed: set[bytes] = set()

    async def run(self, port: int) -> None:
        await asyncio.gather(*(self._client(port, number) for number in range(CLIENTS)))

    async def _client(self, port: int, number: int) -> None:
        for n in range(EACH):
            id = f"e{number}.{n}"
            try:
                status = await self._send(port, id)
            except (OSError, asyncio.IncompleteReadError):
                self.unanswered += 1
                continue
            self.answers[status] += 1
            if status == 202:
                self.promised.add(id)

    async def _send(self, port: int, id: str) -> int:
        body = json.dumps(
            {"type": "order.placed", "id": id, "data": {"id": id, "total": 120, "pad": "x" * LARGE}}
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(
                "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n{body}".encode()
            )
            await writer.drain()
            status = int((await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1])
            if status == 400:
                self.malformed.add(await reader.read(200))
            return status
        finally:
            writer.transport.abort()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process has cannot be asked here")
@pytest.mark.skipif(
    LIMITS.asked == 0, reason="how memory is given differs from run to run: asked for by ATAMO_LIMITS"
)
@pytest.mark.parametrize("turn", range(max(1, LIMITS.asked)))
def test_more_than_fits_into_the_memory_of_the_process_is_put_off_or_ends_it_and_nothing_is_lost(
    turn: int, tmp_path: Path
) -> None:
    """A library that does not look whether it was given memory ends the process; the next one goes on."""
    folder = write(tmp_path / "p", {"rules/a.atamo": WITH_PAD})
    crowd = Crowd()
    with start(folder) as hub, hub.web as web:
        port = port_of(hub)
        for n in range(10):
            assert web.post("/v1/events", json=small(f"before{n}")).status_code == 202
            crowd.promised.add(f"before{n}")
        pages = int(Path(f"/proc/{hub.process.pid}/statm").read_text().split()[0])
        _, most = resource.prlimit(hub.process.pid, resource.RLIMIT_AS)
        limit = pages * resource.getpagesize() + ROOM
        resource.prlimit(hub.process.pid, resource.RLIMIT_AS, (limit, most))
        asyncio.run(crowd.run(port))
        if hub.process.poll() is None:
            resource.prlimit(hub.process.pid, resource.RLIMIT_AS, (most, most))
            hub.end(signal.SIGTERM)
    assert crowd.malformed <= {b"Invalid HTTP request received."}, (
        "the parser of HTTP says so of what it cannot hold"
    )
    assert crowd.answers.keys() <= {202, 400, 503}
    assert crowd.answers[202] < CLIENTS * EACH, "there was room for all"
    with start(folder) as hub, hub.web as web:
        port_of(hub)
        until_all_is_done(folder, hub)
        assert web.post("/v1/events", json=small("after")).status_code == 202
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    done = effects(folder)
    assert crowd.promised | {"after"} <= done.keys()
    assert {len(keys) for keys in done.values()} == {1}
