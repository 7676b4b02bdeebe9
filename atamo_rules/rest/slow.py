"""Clients that take too long to say what they want: neither headers nor a body may come for ever.

As Apache's mod_reqtimeout has it: so many seconds for the headers; as many for a body, and one more for each piece of
it that came. Without that a few hundred connections that send a byte now and then hold a server ("slowloris", 2009).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atamo_rules.model.strict_json import encode
from atamo_rules.rest.begun import Begun
from atamo_rules.rest.problem import MEDIA, Problem
from atamo_rules.rest.wire import Wire

PATIENCE = 20.0
"""Seconds for the headers, and to begin with for a body."""
LEAST = 500
"""Bytes of a body that earn a second more."""
HEADERS = 64 << 10
"""Bytes of request line and headers."""


class SlowBodies:
    """Refuses, with 408, a body that does not come on. What is no body, such as a client's leaving, is waited for as
    long as it takes."""

    def __init__(self, app: ASGIApp, patience: float = PATIENCE) -> None:
        self.app = app
        self.patience = patience

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        loop = asyncio.get_running_loop()
        begun, size, whole = loop.time(), 0, False

        async def timed() -> Message:
            nonlocal size, whole
            if whole:
                return await receive()
            coming = Begun(receive())
            try:
                if coming.over:
                    message: Message = coming.made
                else:
                    async with asyncio.timeout_at(begun + self.patience + size / LEAST):
                        message = await coming
            except TimeoutError:
                raise Problem(
                    408, "slow", "the body took too long to come", f"{size} bytes came",
                    "send it again, faster or in parts", headers=(("Connection", "close"),),
                ) from None  # fmt: skip
            size += len(message.get("body", b""))
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        return self.app(scope, timed, send)


def impatient(patience: float = PATIENCE, headers: int = HEADERS) -> Any:
    """uvicorn's HTTP protocol, for connections whose headers come within so many seconds and bytes."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    protocol: Any = AutoHTTPProtocol
    feed = protocol.data_received

    class Impatient(protocol):  # type: ignore[misc]
        """Closes a connection on which no request begins, or one that begins and is never whole."""

        timer: asyncio.TimerHandle | None = None
        size = 0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(Wire(transport, self.loop, self.unread, patience))
            self.timer = self.loop.call_later(patience, self.refuse, b"408 Request Timeout")

        def unread(self) -> bool:
            """Whether the rest of a body that was answered is still to come."""
            return self.cycle is not None and self.cycle.response_complete and self.cycle.more_body

        def data_received(self, data: bytes) -> None:
            if self.transport.lingers:
                self.transport.came()
                return
            before = self.cycle
            feed(self, data)
            if self.cycle is not before:
                self.begin()
            elif before is not None and before.response_complete and before.more_body:
                # The rest of a body that was answered before it was whole: no part of what comes after it.
                if self.timer is None:
                    self.timer = self.loop.call_later(patience, self.transport.cut)
            elif before is None or before.response_complete:
                self.size += len(data)
                if self.size > headers:
                    self.refuse(b"431 Request Header Fields Too Large")
                elif self.timer is None:
                    self.timer = self.loop.call_later(patience, self.refuse, b"408 Request Timeout")

        def connection_lost(self, exc: Exception | None) -> None:
            self.begin()
            super().connection_lost(exc)

        def begin(self) -> None:
            """The headers are whole, or nobody waits for them any more."""
            self.size = 0
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

        def refuse(self, status: bytes) -> None:
            """Say why, and close: there is no request that an application could answer."""
            self.begin()
            if not self.transport.is_closing():
                number, _, title = status.decode().partition(" ")
                body = encode(Problem(int(number), "http", title.lower()).document()).encode()
                head = f"Connection: close\r\nContent-Type: {MEDIA}\r\nContent-Length: {len(body)}\r\n\r\n"
                self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + head.encode() + body)
                self.transport.close()

    return Impatient
