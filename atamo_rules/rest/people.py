"""Organisations, groups, users and service accounts over HTTP: listed and shown, made, changed and removed.

What the people files say is shown, and changed in the files alone; what is made here is kept in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import jsonschema_rs
from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.hub.hub import Hub
from atamo_rules.model.authority import Resource
from atamo_rules.model.fitting import reasons
from atamo_rules.model.people import Directory
from atamo_rules.people import joining
from atamo_rules.people.joining import KINDS, above_of, refusal, resource, uses, written
from atamo_rules.people.nesting import way_back
from atamo_rules.people.shape import PEOPLE
from atamo_rules.rest.access import Access, forbidden, principal
from atamo_rules.rest.orders import order as ordered
from atamo_rules.rest.orders import unmeant
from atamo_rules.rest.pages import listed
from atamo_rules.rest.problem import Problem, json_response

LARGEST = 64 << 10
LONGEST = 256
"""Characters of a name."""
ONE = {"organisations": "organisation", "groups": "group", "users": "user", "services": "service account"}


class People:
    """The handlers, over whichever hub is running. Changes are made one after the other."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access
        self.changing = asyncio.Lock()

    async def list(self, request: Request) -> Response:
        """All of one kind that somebody may manage, by name."""
        kind, people = _kind(request), self._people()
        names = sorted(people.entries.get(kind, {}))
        return listed(
            request, kind, [self._told(kind, one) for one in names if self._sees(request, kind, one)]
        )

    async def show(self, request: Request) -> Response:
        """One of them."""
        kind, name = _kind(request), str(request.path_params["name"])
        if name not in self._people().entries.get(kind, {}) or not self._sees(request, kind, name):
            raise self._unknown(request, kind, name)
        return json_response(self._told(kind, name))

    async def put(self, request: Request) -> Response:
        """Make one (201), or have it be so from here on (200)."""
        kind, name = _kind(request), str(request.path_params["name"])
        if not name or len(name) > LONGEST or not name.isprintable():
            raise unmeant(f"a name has 1 to {LONGEST} characters, all of them printable")
        entry = await _entry(request, kind)
        async with self.changing:
            before = self._people()
            after = self.hub().members.changed(kind, name, entry)
            there = name in before.entries.get(kind, {})
            other = {"users": "services", "services": "users"}.get(kind, "")
            if name in before.entries.get(other, {}):
                self._may(request, before, before, other, name)
                raise Problem(
                    409, "taken", f"`{name[:80]}` is a {ONE[other]}", remedy="give one another name"
                )
            self._ours(request, kind, name)
            self._joins(request, kind, name, entry)
            self._may(request, before, after, kind, name)
            self._unclaimed(request, kind, name, there)
            self._fits(request, after, kind, name, entry)
            self._leads(after)
            await self.hub().members.change(kind, name, entry, principal(request).name)
        return json_response(self._told(kind, name), 200 if there else 201)

    async def remove(self, request: Request) -> Response:
        """Take one away. The keys of a user or service account open nothing any more."""
        kind, name = _kind(request), str(request.path_params["name"])
        async with self.changing:
            before = self._people()
            if name not in before.entries.get(kind, {}) or not self._sees(request, kind, name):
                raise self._unknown(request, kind, name)
            self._ours(request, kind, name)
            after = self.hub().members.changed(kind, name, None)
            self._may(request, before, after, kind, name)
            if count := uses(before, kind, name):
                raise Problem(
                    409, "in-use", f"{ONE[kind]} `{name[:80]}` is not empty", f"{count} belong to it",
                    "take them out of it first",
                )  # fmt: skip
            self._leads(after, name if kind in ("users", "services") else "")
            told = self._told(kind, name)
            await self.hub().members.change(kind, name, None, principal(request).name)
        return json_response(told)

    # --- who may, and what is wrong ---------------------------------------------------------------------

    def _people(self) -> Directory:
        return self.hub().current.intake.people

    def _sees(self, request: Request, kind: str, name: str) -> bool:
        people = self._people()
        return self.access.sees(
            request, "people.manage", resource(kind, name, people.entries[kind][name], people)
        )

    def _may(self, request: Request, before: Directory, after: Directory, kind: str, name: str) -> None:
        """Raises Problem, 403."""
        who = principal(request)
        if why := refusal(who, before, after, kind, name):
            self.access.denied(who, "people.manage", ONE[kind], why)
            raise forbidden("people.manage")

    def _joins(self, request: Request, kind: str, name: str, entry: dict[str, Any]) -> None:
        """Raises Problem for a group that is joined and not there for whoever asks, where all else of the change is
        theirs to make: one of another organisation is as if it were not there."""
        before, who = self._people(), principal(request)
        there = {one for one in before.entries.get("groups", {}) if self._sees(request, "groups", one)}
        there |= {name} if kind == "groups" else set()
        for member in ("in", "groups"):
            unseen = [one for one in entry.get(member, ()) if one not in there]
            rest = {**entry, member: [one for one in entry.get(member, ()) if one in there]}
            if not unseen or refusal(who, before, self.hub().members.changed(kind, name, rest), kind, name):
                continue
            if unseen[0] in before.entries.get("groups", {}):
                self.access.denied(who, "people.manage", "group", "it belongs to another organisation")
            raise unmeant(f"there is no group `{unseen[0][:80]}`", _near(unseen[0], sorted(there)))

    def _unclaimed(self, request: Request, kind: str, name: str, there: bool) -> None:
        """Raises Problem, 403, for somebody whom no directory has and keys do: whoever says in which organisation they
        are ends what those keys open in another, or has it be theirs."""
        if there or kind not in ("users", "services"):
            return
        for key in self.hub().keyring.keys.values():
            of = Resource("user", key.organisation, name)
            if key.holder != name or key.revoked or self.access.sees(request, "people.manage", of):
                continue
            self.access.denied(principal(request), "people.manage", ONE[kind], "keys of theirs are another's")
            raise forbidden("people.manage")

    def _ours(self, request: Request, kind: str, name: str) -> None:
        """Raises Problem, 409, for what the people files say; who may not see it is told less."""
        if not written(self.hub().members.files, kind, name):
            return
        if name not in self._people().entries.get(kind, {}) or not self._sees(request, kind, name):
            self.access.denied(principal(request), "people.manage", ONE[kind], "the people files have it")
            raise forbidden("people.manage")
        raise Problem(
            409, "in-files", f"{ONE[kind]} `{name[:80]}` is in the people files", "the files win",
            "change it there: `people.yaml`, or the folder `people`",
        )  # fmt: skip

    def _fits(self, request: Request, after: Directory, kind: str, name: str, entry: dict[str, Any]) -> None:
        """Raises Problem for groups and organisations that are not there, and groups that are in themselves."""
        for member in ("in", "groups"):
            for group in entry.get(member, ()):
                if group not in after.entries.get("groups", {}):
                    seen = [one for one in self._people().entries.get("groups", {})
                            if self._sees(request, "groups", one)]  # fmt: skip
                    raise unmeant(f"there is no group `{group[:80]}`", _near(group, seen))
        tenant = entry.get("organisation", "")
        if tenant and tenant not in self._people().organisations:
            raise unmeant(
                f"there is no organisation `{tenant[:80]}`", "PUT it to /v1/people/organisations first"
            )
        if kind == "groups" and (path := way_back(name, above_of(after.entries))):
            raise unmeant("a group is in itself: " + " in ".join(f"`{step}`" for step in path))

    def _leads(self, after: Directory, leaves: str = "") -> None:
        """Raises Problem, 409, where nobody who has a key could make keys afterwards, and somebody can now."""
        hub = self.hub()
        ends = [key.id for key in hub.keyring.keys.values() if leaves and key.holder == leaves]
        if not self.access.others and hub.leaving.rulers() and not hub.leaving.rulers(after, ends):
            raise Problem(
                409, "last-admin", "the last who may make keys would be gone",
                "nobody could let anybody in again", "have somebody else be an admin over everything first",
            )  # fmt: skip

    def _unknown(self, request: Request, kind: joining.Kind, name: str) -> Problem:
        seen = [one for one in self._people().entries.get(kind, {}) if self._sees(request, kind, one)]
        remedy = _near(name, seen) or f"GET /v1/people/{kind} lists them"
        return Problem(404, f"unknown-{kind[:-1]}", f"there is no {ONE[kind]} `{name[:80]}`", remedy=remedy)

    def _told(self, kind: str, name: str) -> dict[str, Any]:
        people = self._people()
        made: dict[str, Any] = {"kind": kind, "name": name, **people.entries[kind][name]}
        made["kept"] = "files" if written(self.hub().members.files, kind, name) else "hub"
        if kind in ("users", "services"):
            user = people.users[name]
            made |= {
                "organisation": user.organisation,
                "member_of": sorted(user.groups),
                "grants": [str(grant) for grant in people.grants_of(user)],
            }
        return made


def _kind(request: Request) -> joining.Kind:
    given = request.path_params["kind"]
    for kind in KINDS:
        if kind == given:
            return kind
    raise Problem(404, "unknown-kind", f"there are no `{given[:80]}`",
                  remedy=_near(given, list(KINDS)) or f"there are {', '.join(KINDS)}")  # fmt: skip


async def _entry(request: Request, kind: joining.Kind) -> dict[str, Any]:
    """What somebody is to be, in the words of the people files. Raises Problem."""
    entry = await ordered(request, "NewPerson", LARGEST)
    schema = PEOPLE["properties"][kind]["additionalProperties"]
    for found in jsonschema_rs.Draft202012Validator(schema).iter_errors(entry):
        message, help = next(reasons(found, schema))
        raise unmeant(f"{message}{f'; {help}' if help else ''}"[:1000])
    return entry


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else ""
