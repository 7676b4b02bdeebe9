"""Clients that send a byte now and then, against a real server: they are cut off, and hold up nobody."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, repeat

import pytest

from tests.places import ORDERS
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]
HEAD = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def dripped(port: int, first: bytes, then: bytes) -> bytes:
    """What a server says to a client that sends a beginning, and after that a byte each time it has waited a little; it
    is asked as often as it takes, for a minute at most."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.settimeout(0.05)
        line.sendall(first)
        pieces: Iterator[bytes] = chain(repeat(then, 1200))
        got = b""
        for piece in pieces:
            with suppress(TimeoutError):
                got += line.recv(65536)
                if got:
                    break
            with suppress(OSError):
                line.send(piece)
        with suppress(OSError):
            line.settimeout(20)
            while more := line.recv(65536):
                got += more
        return got


@pytest.mark.parametrize(
    ("first", "then"),
    [(b"", b""), (b"POST /v1", b"x"), (HEAD, b"X-A: b\r\n")],
    ids=["nothing", "a line without end", "headers without end"],
)
def test_headers_that_never_end_are_cut_off(serve: Serve, first: bytes, then: bytes) -> None:
    serving = serve(ORDERS, door={"patience": 0.5})
    assert dripped(serving.port, first, then).startswith(b"HTTP/1.1 408 ")
    assert serving.web.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]
)
def test_a_body_that_never_ends_is_cut_off(serve: Serve, framing: bytes) -> None:
    serving = serve(ORDERS, door={"patience": 0.5})
    then = b"1\r\n \r\n" if b"chunked" in framing else b" "
    got = dripped(serving.port, HEAD + framing, then)
    assert got.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"slow"' in got
    assert b"connection: close" in got.lower()


def test_many_slow_clients_hold_up_nobody(serve: Serve) -> None:
    serving = serve(ORDERS, door={"patience": 2.0})
    lines = [socket.create_connection(("127.0.0.1", serving.port), 5) for _ in range(100)]
    for line in lines:
        line.sendall(HEAD + b"Content-Length: 10\r\n\r\n{")
    sent = serving.post({"type": "order.placed", "id": "1", "data": {"id": "7", "total": 1}})
    assert sent.status_code == 202
    for line in lines:
        line.settimeout(60)
        assert line.recv(20).startswith(b"HTTP/1.1 408 ")
        line.close()


def test_headers_beyond_a_bound_are_refused(serve: Serve) -> None:
    serving = serve(ORDERS)
    many = b"".join(b"X-%d: %s\r\n" % (number, b"v" * 100) for number in range(2000))
    got = serving.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + many)
    assert not got or got.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))  # h11 has a bound of its own
    assert serving.web.get("/healthz").status_code == 200


def test_what_comes_in_two_pieces_or_one_after_the_other_is_answered(serve: Serve) -> None:
    serving = serve(ORDERS, door={"patience": 30.0})
    ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", serving.port), 5) as line:
        line.settimeout(20)
        for _ in range(3):
            line.sendall(ask[:10])
            line.sendall(ask[10:])
            got = b""
            while b'{"status":"ok"}' not in got:
                got += line.recv(4096)
            assert got.startswith(b"HTTP/1.1 200 ")
