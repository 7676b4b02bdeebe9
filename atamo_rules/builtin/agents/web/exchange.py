"""One request and its answer, in bounded time and memory, to an address that was checked.

Nothing is read from the environment, no redirect is followed unless the settings say so, and each hop is resolved,
checked and pinned anew. What goes wrong is a `Broken`, which says whether it may work later.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from atamo_rules.builtin.agents.web.addresses import Reach, Refused
from atamo_rules.builtin.agents.web.quiet import quiet
from atamo_rules.model.outcome import Again, Failed

LARGEST = 1 << 20
"""Bytes of an answer that are read, after decompression; the rest is cut off."""
_FOLLOWED = {301, 302, 303, 307, 308}
_CONTROL = frozenset(map(chr, range(32))) - {"\t"} | {"\x7f"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Header values and body are not shown: they may hold a credential."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the body decompressed; `cut` when there was more than `LARGEST`."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    cut: bool = False


class Broken(Exception):
    """An exchange without an answer, and what that means for the action."""

    def __init__(self, outcome: Again | Failed) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


class Exchange:
    """The connections of one agent. `redirects` is how many are followed; `ca` the text of certificates to trust
    instead of those of the machine."""

    def __init__(self, reach: Reach, timeout: float, *, redirects: int = 0, ca: str | None = None) -> None:
        self.reach, self.timeout, self.redirects, self._ca = reach, timeout, redirects, ca
        self._clients: dict[tuple[str, str], Any] = {}
        self._trust: ssl.SSLContext | None = None

    async def send(self, request: Request) -> Answer:
        """The answer. Raises Broken."""
        try:
            async with asyncio.timeout(self.timeout) as limit:
                return await self._follow(request)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Broken(Again(f"no answer within {self.timeout:g} seconds", error="timeout")) from None

    async def _follow(self, request: Request) -> Answer:
        left = self.redirects
        while True:
            answer = await self._hop(request)
            target = answer.headers.get("location", "")
            if not self.redirects or answer.status not in _FOLLOWED or not target:
                return answer
            if not left:
                raise Broken(Failed(f"it redirects more than {self.redirects} times", "redirects"))
            left -= 1
            request = redirected(request, answer.status, target)

    async def _hop(self, request: Request) -> Answer:
        import httpx2

        url = urlsplit(request.url)
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        try:
            address = await self.reach.resolve(host, port)
        except Refused as refused:
            raise Broken(Failed(str(refused), "private address")) from None
        except OSError as error:
            why = f"{host} cannot be resolved: {error.strerror or error}"
            raise Broken(Again(why, error="unresolved")) from None
        there = f"[{address}]" if ":" in address else address
        pinned = urlunsplit((url.scheme, f"{there}:{port}", url.path or "/", url.query, ""))
        headers = {
            "Accept-Encoding": "gzip",
            "User-Agent": "atamo",
            **request.headers,
            "Host": url.netloc,
        }
        try:
            sending = self._client(url).stream(
                request.method, pinned, content=request.content, headers=headers,
                extensions={"sni_hostname": host},
            )  # fmt: skip
            with quiet():
                async with sending as response:
                    plain, cut = await _read(
                        response.headers.get("content-encoding", ""), response.aiter_raw()
                    )
                    return Answer(response.status_code, _headers(response.headers), plain, cut)
        except (httpx2.HTTPError, httpx2.InvalidURL, zlib.error) as error:
            raise Broken(trouble(error, host)) from None

    def _client(self, url: SplitResult) -> Any:
        """The client of a host. Hosts share none: a connection was made for the certificate of one name."""
        key = url.scheme, url.netloc
        if key not in self._clients:
            import httpx2

            if len(self._clients) >= 8:  # only redirects make more than one
                raise Broken(
                    Failed("it redirects to more hosts than an agent keeps connections to", "redirects")
                )
            self._clients[key] = httpx2.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                timeout=self.timeout,
                verify=self.context(url.scheme),
            )
        return self._clients[key]

    def context(self, scheme: str) -> ssl.SSLContext | bool:
        """Whom a connection trusts; false without TLS."""
        if scheme != "https":
            return False
        if self._trust is None:
            self._trust = trust(self._ca)
        return self._trust

    async def close(self) -> None:
        """Give back all connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()


def trust(ca: str | None) -> ssl.SSLContext:
    """Certificates are checked, host names too, and nothing older than TLS 1.2 is spoken."""
    context = ssl.create_default_context(cadata=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def redirected(request: Request, status: int, target: str) -> Request:
    """The request of the next hop. To another origin go neither headers nor a body: they were meant for the first.
    Raises Broken."""
    try:
        url = urljoin(request.url, target)
        there, here = urlsplit(url), urlsplit(request.url)
        origin, port = there.hostname, there.port
    except ValueError:
        raise Broken(Failed("it redirects to what is no address", "redirects")) from None
    if (
        there.scheme not in ("http", "https")
        or not origin
        or there.username is not None
        or blemished(url)
        or not url.isascii()
    ):
        raise Broken(Failed("it redirects to what is no plain http or https address", "redirects"))
    if here.scheme == "https" and there.scheme == "http":
        raise Broken(Failed("it redirects from https to http", "redirects"))
    method, content = request.method, request.content
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, content = "GET", None
    same = (there.scheme, origin, port) == (here.scheme, here.hostname, here.port)
    if not same and content is not None:
        raise Broken(Failed("it redirects what was sent to another host", "redirects"))
    kept = {
        name: value
        for name, value in request.headers.items()
        if content is not None or not name.lower().startswith("content-")
    }
    url = urlunsplit((there.scheme, there.netloc, there.path, there.query, ""))
    return replace(request, method=method, url=url, headers=kept if same else {}, content=content)


def blemished(text: str) -> bool:
    """Whether a text holds what ends a line or a header somewhere: controls, and Unicode's line ends."""
    return any(char in _CONTROL or char in "\x85\u2028\u2029" for char in text)


def trouble(error: Exception, host: str) -> Again | Failed:
    """What an exception of the HTTP client means."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failed(f"the certificate of {host} is not accepted: {cause.verify_message}", "certificate")
        if isinstance(cause, ssl.SSLError):
            return Again(f"no TLS with {host}: {cause.reason or 'it failed'}", error="tls")
        cause = cause.__cause__ or cause.__context__
    name = type(error).__name__
    if isinstance(error, zlib.error):
        return Again("the answer is not compressed as it says", error="protocol")
    said = str(error)[:200]
    if "disconnected" in said or "closed connection" in said or name in ("ReadError", "WriteError"):
        return Again(f"{host} closed the connection before its answer was whole", error="connection")
    if "Protocol" in name or "Invalid" in name:
        return Again(f"the answer is no proper HTTP: {said}", error="protocol")
    return Again(f"{host} cannot be reached: {said or name}", error="unreachable")


async def _read(coding: str, pieces: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """The body, decompressed by no more than is kept: a bomb costs what a plain answer does."""
    body = bytearray()
    match coding.strip().lower():
        case "" | "identity":
            async for piece in pieces:
                body += piece[: LARGEST + 1 - len(body)]
                if len(body) > LARGEST:
                    break
        case "gzip" | "x-gzip" | "deflate":
            unpack = zlib.decompressobj(47)  # gzip or zlib, as its head says
            async for piece in pieces:
                if unpack.eof:
                    break  # what follows the end is nobody's
                body += unpack.decompress(piece, LARGEST + 1 - len(body))
                if len(body) > LARGEST:
                    break
            if len(body) <= LARGEST and not unpack.eof:
                raise zlib.error("it ends too soon")
        case _:
            raise zlib.error("an encoding nobody asked for")
    return bytes(body[:LARGEST]), len(body) > LARGEST


def _headers(given: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in given.items()}
