"""An agent that calls a web address with the action's arguments as JSON.

The address it connects to is resolved here, checked, and pinned for the call: private and local networks are refused
unless the settings allow them (OWASP, Server Side Request Forgery Prevention). Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.strict_json import JsonRefused, decode, encode

LARGEST = 1 << 20
"""Bytes of an answer that are read."""
_LATER = {408, 425, 429}


class HttpAgent:
    """Settings: `url`; `method` (POST), `headers`, `timeout` in seconds (10), `private` (false): whether private
    and local addresses may be called. The answer is the body when it is JSON, else `{status, text}`."""

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "url": {"type": "string", "pattern": "^https?://"},
            "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": 300},
            "private": {"type": "boolean"},
        },
        "required": ["url"],
        "additionalProperties": False,
    }
    concurrency = 16

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.url = urlsplit(settings["url"])
        self.method = settings.get("method", "POST")
        self.headers = dict(settings.get("headers", {}))
        self.timeout = float(settings.get("timeout", 10))
        self.private = bool(settings.get("private", False))
        if not self.url.hostname or self.url.username:
            raise ValueError("`url` needs a host, and no user name or password")
        for header, text in self.headers.items():
            if any(char in f"{header}{text}" for char in "\r\n\0"):
                raise ValueError(f"the header `{header}` holds a line end")
        self._client: Any = None

    def client(self) -> Any:
        if self._client is None:
            import httpx2

            self._client = httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=self.timeout)
        return self._client

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        import httpx2

        try:
            address = await self.address()
        except OSError as error:
            return Again(f"{self.url.hostname} cannot be resolved: {error}", error="unresolved")
        if address is None:
            return Failed(
                f"{self.url.hostname} is a private or local address; `private: true` in the agent's settings allows it",
                "private address",
            )
        host = f"[{address}]" if ":" in address else address
        port = f":{self.url.port}" if self.url.port else ""
        pinned = urlunsplit((self.url.scheme, host + port, self.url.path or "/", self.url.query, ""))
        headers = {**self.headers, "Host": self.url.netloc, "Idempotency-Key": action.id}
        content = None
        if self.method != "GET":
            headers["Content-Type"] = "application/json"
            content = encode(action.body).encode()
        extensions = {"sni_hostname": self.url.hostname}
        try:
            async with self.client().stream(
                self.method, pinned, content=content, headers=headers, extensions=extensions
            ) as answer:
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        body = body[:LARGEST]
                        break
                return _outcome(answer.status_code, answer.headers, body)
        except httpx2.HTTPError as error:
            return Again(f"{type(error).__name__}: {error}"[:300], error=type(error).__name__)

    async def address(self) -> str | None:
        """The address to connect to, or None when it may not be called. Raises OSError."""
        loop = asyncio.get_running_loop()
        port = self.url.port or (443 if self.url.scheme == "https" else 80)
        found = await loop.getaddrinfo(self.url.hostname, port, type=socket.SOCK_STREAM)
        for entry in found:
            address = str(entry[4][0])
            if self.private or allowed(address):
                return address
        return None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def allowed(address: str) -> bool:
    """Whether an address is on the public internet, the IPv4 address inside an IPv6 one included."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            ip = inner
        elif ip in ipaddress.ip_network("64:ff9b::/96"):
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.is_global and not ip.is_multicast


def _outcome(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    if 200 <= status < 300:
        try:
            return Done(decode(body) if body.strip() else {})
        except JsonRefused:
            return Done({"status": status, "text": body.decode("utf-8", "replace")[:10_000]})
    why = f"the answer was {status}"
    if status in _LATER or status >= 500:
        after = headers.get("retry-after", "")
        return Again(why, wait_of(after), f"http {status}")
    return Failed(why, f"http {status}")


def wait_of(text: str) -> float | None:
    """The seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3): a number of them, or a date."""
    if text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, (moment - datetime.now(moment.tzinfo)).total_seconds())
