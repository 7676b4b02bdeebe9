"""Tokens and consents over HTTP: set, listed by name, removed. No answer of any route holds a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import KeepingVault
from atamo_rules.model.authority import Resource
from atamo_rules.model.people import Who
from atamo_rules.people.decide import everywhere
from atamo_rules.people.roles import LOCAL
from atamo_rules.people.tokens import PROJECT, Binding, Consent, read_hosts, read_who
from atamo_rules.rest.access import Access, borrowed, forbidden, principal
from atamo_rules.rest.orders import order as ordered
from atamo_rules.rest.orders import unmeant
from atamo_rules.rest.pages import listed
from atamo_rules.rest.problem import Problem, json_response

LARGEST = 256 << 10


class Secrets:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    # --- tokens -----------------------------------------------------------------------------------------

    async def list(self, request: Request) -> Response:
        """Every token that somebody may manage, oldest first: names, never values."""
        seen = [
            token.document()
            for token in self._vault().tokens()
            if self._sees(request, token.binding.who, token.binding.organisation)
        ]
        seen.sort(key=lambda one: (one["made"], one["id"]))
        return listed(request, "secrets", seen)

    async def set(self, request: Request) -> Response:
        """Keep a token, in place of the one there is for the same agent and hosts: 201, and everything but the token.
        With `consent` it is agreed in the same breath whose rules may use it."""
        vault = self._vault()
        order = await ordered(request, "NewSecret", LARGEST)
        who, tenant = await self._whose(request, order)
        consents = [self._consent(who, tenant, {**order, "to": one}) for one in order.get("consent", ())]
        if consents:
            self._oneself(request, who, tenant)
        try:
            binding = Binding(tenant, str(who), order["agent"], read_hosts(order.get("hosts", [])))
            by = principal(request).name
            token = await vault.keep(
                binding, order.get("kind", "bearer"), order["value"], by=by, about=order.get("about", "")
            )
        except ValueError as error:
            raise unmeant(str(error)) from None
        for one in consents:
            await self.hub().consents.give(one, by)
        return json_response(token.document(), 201, {"Cache-Control": "no-store"})

    async def remove(self, request: Request) -> Response:
        """Forget a token."""
        vault, id = self._vault(), request.path_params["id"]
        token = next((one for one in vault.tokens() if one.id == id), None)
        may = token is not None and await self._may(request, token.binding.who, token.binding.organisation)
        gone = await vault.remove(id, principal(request).name) if may else None
        if gone is None:
            raise Problem(
                404, "unknown-secret", "there is no token of this id", remedy="GET /v1/secrets lists them"
            )
        return json_response(gone.document())

    async def rotate(self, request: Request) -> Response:
        """Read the keys anew, and seal everything under the first of them. For those who keep the whole hub."""
        who = principal(request)
        if not everywhere(who, "secrets.manage"):
            self.access.denied(who, "secrets.manage", "vault", "it takes `secrets.manage` over everything")
            raise forbidden("secrets.manage")
        try:
            done = await self._vault().rotate(who.name)
        except ValueError as error:
            raise Problem(409, "keys", "the keys cannot be read", str(error)) from None
        return json_response({"key": done.key, "sealed": done.count, "lost": list(done.lost)})

    # --- consents ---------------------------------------------------------------------------------------

    async def consents(self, request: Request) -> Response:
        """Every consent that somebody may manage, oldest first."""
        seen = [
            {"id": one.id, **one.document()}
            for one in self.hub().consents.given.values()
            if self._sees(request, one.who, one.organisation)
        ]
        seen.sort(key=lambda one: (one["given"], one["id"]))
        return listed(request, "consents", seen)

    async def agree(self, request: Request) -> Response:
        """Agree that rules of an owner act as oneself, or as a group one manages: 201."""
        order = await ordered(request, "NewConsent", LARGEST)
        who, tenant = await self._whose(request, order)
        self._oneself(request, who, tenant)
        consent = await self.hub().consents.give(self._consent(who, tenant, order), principal(request).name)
        return json_response({"id": consent.id, **consent.document()}, 201)

    async def withdraw(self, request: Request) -> Response:
        """Agree no longer."""
        consents = self.hub().consents
        one = consents.given.get(request.path_params["id"])
        if one is None or not await self._may(request, one.who, one.organisation):
            raise Problem(
                404, "unknown-consent", "there is no consent of this id", remedy="GET /v1/consents lists them"
            )
        await consents.withdraw(one, principal(request).name)
        return json_response({"id": one.id, **one.document()})

    def _consent(self, who: Who, tenant: str, order: dict[str, Any]) -> Consent:
        to = order["to"]
        try:
            if to != PROJECT:
                to = str(read_who(to, ("user", "group", "organisation")))
            return Consent(tenant, str(who), order["agent"], read_hosts(order.get("hosts", [])), to)
        except ValueError as error:
            raise unmeant(f"{error}, or `{PROJECT}`") from None

    # --- who --------------------------------------------------------------------------------------------

    def _vault(self) -> KeepingVault:
        vault = self.hub().vault
        if not isinstance(vault, KeepingVault):
            raise Problem(
                409, "no-vault", "this hub keeps no tokens",
                remedy="`atamo secret keygen vault.key`, then `atamo run --vault file:vault.key`",
            )  # fmt: skip
        return vault

    async def _whose(self, request: Request, order: dict[str, Any]) -> tuple[Who, str]:
        """Whose token or consent is meant, and their organisation. Raises Problem, 403, where that is not allowed."""
        asks = principal(request)
        if asks == LOCAL and not order.get("who"):
            raise unmeant(
                "nobody is asked here who they are: `who` says whose it is, `user NAME` or `group NAME`"
            )
        try:
            who = read_who(order.get("who") or f"user {asks.name}")
        except ValueError as error:
            raise unmeant(str(error)) from None
        known = self.hub().current.intake.people.users.get(who.name) if who.kind == "user" else None
        tenant = (
            known.organisation if known is not None else order.get("organisation", asks.user.organisation)
        )
        if known is not None and order.get("organisation", tenant) != tenant:
            raise unmeant(f"the people files have `{who.name}` in another organisation, or in none")
        await self.access.require(request, "secrets.manage", self._of(str(who), tenant))
        return who, tenant

    def _oneself(self, request: Request, who: Who, tenant: str) -> None:
        """Nobody agrees in the name of another user, whatever their role. Raises Problem."""
        asks = principal(request)
        if who.kind == "user" and asks != LOCAL and (who.name, tenant) != (asks.name, asks.user.organisation):
            self.access.denied(asks, "secrets.manage", "consent", f"{asks.name} is not {who.name}")
            raise Problem(
                403, "forbidden", "you may not do this", f"`{who}` alone agrees to what is done as them"
            )
        if who.kind == "user" and asks.made_by:
            self.access.denied(asks, "secrets.manage", "consent", f"the key was made by {asks.made_by[0]}")
            raise borrowed(f"`{who}` alone agrees to what is done as them", asks)

    def _sees(self, request: Request, who: str, tenant: str) -> bool:
        return self.access.sees(request, "secrets.manage", self._of(who, tenant))

    async def _may(self, request: Request, who: str, tenant: str) -> bool:
        return await self.access.may(request, "secrets.manage", self._of(who, tenant))

    def _of(self, who: str, tenant: str) -> Resource:
        kind, _, name = who.partition(" ")
        if kind == "group":
            return Resource("secret", tenant, groups=frozenset({name}))
        return Resource("secret", tenant, name, self.hub().current.intake.people.user(name).groups)
