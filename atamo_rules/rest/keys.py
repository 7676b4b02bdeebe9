"""Keys over HTTP: made and shown once, listed without what opens, revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.functions.time import parse_moment
from atamo_rules.hub.hub import Hub
from atamo_rules.model.authority import Resource
from atamo_rules.model.people import User, Who
from atamo_rules.people import issuing
from atamo_rules.people.keys import Key
from atamo_rules.rest.access import Access, principal
from atamo_rules.rest.orders import order as ordered
from atamo_rules.rest.orders import unmeant
from atamo_rules.rest.pages import listed
from atamo_rules.rest.parameters import yes
from atamo_rules.rest.problem import Problem, json_response

LARGEST = 64 << 10


class Keys:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    async def list(self, request: Request) -> Response:
        """Every key that somebody may manage, oldest first."""
        ring = self.hub().keyring
        seen = [key for key in ring.keys.values() if self.access.sees(request, "keys.manage", self._of(key))]
        seen.sort(key=lambda key: (key.made, key.id))
        return listed(request, "keys", [self._told(key) for key in seen])

    async def show(self, request: Request) -> Response:
        """One of them."""
        return json_response(self._told(await self._one(request)))

    async def create(self, request: Request) -> Response:
        """A new key: 201 with its text, which is told nowhere else. Nobody makes one that may more than they do."""
        hub, who = self.hub(), principal(request)
        order = await ordered(request, "NewKey", LARGEST)
        holder = order["holder"]
        known = hub.current.intake.people.users.get(holder)
        tenant = known.organisation if known is not None else order.get("organisation", who.user.organisation)
        if known is not None and order.get("organisation", tenant) != tenant:
            raise unmeant("`organisation` is said by the people files", f"`{holder}` is of `{tenant}`")
        user = known or User(holder, organisation=tenant)
        expires = _expires(order, hub)
        await self.access.require(request, "keys.manage", Resource("key", tenant, holder, user.groups))
        if hub.leaving.gone(Who("user", holder)):
            raise unmeant(
                f"`{holder}` was here and is here no more: a key of theirs would open nothing",
                "have the people files, or PUT /v1/people/users, say again who they are",
            )
        more: dict[str, Any] = {
            name: order[name] for name in ("role", "over", "verbs", "types", "about") if name in order
        }
        wanted = Key("", "", holder, tenant, **_tuples(more))
        if why := issuing.refusal(who, user, wanted, hub.current.intake.people):
            self.access.denied(who, "keys.manage", "key", why)
            raise Problem(
                403, "forbidden", "you may not do this", "nobody makes a key that may more than they do",
                "leave out a `role` that is not yours to hand on; what your own key is limited to, `verbs` and "
                "`types` name, or less; a key of somebody else may what they may",
            )  # fmt: skip
        parent = hub.keyring.keys.get(who.key)
        text, key = await hub.keyring.make(
            holder, by=who.name, organisation=tenant, expires=_bounded(expires, parent),
            made_by=issuing.others(who, user), parent=parent.id if parent is not None else "",
            **_tuples(more),
        )  # fmt: skip
        headers = {"Cache-Control": "no-store", "Location": f"/v1/keys/{key.id}"}
        return json_response({"key": text, **key.document()}, 201, headers)

    async def revoke(self, request: Request) -> Response:
        """Have a key open nothing any more; with `made`, those that were made with it neither, and so on: as far as
        whoever asks may manage them."""
        hub, key = self.hub(), await self._one(request)
        made = issuing.descendants(key.id, hub.keyring.keys) if yes(request, "made") else []
        ends = [key, *(one for one in made if self.access.sees(request, "keys.manage", self._of(one)))]
        rulers = {one.id for one in hub.leaving.rulers()}
        if rulers and rulers <= {one.id for one in ends} and not self.access.others:
            raise Problem(
                409, "last-admin", "it is the last key of anybody who may make keys",
                "without it nobody could let anybody in again", "make another first: atamo key create",
            )  # fmt: skip
        for one in ends:
            await hub.keyring.revoke(one.id, principal(request).name)
        also = {"also": [one.id for one in ends[1:]]} if "made" in request.query_params else {}
        return json_response({**self._told(hub.keyring.keys[key.id]), **also})

    async def _one(self, request: Request) -> Key:
        """The key that a path names; none and one of somebody else's look alike."""
        key = self.hub().keyring.keys.get(request.path_params["id"])
        if key is None or not await self.access.may(request, "keys.manage", self._of(key)):
            raise Problem(404, "unknown-key", "there is no key of this id", remedy="GET /v1/keys lists them")
        return key

    def _told(self, key: Key) -> dict[str, Any]:
        return {**key.document(), "used": self.hub().keyring.used.get(key.id, "")}

    def _of(self, key: Key) -> Resource:
        groups = self.hub().current.intake.people.user(key.holder).groups
        return Resource("key", key.organisation, key.holder, groups)


def _tuples(order: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in order.items()}


def _bounded(expires: str, parent: Key | None) -> str:
    """When a key ends: as was asked, else with the one it is made with. Raises Problem where it would outlive that."""
    if not issuing.outlives(expires, parent):
        return expires
    assert parent is not None
    if not expires:
        return parent.expires
    raise unmeant(
        f"a key ends no later than the one it is made with, which ends at {parent.expires}",
        "leave `expires` out, or make it with a key that is good for longer",
    )


def _expires(order: dict[str, Any], hub: Hub) -> str:
    """When the key ends, as RFC 3339: given so, or as days from now. Raises Problem."""
    given = order.get("expires")
    if given is None:
        return ""
    now = hub.clock.now()
    if isinstance(given, int):
        return (now + timedelta(days=given)).isoformat()
    moment = parse_moment(given) if isinstance(given, str) else None
    if moment is None or moment <= now:
        raise unmeant("`expires` is a moment to come as in RFC 3339, or a number of days up to 3650")
    return moment.isoformat()
