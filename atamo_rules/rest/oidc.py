"""Who sends a request by a token of an OpenID Connect issuer: a signed JWT (RFC 7519) as the bearer.

app = application(lambda: controller.hub, others=(SignIn(lambda: controller.hub, Issuer(...)),))

The arithmetic is the package PyJWT, imported when it is used: `pip install atamo-rules[oidc]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from starlette.requests import Request

from atamo_rules.hub.hub import Hub
from atamo_rules.model.authority import Principal
from atamo_rules.model.people import User
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.rest.access import address_of, network
from atamo_rules.rest.problem import Problem

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""What signs with a key that only the issuer has: none that a public key could forge, and not `none` (RFC 8725)."""
FRESH = 600.0
"""Seconds that keys are used before they are asked for again."""
SELDOM = 30.0
"""The least seconds between two times that keys are asked for: tokens with made-up keys ask nobody."""
LEEWAY = 30
"""Seconds that the issuer's clock may differ."""
LONGEST = 16 << 10
LARGEST = 1 << 20
TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whom to believe. `audience` is what its tokens must be for; `keys` is a file or the address of its key set (RFC
    7517); `name` is the claim that is the user's name. Users that the people files do not have are of `organisation`.
    Raises ValueError for what cannot be believed."""

    url: str
    audience: str
    keys: str
    name: str = "sub"
    organisation: str = ""
    algorithms: tuple[str, ...] = ALGORITHMS

    def __post_init__(self) -> None:
        if not self.url or not self.audience:
            raise ValueError("an issuer has a url and an audience")
        if unsafe := sorted(set(self.algorithms) - set(ALGORITHMS)) or not self.algorithms:
            raise ValueError(f"`algorithms` are some of {', '.join(ALGORITHMS)}, and not {unsafe}")
        where = urlsplit(self.keys)
        if where.scheme == "http" and where.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("`keys` is a file, or begins with https://")


class SignIn:
    """Asked by the door for each request; see `rest.access.Authenticate`."""

    def __init__(self, hub: Callable[[], Hub], issuer: Issuer) -> None:
        self.hub, self.issuer = hub, issuer
        self.keys: dict[str, Any] = {}
        self.asked = float("-inf")
        self.lock = asyncio.Lock()

    async def __call__(self, request: Request) -> Principal | None:
        """Who shows a token of the issuer; None for what is no such token. Raises Problem for one that is no good."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or text.count(".") != 2:
            return None
        claims = await self._claims(text, request)
        name = claims.get(self.issuer.name)
        if not isinstance(name, str) or not name or len(name) > 256:
            await self._refused(request, f"the token has no `{self.issuer.name}` that is a name")
        people = self.hub().current.intake.people
        user = people.users.get(name) or User(name, organisation=self.issuer.organisation)
        return Principal(user, people.grants_of(user), key=f"oidc {name}")

    async def _claims(self, text: str, request: Request) -> dict[str, Any]:
        import jwt

        issuer = self.issuer
        if len(text) > LONGEST:
            await self._refused(request, "the token is too long")
        try:
            head = jwt.get_unverified_header(text)
            key = await self._key(str(head.get("kid", "")))
            if key is None:
                await self._refused(request, "the token is signed with a key that its issuer does not have")
            claims: dict[str, Any] = jwt.decode(
                text, key, algorithms=list(issuer.algorithms), audience=issuer.audience, issuer=issuer.url,
                leeway=LEEWAY, options={"require": ["exp", "iss", "aud"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            await self._refused(request, f"the token is no good: {type(error).__name__}")
        return claims

    async def _key(self, id: str) -> Any:
        """The issuer's key of an id; what is not known is asked for, seldom."""
        passed = self.hub().clock.passed
        age = passed() - self.asked
        if age >= FRESH or (id not in self.keys and age >= SELDOM):
            async with self.lock:
                if passed() - self.asked >= SELDOM:
                    await self._read()
        return self.keys.get(id)

    async def _read(self) -> None:
        """Take the issuer's keys. Where it does not answer, those that are known go on."""
        import jwt

        self.asked = self.hub().clock.passed()
        try:
            value = decode(await self._written())
            found = jwt.PyJWKSet.from_dict(value if isinstance(value, dict) else {})
        except (OSError, JsonRefused, jwt.PyJWTError) as error:
            await self.hub().note(
                "hub.degraded", why=f"the keys of {self.issuer.url} cannot be read: {error}"
            )
            return
        self.keys = {key.key_id or "": key for key in found.keys if key.key_type != "oct"}

    async def _written(self) -> bytes:
        """The key set as it stands there. Raises OSError."""
        if not self.issuer.keys.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self.issuer.keys).read_bytes)
        import httpx2

        try:
            async with httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client:
                answer = await client.get(self.issuer.keys)
        except httpx2.HTTPError as error:
            raise OSError(type(error).__name__) from None
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise OSError(f"the answer was {answer.status_code}, {len(answer.content)} bytes")
        return answer.content

    async def _refused(self, request: Request, why: str) -> NoReturn:
        """No, audited; whoever is refused is not told why."""
        hub = self.hub()
        address = address_of(request)
        wait = hub.keyring.failures.add(network(address), hub.clock.passed())
        if wait:
            after = (("Retry-After", str(max(1, round(wait)))),)
            raise Problem(429, "too-many", "too many wrong keys came from this address", headers=after)
        await hub.note("access.denied", reason=why, address=address)
        raise Problem(
            401, "unauthenticated", "say who you are", remedy="send a token of this hub's issuer that has not ended",
            headers=(("WWW-Authenticate", "Bearer"),),
        )  # fmt: skip
