"""Who may act as whom through whose rule: the whole table, and a naive second decision over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import pytest

from atamo_rules.model.authority import EVERYTHING, Grant, Reach
from atamo_rules.model.people import Directory, Given, User, Who
from atamo_rules.people.consent import refusal, wall
from atamo_rules.people.roles import ROLES
from atamo_rules.people.tokens import Consent

USERS = {
    "ann": User("ann", frozenset({"desk"}), "acme"),
    "eve": User("eve", frozenset({"desk"}), "acme"),
    "bob": User("bob", frozenset({"crew"}), "birch"),
    "root": User("root"),
}
OWNERS = (None, *(Who("user", name) for name in USERS), Who("group", "desk"), Who("group", "crew"),
          Who("organisation", "acme"), Who("organisation", "birch"))  # fmt: skip
SUBJECTS = ((Who("user", "ann"), "acme"), (Who("user", "bob"), "birch"), (Who("user", "root"), ""),
            (Who("group", "desk"), "acme"), (Who("group", "desk"), "birch"))  # fmt: skip
AGENTS = ("crm", "mail")
HOSTS = ("crm.example", "evil.example", "")
REACHES = (
    EVERYTHING,
    Reach("own"),
    Reach("user", "ann"),
    Reach("group", "desk"),
    Reach("organisation", "acme"),
)


def consents() -> Iterator[tuple[Consent, ...]]:
    """No consent, and each of every subject to every owner for one agent at one host."""
    yield ()
    for (subject, tenant), owner in product(SUBJECTS, OWNERS):
        yield (Consent(tenant, str(subject), "crm", ("crm.example",), str(owner) if owner else "project"),)


def naive(
    owner: Who | None,
    subject: Who,
    tenant: str,
    agent: str,
    host: str,
    grant: Given | None,
    given: Iterable[Consent],
) -> bool:
    """The same, in the words of the documentation and by no code of the hub."""
    if owner is not None and (owner.kind, owner.name) == (subject.kind, subject.name):
        return True
    name = f"{owner.kind} {owner.name}" if owner is not None else "project"
    for one in given:
        same = (one.organisation, one.who, one.to) == (tenant, f"{subject.kind} {subject.name}", name)
        if same and one.agent == agent and host in one.hosts:
            return True
    if owner is None or grant is None or grant.grant.role not in ("gateway", "admin"):
        return False
    user = USERS.get(owner.name) if owner.kind == "user" else None
    home = user.organisation if user else owner.name if owner.kind == "organisation" else ""
    if home and home != tenant:
        return False
    held = {("user", owner.name)} if owner.kind == "user" else {(owner.kind, owner.name)}
    if user is not None:
        held |= {("group", group) for group in user.groups} | {("organisation", user.organisation)}
    if (grant.to.kind, grant.to.name) not in held:
        return False
    over = grant.grant.over
    if over.kind == "everything":
        return True
    if over.kind == "organisation":
        return over.name == tenant
    if over.kind == "group":
        groups = {subject.name} if subject.kind == "group" else USERS[subject.name].groups
        return over.name in groups
    if subject.kind != "user":
        return False
    return subject.name == (over.name if over.kind == "user" else owner.name if owner.kind == "user" else "")


def grants() -> Iterator[Given | None]:
    yield None
    for role, reach in product(ROLES, REACHES):
        for to in OWNERS:
            if to is not None:
                yield Given(to, Grant(role, ROLES[role], reach))


def test_every_owner_subject_agent_host_and_consent() -> None:
    """Without a grant: a rule acts as its owner, and as who agreed to it, there and with that agent. Nothing else."""
    allowed = seen = 0
    people = Directory(USERS)
    for owner, (subject, tenant), agent, host, given in product(OWNERS, SUBJECTS, AGENTS, HOSTS, consents()):
        may = refusal(owner, subject, tenant, agent, host, people, given) == ""
        assert may == naive(owner, subject, tenant, agent, host, None, given), (
            owner,
            subject,
            agent,
            host,
            given,
        )
        allowed += may
        seen += 1
    assert 0 < allowed < seen / 5


def test_every_owner_subject_and_grant_of_every_role() -> None:
    allowed: set[str] = set()
    for owner, (subject, tenant), grant in product(OWNERS, SUBJECTS, grants()):
        people = Directory(USERS, grants=(grant,) if grant is not None else ())
        may = refusal(owner, subject, tenant, "crm", "crm.example", people, ()) == ""
        assert may == naive(owner, subject, tenant, "crm", "crm.example", grant, ()), (owner, subject, grant)
        if may and grant is not None and owner != subject:
            allowed.add(grant.grant.role)
    assert allowed == {"gateway", "admin"}, "no other role acts as anybody"


def test_no_grant_reaches_rules_without_an_owner() -> None:
    grant = Given(Who("organisation", "acme"), Grant("admin", ROLES["admin"], EVERYTHING))
    why = refusal(
        None, Who("user", "ann"), "acme", "crm", "crm.example", Directory(USERS, grants=(grant,)), ()
    )
    assert why == (
        "`user ann` did not agree to rules of `project` using `crm`: "
        "they do by `atamo secret consent crm --to 'project' --host crm.example`"
    )


def test_an_agent_that_is_given_another_address_is_where_nobody_agreed_to() -> None:
    given = (Consent("acme", "user ann", "crm", ("crm.example",), "user eve"),)
    eve, ann = Who("user", "eve"), Who("user", "ann")
    people = Directory(USERS)
    assert refusal(eve, ann, "acme", "crm", "CRM.example", people, given) == ""
    for host in ("evil.example", "crm.example.evil.example", "crm.example:8080", ""):
        why = refusal(eve, ann, "acme", "crm", host, people, given)
        assert why == f"`user ann` agreed to `user eve` using `crm`, and not at `{host}`"


@pytest.mark.parametrize(("tenant", "event"), list(product(("", "acme", "birch"), repeat=2)))
def test_the_wall_between_organisations(tenant: str, event: str) -> None:
    assert (wall(tenant, event) is None) == (not tenant or not event or tenant == event)
