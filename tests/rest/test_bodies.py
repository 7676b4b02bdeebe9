"""Bodies that are large, wide, or not as long as they say: refused or taken, in bounded memory, and the hub goes on."""

from __future__ import annotations

import asyncio
import json
import socket
import tracemalloc
from collections.abc import Callable

import pytest

from atamo_rules.rest.wire import IDLE, Wire
from tests.places import ORDERS
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]
HEAD = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
EVENT = b'{"type": "order.placed", "data": {"id": "7", "total": 1}}'
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(EVENT) + EVENT
"""A call of its own, for what may be taken for one behind a body."""
LIMIT = 1 << 20
"""Bytes of a body that the hub of these tests takes."""
WIDE = {
    "a million keys": "{" + ",".join(f'"k{number}":0' for number in range(1_000_000)) + "}",
    "a million items": "[" + "0," * 999_999 + "0]",
    "ten megabytes of text": json.dumps("a" * 10_000_000),
    "a hundred thousand brackets": "[" * 100_000 + "]" * 100_000,
    "a number of a million digits": "9" * 1_000_000,
}

UNBOUNDED = {"a hundred thousand brackets", "a number of a million digits"}


def told(serving: Serving, data: bytes, piece: bytes = b"", times: int = 0) -> bytes:
    """What is answered to bytes, and to so many pieces after them, to a client that reads once all is sent."""
    got = b""
    with socket.create_connection(("127.0.0.1", serving.port), 5) as line:
        line.settimeout(20)
        line.sendall(data)
        for _ in range(times):
            line.sendall(piece)
        while more := line.recv(65536):
            got += more
    return got


@pytest.mark.parametrize("declared", [True, False])
def test_a_hundred_megabytes_are_refused_in_the_memory_of_a_few_bodies(serve: Serve, declared: bool) -> None:
    serving = serve(ORDERS)
    piece = b" " * (1 << 16)
    head = HEAD + b"Content-Length: %d\r\n\r\n" % (1600 * len(piece))
    if not declared:
        head, piece = HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + piece + b"\r\n"
    tracemalloc.start()
    got = told(serving, head, piece, 1600)  # nothing is broken off amid a send, which would lose the answer
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert got.startswith(b"HTTP/1.1 413 "), got[:200]
    assert json.loads(got.partition(b"\r\n\r\n")[2])["code"] == "too-large"
    assert peak < 4 * LIMIT
    assert serving.web.get("/healthz").status_code == 200


def test_who_asks_before_sending_is_told_at_once_and_sends_nothing(serve: Serve) -> None:
    """`Expect: 100-continue` (RFC 9110, 10.1.1): 413 in place of 100 to what is too large, and 100 to what is not."""
    serving = serve(ORDERS)
    ask = HEAD + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    assert told(serving, ask % (100 << 20)).startswith(b"HTTP/1.1 413 ")
    with socket.create_connection(("127.0.0.1", serving.port), 5) as line:
        line.sendall(ask % len(EVENT))
        assert line.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(EVENT)
        assert line.recv(65536).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize("most", [5, 5000])
def test_what_still_comes_is_thrown_away_and_not_for_ever(most: int) -> None:
    """A client that never ends is cut off in the end, and one that is silent before that."""

    class Line:
        said: tuple[str, ...] = ()

        def get_extra_info(self, name: str) -> None:
            return None

        def __getattr__(self, name: str) -> Callable[..., bool]:
            def call(*given: object) -> bool:
                self.said += (name,) if name in ("write_eof", "close") else ()
                return name == "can_write_eof"

            return call

    async def flooded(pieces: int) -> int:
        wire, loop = Line(), asyncio.get_running_loop()
        loop.time = clock = Clock()  # type: ignore[method-assign]
        line = Wire(wire, loop, lambda: True, most)
        line.close()
        assert (wire.said, line.is_closing()) == (("write_eof",), True)
        for number in range(pieces):
            clock.at += IDLE - 0.5
            await asyncio.sleep(0)
            if "close" in wire.said:
                return number
            line.came()
        clock.at += IDLE + 0.5
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert "close" in wire.said
        return pieces

    assert asyncio.run(flooded(1)) == 1
    assert asyncio.run(flooded(1000)) == (1000 if most == 5000 else 4)


class Clock:
    """A clock that stands until it is set."""

    at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (b"Content-Length: 5\r\n\r\n" + b'{"type": "order.placed"}', (400,)),
        (b"Content-Length: 0\r\n\r\n{}", (400,)),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}    ", (400,)),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + WHOLE, (400,)),
        (b"Content-Length: +2\r\n\r\n{}", (400,)),
        (b"Content-Length: 0x2\r\n\r\n{}", (400,)),
        (b"Content-Length: 99999999999999999999999\r\n\r\n{}", (400, 413)),
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", (400,)),
        (b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", (400,)),
    ],
)
def test_a_length_that_is_a_lie_smuggles_nothing_in(
    serve: Serve, body: bytes, statuses: tuple[int, ...]
) -> None:
    serving = serve(ORDERS)
    got = told(serving, HEAD + b"Connection: close\r\n" + body)
    assert int(got.split()[1]) in statuses, got
    assert b"Traceback" not in got
    assert serving.web.get("/v1/audit", params={"kind": "event.accepted"}).json()["records"] == []
    assert serving.web.get("/healthz").status_code == 200


@pytest.mark.parametrize("kind", WIDE)
def test_what_is_wide_is_taken_and_what_has_no_bound_is_refused(serve: Serve, kind: str) -> None:
    """A field that no type declares is kept as it came, however wide; what is too deep, or no number that can be
    computed with, is refused, and not said back."""
    serving = serve(ORDERS, door={"largest": 64 << 20})
    content = (
        '{"type": "order.placed", "id": "wide", "data": {"id": "7", "total": 1, "more": ' + WIDE[kind] + "}}"
    )
    answer = serving.web.post(
        "/v1/events", content=content, headers={"content-type": "application/json"}, timeout=60
    )
    assert answer.status_code == (400 if kind in UNBOUNDED else 202), answer.text[:200]
    assert len(answer.content) < 10_000
    assert serving.web.get("/v1/events/wide").status_code == (404 if kind in UNBOUNDED else 200)
    assert serving.web.get("/healthz").status_code == 200
