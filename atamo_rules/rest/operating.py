"""What an operator does to open work over HTTP: hold it by agent, rule or organisation, let it go on, or cancel it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from difflib import get_close_matches
from typing import cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.hub.hub import Hub
from atamo_rules.model.authority import Resource
from atamo_rules.model.types import Json
from atamo_rules.model.work import Hold, HoldKind, Selector
from atamo_rules.people.decide import everywhere
from atamo_rules.rest import meant
from atamo_rules.rest.access import Access, principal
from atamo_rules.rest.meant import of_rule
from atamo_rules.rest.pages import listed
from atamo_rules.rest.parameters import text
from atamo_rules.rest.problem import Problem, json_response

KINDS: tuple[str, ...] = get_args(HoldKind)
LONGEST = 500
"""Characters of why something is paused."""


class Operating:
    """The handlers, over whichever hub is running. `by` says who asks, for the audit, where nobody is asked."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    async def holds(self, request: Request) -> Response:
        """All that is paused, and how many actions have come to stand still by it."""
        store = self.hub().store
        holds = sorted(await self._paused(request), key=lambda hold: (KINDS.index(hold.kind), hold.name))
        held = (await store.depth()).held if everywhere(principal(request), "work.operate") else None
        return listed(request, "holds", [hold_json(hold) for hold in holds], held=held)

    async def hold(self, request: Request) -> Response:
        """One pause, if it is there."""
        return json_response(hold_json(await self._held(request, self._named(request))))

    async def pause(self, request: Request) -> Response:
        """Begin no more actions: 201, or 200 where it was paused before."""
        hub, hold = self.hub(), self._named(request)
        there = await self._there(request, hold)
        if there is None:
            self._known(request, hold)
            why = " ".join(text(request, "why").split())[:LONGEST]
            await hub.pause(replace(hold, why=why), by(request))
        kept = there or await self._there(request, hold) or hold
        return json_response({**hold_json(kept), "new": there is None}, 201 if there is None else 200)

    async def resume(self, request: Request) -> Response:
        """Go on with what was paused."""
        hold = await self._held(request, self._named(request))
        await self.hub().resume(replace(hold, why=""), by(request))
        return json_response(hold_json(hold))

    async def cancel(self, request: Request) -> Response:
        """End the open actions of an event for good, those of an agent or a rule where that is said; a request ends as
        a whole. What was kept of it stays."""
        hub, who = self.hub(), by(request)
        key = await meant.message(self.access, request, "message.cancel")
        if key is None or await hub.store.event(key) is None:
            raise Problem(
                404, "unknown-id", "nothing is kept under this id",
                remedy="search for it: atamo audit search --text",
            )  # fmt: skip
        which = Selector(
            event=key,
            agent=text(request, "agent"),
            rule=meant.rule_named(self.access, request, text(request, "rule")),
        )
        asked = await hub.requests.find(key)
        whole = asked is not None and not asked.over
        if whole:
            if which != Selector(event=key):
                raise Problem(
                    409, "request", "a request is cancelled as a whole", remedy="leave out `agent` and `rule`"
                )
            await hub.requests.cancel(key, f"cancelled by {who}" if who else "cancelled by an operator")
        return json_response({"id": key, "cancelled": await hub.cancel(which, who), "request": whole})

    async def _paused(self, request: Request) -> list[Hold]:
        """What is paused, of what somebody may operate."""
        holds = await self.hub().store.paused()
        return [hold for hold in holds if self.access.sees(request, "work.operate", self._of(hold))]

    def _of(self, hold: Hold) -> Resource:
        """What a pause is about: an organisation's work, a rule, or an agent, which works for all."""
        if hold.kind == "organisation":
            return Resource("hold", hold.name)
        if hold.kind == "rule":
            found = (rule for rule in self.hub().current.ruleset.rules if rule.id == hold.name)
            people = self.hub().current.intake.people
            resource = of_rule(rule, people) if (rule := next(found, None)) is not None else Resource("hold")
            return Resource("hold") if resource.common else resource
        return Resource("hold")

    async def _there(self, request: Request, hold: Hold) -> Hold | None:
        return next((one for one in await self._paused(request) if one == hold), None)

    async def _held(self, request: Request, hold: Hold) -> Hold:
        """The pause that is there. Raises Problem."""
        holds = await self._paused(request)
        for one in holds:
            if one == hold:
                return one
        names = sorted(other.name for other in holds if other.kind == hold.kind)
        remedy = _near(hold.name, names)
        if not remedy:
            first = sorted(holds, key=lambda other: (other.kind, other.name))[:10]
            others = ", ".join(f"{other.kind} `{other.name}`" for other in first)
            remedy = f"paused: {others}" if others else "nothing is paused"
        raise Problem(404, "not-held", f"{hold.kind} `{hold.name[:80]}` is not paused", remedy=remedy)

    def _known(self, request: Request, hold: Hold) -> None:
        """Whether there is such an agent, rule or organisation that somebody may operate: a misspelt pause would hold
        nothing, and look as if it did. Raises Problem."""
        every = _names(self.hub(), hold.kind)
        known = [
            name
            for name in every
            if self.access.sees(request, "work.operate", self._of(Hold(hold.kind, name)))
        ]
        loose = hold.kind == "organisation" and not every
        if hold.name and (
            hold.name in known or (loose and self.access.sees(request, "work.operate", self._of(hold)))
        ):
            return
        place = {"agent": "GET /v1/agents", "rule": "GET /v1/rules", "organisation": "`people.yaml`"}[
            hold.kind
        ]
        remedy = _near(hold.name, known) or f"{place} lists them"
        raise Problem(
            404, f"unknown-{hold.kind}", f"there is no {hold.kind} `{hold.name[:80]}`", remedy=remedy
        )

    def _named(self, request: Request) -> Hold:
        """What a path names. Raises Problem."""
        kind, name = request.path_params["kind"], request.path_params["name"]
        if kind not in KINDS:
            remedy = _near(kind, KINDS) or f"there are {', '.join(KINDS)}"
            raise Problem(404, "unknown-kind", f"nothing is paused by `{kind[:80]}`", remedy=remedy)
        return Hold(
            cast(HoldKind, kind), meant.rule_named(self.access, request, name) if kind == "rule" else name
        )


def by(request: Request) -> str:
    """Who asks, for the audit: whoever came in with a key, else whom `by` names."""
    return principal(request).name or text(request, "by")


def _names(hub: Hub, kind: HoldKind) -> Collection[str]:
    """What can be paused: also agents and rules that are gone, as long as an event goes on under them. Without
    organisations in the directory they come with the users that a program hands in, and any may be meant."""
    if kind == "agent":
        return {name for generation in hub.retiring.all for name in generation.agents}
    if kind == "rule":
        return {rule.id for generation in hub.retiring.all for rule in generation.ruleset.rules}
    return hub.current.intake.people.organisations


def hold_json(hold: Hold) -> dict[str, Json]:
    """A pause as JSON: what, by whom, since when, and why, where that was said."""
    return {
        "kind": hold.kind,
        "name": hold.name,
        "by": hold.by,
        "at": hold.at.isoformat() if hold.at is not None else None,
        "why": hold.why,
    }


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{near[0]}`?" if near else ""
