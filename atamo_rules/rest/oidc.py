"""Who sends a request by a token of an OpenID Connect issuer: a signed JWT (RFC 7519) as the bearer.

app = application(lambda: controller.hub, others=(SignIn(lambda: controller.hub, Issuer(...)),))

`atamo run --oidc-issuer` does the same. The arithmetic is the package PyJWT, imported when it is used:
`pip install atamo-rules[oidc]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from starlette.requests import Request

from atamo_rules.hub.hub import Hub
from atamo_rules.model.authority import Principal
from atamo_rules.model.people import Directory, User
from atamo_rules.people.joining import above_of
from atamo_rules.people.nesting import nested
from atamo_rules.rest.access import address_of, network
from atamo_rules.rest.keysets import SELDOM, KeySet
from atamo_rules.rest.keysets import Issuer as Issuer
from atamo_rules.rest.problem import Problem

LEEWAY = 30
"""Seconds that the issuer's clock may differ."""
LONGEST = 16 << 10
MOST_GROUPS = 1000


class SignIn:
    """Asked by the door for each request; see `rest.access.Authenticate`. `heard` is told why the issuer's keys cannot
    be read, once each time that this begins, and an empty text when they can be again."""

    def __init__(
        self, hub: Callable[[], Hub], issuer: Issuer, heard: Callable[[str], None] = lambda trouble: None
    ) -> None:
        self.hub, self.issuer, self.heard = hub, issuer, heard
        self.keys = KeySet(issuer)

    async def begin(self, again: float = SELDOM) -> None:
        """Read the issuer's keys before anybody comes with a token; while they cannot be, every `again` seconds."""
        await self._key("")
        while self.keys.trouble:
            await asyncio.sleep(again)
            await self._key("")

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
        if name not in people.users:
            await self.hub().leaving.back(name)
        user = people.users.get(name) or User(name, organisation=self.issuer.organisation)
        user = self._grouped(user, claims, people)
        return Principal(user, people.grants_of(user), key=f"oidc {name}")

    def _grouped(self, user: User, claims: dict[str, Any], people: Directory) -> User:
        """A user with the groups that the token names, and those that these are in."""
        given = claims.get(self.issuer.groups) if self.issuer.groups else None
        names = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        named = [one for one in names[:MOST_GROUPS] if isinstance(one, str) and one]
        return replace(user, groups=user.groups | nested(named, above_of(people.entries))) if named else user

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
        except (jwt.PyJWTError, RecursionError, OverflowError) as error:  # the last two of older releases
            await self._refused(request, f"the token is no good: {type(error).__name__}")
        return claims

    async def _key(self, id: str) -> Any:
        """The issuer's key of an id; that its keys cannot be read is audited once for each time."""
        asked, trouble = self.keys.asked, self.keys.trouble
        key = await self.keys.key(id, self.hub().clock)
        if self.keys.asked != asked:
            if bool(self.keys.trouble) != bool(trouble):
                self.heard(self.keys.trouble)
            if self.keys.trouble:
                await self.hub().note("hub.degraded", why=self.keys.trouble)
        return key

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
