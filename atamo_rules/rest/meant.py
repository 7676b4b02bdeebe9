"""What somebody means by a name in a request, and whether they may see it: messages, records of the audit, rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from atamo_rules.engine.decide import has_rule
from atamo_rules.hub.proposals.proposal import resource_of
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.authority import Resource, Verb, belonging
from atamo_rules.model.event import Event, realm_of
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import Rule
from atamo_rules.people.decide import everywhere
from atamo_rules.rest.access import Access, principal
from atamo_rules.rest.problem import Problem
from atamo_rules.source.span import space_named

ANOTHERS = frozenset({"event.refused", "event.duplicate"})
"""Records that name an event, and tell of a message that somebody else may have sent under its name."""


async def message(access: Access, request: Request, verb: Verb = "message.read") -> str | None:
    """The key in the hub of the message that a path names; None when there is none, or none for this principal:
    nobody can tell these apart. An id finds one's own message first."""
    return await named(access, request, str(request.path_params["id"]), verb)


async def named(access: Access, request: Request, name: str, verb: Verb) -> str | None:
    """As `message`, for a message that is named elsewhere than in the path."""
    hub, who = access.hub(), principal(request)
    key = await key_of(access, request, name)
    event = await hub.store.event(key or name)  # of none too: the time it takes must not tell which it is
    if event is None:
        left = await hub.store.told(key or name)
        if key is None or everywhere(who, verb):
            return key
        if left is None or left["state"] != "erased":
            return None
        return key if await access.may(request, verb, of_erased(left)) else None
    if await access.may(request, verb, of_event(event)):
        return event.key
    await hub.store.told("")  # as of none
    return None


async def key_of(access: Access, request: Request, name: str) -> str | None:
    """The key of the message that somebody means by a key or an id: their own of that id first, then one of their
    organisation; what others call theirs changes nothing of it."""
    hub, user = access.hub(), principal(request).user
    if not user.organisation:
        return await hub.store.find(name)
    own = Event(name, "", {}, hub.clock.now(), realm=realm_of(user)).key
    return await hub.store.find(own) or await hub.store.find(name, user.organisation)


async def still(access: Access, request: Request, verb: Verb = "message.read") -> bool:
    """Whether whoever follows a message may go on; not while the hub takes no messages. Raises Problem where their
    key does not open it any more, or they may not see this one."""
    if not access.hub().accepting:
        return False
    await access.again(request, verb)
    if await message(access, request, verb) is None and not everywhere(principal(request), verb):
        raise Problem(404, "unknown-id", "nothing is kept under this id", remedy="it is yours to see no more")
    return True


async def sees_record(access: Access, request: Request, record: AuditRecord) -> bool:
    """Whether somebody may see a record: those of messages as the messages, all others as the hub's own."""
    if everywhere(principal(request), "audit.read"):
        return True
    if not record.event or record.kind in ANOTHERS:
        return access.sees(request, "audit.read", Resource("audit"))
    store = access.hub().store
    event = await store.event(record.event)
    if event is not None:
        return access.sees(request, "audit.read", of_event(event))
    left = await store.told(record.event)
    return (
        left is not None and left["state"] == "erased" and access.sees(request, "audit.read", of_erased(left))
    )


def sees_rule(access: Access, request: Request, rule: Rule) -> bool:
    """Whether somebody may see a rule."""
    return access.sees(request, "rules.read", of_rule(rule, access.hub().current.intake.people))


def own_name(request: Request, name: str) -> str:
    """A rule of somebody's own organisation by the name that was written there."""
    organisation = principal(request).user.organisation
    return f"{space_named(organisation)}/{name}" if organisation else name


def rule_named(access: Access, request: Request, name: str) -> str:
    """The id of the rule that somebody means by a name: one of their organisation's own goes before all others."""
    own = own_name(request, name)
    held = (generation.ruleset for generation in access.hub().retiring.all)
    return own if name and any(has_rule(ruleset, own) for ruleset in held) else name


def of_event(event: Event) -> Resource:
    """A message, as something that is asked about."""
    return belonging("message", event.user, event.type)


def of_erased(left: Mapping[str, Any]) -> Resource:
    """What is left of a message that was erased (`Store.told`): it is whose the message was."""
    if left["user"] is None:
        return Resource("message", type=left["type"])
    groups = frozenset(left["groups"])
    return Resource("message", left["organisation"], left["user"], groups, left["type"])


def of_rule(rule: Rule, people: Directory) -> Resource:
    """A rule, as something that is asked about: its owner's, or of those it is for, or everybody's. That of a user or a
    group is of the organisation that these are in."""
    of = [rule.scope.owner] if rule.scope.owner is not None else list(rule.scope.include)
    if not of:
        return Resource("rule", common=True)
    return replace(resource_of(of[0], people), kind="rule") if len(of) == 1 else Resource("rule")
