"""The one decision: may this principal do this to that? Pure, total, and no unless a grant says yes.

In the order of Cedar (Cutler et al., OOPSLA 2024): what forbids is asked first and wins over every grant. Two things
forbid: the limits of the key that was used, and the wall between organisations.
"""

from __future__ import annotations

from collections.abc import Sequence

from atamo_rules.engine.once import Once
from atamo_rules.model.authority import (
    OWN,
    Allow,
    Deny,
    Grant,
    Principal,
    Reach,
    Resource,
    Verb,
)
from atamo_rules.people.roles import SELF


def decide(principal: Principal, verb: Verb, resource: Resource) -> Allow | Deny:
    """Whether a principal may do something; with the grant that allows it, or the reason why not."""
    limits = principal.limits
    if limits.verbs and verb not in limits.verbs:
        return Deny(f"the key is not for {verb}")
    if limits.types and not of_types(resource.type, limits.types):
        return Deny(f"the key is not for events of type `{resource.type}`")
    tenant = principal.user.organisation
    if tenant and not resource.common and resource.tenant != tenant:
        return Deny("it belongs to another organisation")
    for grant in (*SELF, *principal.grants):
        if verb in grant.verbs and reaches(grant, principal, resource):
            return Allow(grant, f"{principal.name} has {grant}")
    return Deny(f"no grant of {principal.name or 'nobody'} gives {verb} here")


def reaches(grant: Grant, principal: Principal, resource: Resource) -> bool:
    """Whether what a grant is about holds the resource."""
    if grant.types and not of_types(resource.type, grant.types):
        return False
    if resource.common:
        return grant.over != OWN
    match grant.over.kind:
        case "everything":
            return True
        case "organisation":
            return resource.tenant == grant.over.name != ""
        case "group":
            return grant.over.name in resource.groups
        case "user":
            return resource.owner == grant.over.name != ""
        case "own":
            # A name is somebody's within an organisation: of the same name elsewhere is somebody else.
            mine = (principal.name, principal.user.organisation)
            return bool(resource.owner) and (resource.owner, resource.tenant) == mine


def of_types(type: str, patterns: Sequence[str]) -> bool:
    """Whether an event type is one of those named; `ticket.*` names all below `ticket`."""
    return any(
        pattern in ("*", type) or (pattern.endswith(".*") and type.startswith(pattern[:-1]))
        for pattern in patterns
    ) and bool(type)


def anywhere(principal: Principal, verb: Verb) -> bool:
    """Whether there is anything at all that a principal may do this to: what a list of things is opened by."""
    return verb in _verbs(principal)


def _of(principal: Principal) -> frozenset[Verb]:
    """What somebody may do to anything at all."""
    granted = frozenset[Verb]().union(*(grant.verbs for grant in (*SELF, *principal.grants)))
    return granted & principal.limits.verbs if principal.limits.verbs else granted


_verbs: Once[Principal, frozenset[Verb]] = Once(_of)


def everywhere(principal: Principal, verb: Verb) -> bool:
    """Whether there is nothing that a principal may not do this to: what need not be looked at one by one."""
    limits = principal.limits
    if principal.user.organisation or limits.types or (limits.verbs and verb not in limits.verbs):
        return False
    return any(
        verb in grant.verbs and grant.over == Reach("everything") and not grant.types
        for grant in principal.grants
    )


def inside(principal: Principal) -> bool:
    """Whether somebody is of the hub itself: of no organisation, with any grant over everything. They are told the
    numbers by which the hub counts; everybody else is told their own, which say nothing of what others do."""
    return not principal.user.organisation and any(
        grant.over.kind == "everything" for grant in principal.grants
    )


def holds(principal: Principal, grant: Grant, tenant: str) -> bool:
    """Whether a principal may all that a grant would give to somebody of an organisation: nobody hands on more than
    they have. The grant's reach must lie within one of theirs."""
    if principal.user.organisation and principal.user.organisation != tenant:
        return False
    for verb in grant.verbs:
        if principal.limits.verbs and verb not in principal.limits.verbs:
            return False
        if principal.limits.types and not within(grant.types, principal.limits.types):
            return False
        if not any(
            verb in own.verbs
            and (not own.types or within(grant.types, own.types))
            and _covers(own.over, grant.over, tenant)
            for own in principal.grants
        ):
            return False
    return True


def within(types: Sequence[str], wide: Sequence[str]) -> bool:
    """Whether event types, as they are named for a grant or a key, are some and lie within others."""
    return bool(types) and all(of_types(one, wide) for one in types)


def _covers(wide: Reach, narrow: Reach, tenant: str) -> bool:
    if wide.kind == "everything" or wide == narrow:
        return wide != OWN
    return (
        narrow.kind not in ("everything", "organisation")
        and wide.kind == "organisation"
        and wide.name == tenant != ""
    )
