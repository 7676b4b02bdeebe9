"""What the answers of one connection go through: they are sent at once, and a close lets them arrive.

Head and body of an answer are written one after the other: without `TCP_NODELAY` the second waits until the first is
acknowledged, some 40 ms (Nagle's algorithm, RFC 896, and delayed acknowledgements, RFC 1122, 4.2.3.2).

A socket that is closed with bytes unread is reset, and a reset takes along what its other end has not read yet (RFC
9112, 9.6): a client that sends its whole body before it looks would see a broken connection in place of its 413. So
what still comes is thrown away for a while, as nginx (`lingering_close`) and Apache do.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

IDLE = 2.0
"""Seconds after which a client that sends nothing more is believed to have read what it was told."""


class Wire:
    """A transport. `close` says that nothing more comes, and goes on to read while something does, for `most` seconds
    altogether; where `unread` says no it closes at once, and so it does when asked again."""

    def __init__(
        self, transport: Any, loop: asyncio.AbstractEventLoop, unread: Callable[[], bool], most: float
    ) -> None:
        self.inner, self.loop, self.unread, self.most = transport, loop, unread, most
        self.write = transport.write
        self.lingers = False
        prompt(transport.get_extra_info("socket"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def is_closing(self) -> bool:
        """Whether nothing more is said."""
        return self.lingers or bool(self.inner.is_closing())

    def close(self) -> None:
        """Say nothing more."""
        if self.lingers or self.inner.is_closing() or not self.unread():
            self.cut()
            return
        self.lingers = True
        self.until = self.loop.time() + self.most
        if self.inner.can_write_eof():
            self.inner.write_eof()
        self.inner.resume_reading()
        self.timer = self.loop.call_later(min(IDLE, self.most), self.cut)

    def came(self) -> None:
        """Something came that nobody reads."""
        left = self.until - self.loop.time()
        if left <= 0:
            self.cut()
            return
        self.timer.cancel()
        self.timer = self.loop.call_later(min(IDLE, left), self.cut)

    def cut(self) -> None:
        """Close at once."""
        if self.lingers:
            self.timer.cancel()
        self.inner.close()


def prompt(line: Any) -> None:
    """Have a connection send at once what it is given; asyncio asks for that only where the socket that listens was
    made with the number of TCP, as those of `socket.create_server` and of service managers are not."""
    if line is not None and line.family in (socket.AF_INET, socket.AF_INET6):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
