"""A proxy between the hub and an agent's server: the request gets through, and its answer is lost, halved or late."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

Fate: TypeAlias = Literal["passed", "lost", "halved", "reset", "late"]
_KEY = re.compile(rb"^idempotency-key: *(\S+)\r$", re.I | re.M)


class Proxy:
    """Forwards whole requests and, once the server has answered, does to each answer what `fate` says of its key and of
    how often that was asked."""

    def __init__(self, server: int, fate: Callable[[str, int], Fate]) -> None:
        self.server = server
        self.fate = fate
        self.port = 0
        self.asked: Counter[str] = Counter()
        self.fates: Counter[Fate] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, on which requests come one after the other."""
        try:
            far, near = await asyncio.open_connection("127.0.0.1", self.server)
            try:
                while await self._exchange(reader, writer, far, near):
                    pass
            finally:
                near.close()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        near: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer; whether another may follow."""
        head, request = await _message(reader)
        found = _KEY.search(head)
        key = found[1].decode() if found else ""
        self.asked[key] += 1
        near.write(head + request)
        head, answer = await _message(far)  # from here on it was done
        fate = self.fate(key, self.asked[key])
        self.fates[fate] += 1
        match fate:
            case "passed":
                writer.write(head + answer)
                await writer.drain()
            case "halved":
                writer.write(head + answer[: len(answer) // 2])
                await writer.drain()
            case "reset":
                writer.transport.abort()
            case "late":
                await reader.read(1)  # whoever asked goes away first
                writer.write(head + answer)
        return fate == "passed"


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"^content-length: *(\d+)\r$", head, re.I | re.M)
    return head, await reader.readexactly(int(length[1]) if length else 0)


@asynccontextmanager
async def cutting(server: int, fate: Callable[[str, int], Fate]) -> AsyncIterator[Proxy]:
    """A proxy on a port of its own before a server."""
    proxy = Proxy(server, fate)
    listening = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    async with listening:
        try:
            yield proxy
        finally:
            for task in proxy.tasks:
                task.cancel()
            await asyncio.gather(*proxy.tasks, return_exceptions=True)
