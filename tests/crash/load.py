"""Clients that send events over HTTP as long as there is somebody to take them, and write down what was promised."""

from __future__ import annotations

import asyncio
import json
from collections import deque

CLIENTS = 12


class Load:
    """Sends events with ids of its own. What was not answered is sent again, under the same id, when it goes on."""

    def __init__(self) -> None:
        self.promised: set[str] = set()
        self.sent = 0
        self.again: deque[str] = deque()

    async def run(self, port: int) -> None:
        """Send until the connections are cut."""
        await asyncio.gather(*(self._client(port) for _ in range(CLIENTS)))

    async def _client(self, port: int) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        try:
            while True:
                id = self.again.popleft() if self.again else self._next()
                try:
                    status = await self._post(reader, writer, id)
                except (OSError, asyncio.IncompleteReadError, ValueError):
                    self.again.append(id)
                    return
                if status == 202:
                    self.promised.add(id)
                else:
                    self.again.append(id)
                    if status != 503:
                        raise AssertionError(f"{id} was answered with {status}")
                    await asyncio.sleep(0.02)
        finally:
            writer.close()

    def _next(self) -> str:
        self.sent += 1
        return f"e{self.sent}"

    async def _post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, id: str) -> int:
        body = json.dumps({"type": "order.placed", "id": id, "data": {"id": id, "total": 120}}).encode()
        head = (
            f"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(line for line in answer.split("\r\n") if line.startswith("content-length:"))
        await reader.readexactly(int(length.split(":")[1]))
        return int(answer.split(" ", 2)[1])
