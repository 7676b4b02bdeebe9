"""Servers that misbehave: raw bytes on a socket, one way of being wrong each."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from atamo_rules.builtin.agents.web.exchange import LARGEST
from tests.waiting import alone

Writer: TypeAlias = asyncio.StreamWriter
Mode: TypeAlias = Callable[[Writer], Awaitable[None]]

ZEROS = b"\0" * (1 << 20)


def says(raw: bytes) -> Mode:
    """Sends some bytes and closes."""

    async def mode(writer: Writer) -> None:
        writer.write(raw)

    return mode


def head(status: str, *lines: str, body: bytes = b"") -> Mode:
    text = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""])
    return says(text.encode("latin-1") + body)


def endless(begin: bytes, piece: bytes, pause: float = 0.0) -> Mode:
    """Never stops sending."""

    async def mode(writer: Writer) -> None:
        writer.write(begin)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return mode


async def silence(writer: Writer) -> None:
    await asyncio.sleep(60)


async def reset(writer: Writer) -> None:
    writer.transport.abort()


async def bomb(writer: Writer) -> None:
    """A quarter of a gigabyte of zeros as about a quarter of a megabyte of gzip."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(pack.compress(ZEROS) for _ in range(256)) + pack.flush()
    await head("200 OK", "Content-Encoding: gzip", body=body)(writer)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZIPPED = OK + b"Content-Encoding: gzip\r\n"

MODES: dict[str, tuple[Mode, str]] = {
    # name: what the server does, and the class of the outcome; "done" is a success
    "429 with seconds": (head("429 Slow Down", "Retry-After: 7"), "http 429"),
    "503 with a date": (head("503 Later", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"), "http 503"),
    "503 with nonsense": (head("503 Later", "Retry-After: tomorrow, perhaps"), "http 503"),
    "503 for ages": (head("503 Later", "Retry-After: 999999999999"), "http 503"),
    "410 gone": (head("410 Gone"), "http 410"),
    "301 elsewhere": (head("301 Moved", "Location: http://169.254.169.254/latest"), "http 301"),
    "304 not modified": (says(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "http 304"),
    "401": (head("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'), "http 401"),
    "407": (head("407 Proxy Authentication Required"), "http 407"),
    "a status of four digits": (head("2000 OK"), "protocol"),
    "a status that is no number": (head("OK OK"), "protocol"),
    "1xx without end": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001), "timeout"),
    "101 nobody asked for": (head("101 Switching Protocols", "Upgrade: x"), "protocol"),
    "no HTTP": (says(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "protocol"),
    "nothing": (says(b""), "connection"),
    "a reset": (reset, "connection"),
    "silence": (silence, "timeout"),
    "half a head": (says(b"HTTP/1.1 200 OK\r\nContent-"), "connection"),
    "a head by the byte": (endless(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.02), "timeout"),
    "a body by the byte": (endless(OK + b"Content-Length: 1000000\r\n\r\n", b"a", 0.02), "timeout"),
    "a body that never comes": (endless(OK + b"Content-Length: 9\r\n\r\n", b"", 0.02), "timeout"),
    "a body cut short": (says(OK + b"Content-Length: 100\r\n\r\nabc"), "connection"),
    "a length below zero": (says(OK + b"Content-Length: -5\r\n\r\nabc"), "protocol"),
    "two lengths": (says(OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), "protocol"),
    "chunks of no number": (says(CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n"), "protocol"),
    "a chunk that is too long": (says(CHUNKED + b"ffffffffffffffffffff\r\nabc"), "connection"),
    "chunks without an end": (says(CHUNKED + b"3\r\nabc\r\n"), "connection"),
    "a body without end": (endless(OK + b"\r\n", ZEROS), "done"),
    "ten gigabytes announced": (endless(OK + b"Content-Length: 10737418240\r\n\r\n", ZEROS), "done"),
    "a bomb": (bomb, "done"),
    "a bomb in chunks without end": (
        endless(
            ZIPPED + b"Transfer-Encoding: chunked\r\n\r\n",
            b"%x\r\n%b\r\n" % (len(gzip.compress(ZEROS)), gzip.compress(ZEROS)),
        ),
        "done",
    ),
    "gzip that is none": (head("200 OK", "Content-Encoding: gzip", body=b"plain"), "protocol"),
    "gzip cut short": (head("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"{}")[:-6]), "protocol"),
    "an encoding nobody asked for": (head("200 OK", "Content-Encoding: br", body=b"x"), "protocol"),
    "a hundred thousand headers": (
        says(OK + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\n"),
        "protocol",
    ),
    "a header of ten megabytes": (says(OK + b"X: " + b"a" * (10 << 20) + b"\r\n\r\n"), "protocol"),
    "a header with a NUL": (says(OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n"), "protocol"),
    "JSON that is too deep": (head("200 OK", body=b"[" * 100_000), "done"),
    "JSON with the same key twice": (head("200 OK", body=b'{"a":1,"a":2}'), "done"),
    "a number of ten thousand digits": (head("200 OK", body=b"9" * 10_000), "done"),
    "bytes that are no text": (head("200 OK", body=b"\xff\xfe\x00"), "done"),
}
assert len(ZEROS) >= LARGEST


@asynccontextmanager
async def serving(mode: Mode) -> AsyncIterator[int]:
    """A server that behaves like that towards everybody; gives its port."""

    lines: list[Writer] = []

    async def meet(reader: asyncio.StreamReader, writer: Writer) -> None:
        lines.append(writer)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await mode(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        for line in lines:  # also where nobody took what it still had to say
            line.transport.abort()
        await alone()
