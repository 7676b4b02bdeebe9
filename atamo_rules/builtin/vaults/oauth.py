"""Access tokens bought with a refresh token when they are needed (RFC 6749, 6), one purchase at a time for each.

A refresh token that comes back with one is kept before the access token is handed out: the old one may be worth nothing
from then on (RFC 9700, 2.2.2). Access tokens are in memory alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from atamo_rules.errors import NotAllowed
from atamo_rules.model.strict_json import JsonRefused, decode, encode

LEEWAY = 30.0
"""Seconds before its end from which an access token is not used any more."""
FALLBACK = 300.0
"""Seconds that one is used for which does not say how long."""
TIMEOUT = 15.0
LARGEST = 1 << 20
FEW = 3
"""Access tokens that are remembered of one token: of what it is and has just been."""
FIELDS = {"token_url", "client_id", "client_secret", "refresh_token", "scope"}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class OAuth:
    """Purchases of one vault, from the token servers that are named by whoever runs the hub: who sets a token must not
    have the hub call addresses of their choice."""

    def __init__(self, hosts: frozenset[str]) -> None:
        self.hosts = hosts
        self.bought: dict[str, dict[bytes, tuple[str, float]]] = {}
        """By token, and what it was bought with: the access token, and when it ends, in the clock's seconds."""
        self.flights: dict[tuple[str, bytes], asyncio.Task[str]] = {}
        """By the same: who has set another refresh token meanwhile is given nothing of the one before."""

    def check(self, text: str) -> dict[str, str]:
        """What a refresh is asked with. Raises ValueError, a sentence that tells nothing of it."""
        try:
            value: Any = decode(text)
        except JsonRefused:
            value = None
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise ValueError("a token of the kind oauth2 is a JSON object of texts")
        if set(value) - FIELDS or not {"token_url", "client_id", "refresh_token"} <= set(value):
            raise ValueError(
                "a token of the kind oauth2 has token_url, client_id and refresh_token, "
                "and may have client_secret and scope"
            )
        try:
            url = urlsplit(value["token_url"])
            host, where = url.hostname or "", url.netloc.lower()
        except ValueError:
            raise ValueError("`token_url` is no address") from None
        if url.scheme != "https" and not (url.scheme == "http" and host in LOOPBACK):
            raise ValueError("`token_url` begins with https://")
        if where not in self.hosts:
            raise ValueError(
                f"`{where[:80]}` is not among the token servers of this hub: whoever runs it names them in "
                "ATAMO_TOKEN_HOSTS"
            )
        return value

    def forget(self, id: str) -> None:
        """The token is removed."""
        self.bought.pop(id, None)

    async def access(
        self,
        id: str,
        text: str,
        renew: Callable[[str, str], Awaitable[None]],
        passed: Callable[[], float],
    ) -> str:
        """An access token: the one that was bought with the refresh token as it is now, or a new one. `text` is the
        refresh token, `renew` keeps another in its place. Raises NotAllowed when the server refuses for good,
        and ConnectionError when it may work later."""
        mark = _mark(text)
        known = self.bought.get(id, {}).get(mark)
        if known is not None and passed() < known[1]:
            return known[0]
        flight = self.flights.get((id, mark))
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._buy(id, text, renew, passed))
            self.flights[id, mark] = flight
            flight.add_done_callback(lambda done: self._landed((id, mark), done))
        # Whoever gives up leaves the purchase to the others, and to what must be kept of it.
        return await asyncio.shield(flight)

    def _landed(self, key: tuple[str, bytes], flight: asyncio.Task[str]) -> None:
        del self.flights[key]
        if not flight.cancelled():
            flight.exception()  # whoever waited was told

    async def _buy(
        self,
        id: str,
        text: str,
        renew: Callable[[str, str], Awaitable[None]],
        passed: Callable[[], float],
    ) -> str:
        try:
            asked = self.check(text)
        except ValueError as error:
            raise NotAllowed(str(error)) from None
        form = {
            "grant_type": "refresh_token",
            "refresh_token": asked["refresh_token"],
            "client_id": asked["client_id"],
        }
        form |= {name: asked[name] for name in ("client_secret", "scope") if name in asked}
        answer = await _posted(asked["token_url"], form)
        access = answer.get("access_token")
        if (
            not isinstance(access, str)
            or not access
            or str(answer.get("token_type", "bearer")).lower() != "bearer"
        ):
            raise ConnectionError("the token server gave no bearer token")
        seconds = answer.get("expires_in")
        try:
            lasts = float(seconds) if seconds is not None else FALLBACK
        except (TypeError, ValueError):
            lasts = FALLBACK
        again, before = answer.get("refresh_token"), text
        new = isinstance(again, str) and bool(again) and again != asked["refresh_token"]
        if new:
            text = encode({**asked, "refresh_token": again})
        of_it = self.bought.setdefault(id, {})
        of_it[_mark(text)] = access, passed() + max(0.0, lasts - LEEWAY)
        while len(of_it) > FEW:
            del of_it[next(iter(of_it))]
        if new:  # whoever finds it kept finds what was bought with it, too
            await renew(text, before)
        return access


def _mark(text: str) -> bytes:
    """What a text is known by, without being kept."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


async def _posted(url: str, form: dict[str, str]) -> dict[str, Any]:
    """What a token server answers. What it says of an error may hold what it was sent, so none of it is told."""
    import httpx2

    host = urlsplit(url).hostname
    try:
        async with (
            httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client,
            client.stream("POST", url, data=form, headers={"Accept": "application/json"}) as answer,
        ):
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise ConnectionError(f"the token server {host} answered too much")
    except httpx2.HTTPError as error:
        raise ConnectionError(f"the token server {host} cannot be asked: {type(error).__name__}") from None
    try:
        value: Any = decode(body)
    except JsonRefused:
        value = None
    if answer.status_code in (400, 401) and isinstance(value, dict):
        raise NotAllowed(f"the token server {host} does not take the refresh token any more: set it again")
    if answer.status_code != 200 or not isinstance(value, dict):
        raise ConnectionError(f"the token server {host} answered {answer.status_code}")
    return value
