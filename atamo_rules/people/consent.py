"""May a rule act as somebody? Pure, total, and no unless they agreed or a grant says so.

What somebody has for an agent is used in their name. A rule of their own may do that; a rule of anybody else may where
they consented, for that agent and at that host, or where a grant gives the rule's owner `act.as` over them. Changing a
rule changes none of this, and an agent that is given another address is at a host that nobody consented to.
"""

from __future__ import annotations

from collections.abc import Iterable

from atamo_rules.model.authority import Allow, Deny, Principal, Resource
from atamo_rules.model.people import Directory, User, Who
from atamo_rules.people.decide import decide
from atamo_rules.people.tokens import PROJECT, Consent


def refusal(
    owner: Who | None,
    subject: Who,
    tenant: str,
    agent: str,
    host: str,
    people: Directory,
    consents: Iterable[Consent],
) -> str:
    """Why a rule of an owner (None: of the project's files) may not act as a user or a group of an organisation, with
    an agent at a host; empty when it may."""
    if owner == subject:
        return ""
    to = str(owner) if owner is not None else PROJECT
    asked = (tenant, str(subject), agent, to)
    given = [one for one in consents if (one.organisation, one.who, one.agent, one.to) == asked]
    if any(host.lower() in one.hosts if one.hosts else not host for one in given):
        return ""
    if owner is not None:
        granted = decide(_acting(owner, people), "act.as", _over(subject, tenant, people))
        if isinstance(granted, Allow):
            return ""
    if given:  # nobody is told how to agree to another address than they meant
        return f"`{subject}` agreed to `{to}` using `{agent}`, and not at `{host}`"
    place = f" --host {host}" if host else ""
    remedy = f"they do by `atamo secret consent {agent} --to '{to}'{place}`"
    return f"`{subject}` did not agree to rules of `{to}` using `{agent}`: {remedy}"


def wall(tenant: str, event: str) -> Deny | None:
    """Nothing of one organisation is used for another's event; None when nothing stands between them."""
    if tenant and event and tenant != event:
        return Deny("they are of another organisation than the event")
    return None


def _acting(owner: Who, people: Directory) -> Principal:
    """A rule's owner, with what is granted to it."""
    match owner.kind:
        case "user":
            user = people.user(owner.name)
        case "group":
            user = User("", frozenset({owner.name}))
        case _:
            user = User("", organisation=owner.name)
    return Principal(user, people.grants_of(user))


def _over(subject: Who, tenant: str, people: Directory) -> Resource:
    if subject.kind == "group":
        return Resource("group", tenant, groups=frozenset({subject.name}))
    user = people.user(subject.name)
    return Resource("user", tenant, subject.name, user.groups)
