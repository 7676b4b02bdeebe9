"""Connections that are closed while a client still sends: what was answered reaches it first.

A socket that is closed with bytes unread is reset, and a reset takes along what its other end has not read yet (RFC
9112, 9.6): a client that sends its whole body before it looks would see a broken connection in place of its 413. So
what still comes is thrown away for a while, as nginx (`lingering_close`) and Apache do.
"""

from __future__ import annotations

import asyncio
from typing import Any

IDLE = 2.0
"""Seconds after which a client that sends nothing more is believed to have read what it was told."""


class Lingering:
    """A transport whose `close` says that nothing more comes, and goes on to read while something does, for `most`
    seconds altogether; where `unread` says no it closes at once, and so it does when asked again."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop, unread: Any, most: float) -> None:
        self.inner, self.loop, self.unread, self.most = transport, loop, unread, most
        self.write = transport.write
        self.lingers = False

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
