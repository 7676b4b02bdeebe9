"""Whether another side could be called now, without calling it for anything: a connection, or a page made to be asked.

It goes the way of every call: the same addresses are allowed, the same certificates trusted, and the time is bounded.
Nobody's credential is used.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlunsplit

from atamo_rules.builtin.agents.web.addresses import Refused
from atamo_rules.builtin.agents.web.exchange import Broken, Exchange, Request, trouble

PAGE: dict[str, Any] = {
    "type": "string",
    "pattern": "^/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*$",
    "description": "a path below the address, such as `/health`",
}
"""The schema of the setting `health`: a page that says that all is well with a status of 200 to 299."""


async def health(exchange: Exchange, url: SplitResult, page: str = "") -> str:
    """Empty when all is well, else a sentence: whether `page` below an address says that it is, or without a page
    whether somebody takes connections there, with TLS where calls have it."""
    return await (_asked(exchange, url, page) if page else _connected(exchange, url))


async def _asked(exchange: Exchange, url: SplitResult, page: str) -> str:
    path, _, query = page.partition("?")
    there = urlunsplit((url.scheme, url.netloc, url.path.rstrip("/") + path, query, ""))
    try:
        answer = await exchange.send(Request("GET", there))
    except Broken as broken:
        return str(broken)
    return "" if 200 <= answer.status < 300 else f"{url.hostname} answers {page} with {answer.status}"


async def _connected(exchange: Exchange, url: SplitResult) -> str:
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    context = exchange.context(url.scheme)
    secured: dict[str, Any] = {"ssl": context, "server_hostname": host} if context else {}
    try:
        async with asyncio.timeout(exchange.timeout):
            address = await exchange.reach.resolve(host, port)
            _, writer = await asyncio.open_connection(address, port, **secured)
    except Refused as refused:
        return str(refused)
    except TimeoutError:
        return f"{host}: no connection within {exchange.timeout:g} seconds"
    except ssl.SSLError as error:
        return trouble(error, host).why
    except OSError as error:
        return f"{host}, port {port}, cannot be reached: {error.strerror or error}"
    writer.transport.abort()  # nothing was said, so there is nothing to end
    with suppress(OSError):
        await writer.wait_closed()
    return ""
