"""The one decision: a table of every role, verb and owner, and a second, naive decision that must say the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.model.authority import (
    EVERYTHING,
    VERBS,
    Allow,
    Deny,
    Grant,
    Limits,
    Principal,
    Reach,
    Resource,
    Verb,
    belonging,
)
from atamo_rules.model.people import User
from atamo_rules.people.decide import anywhere, decide, everywhere, holds
from atamo_rules.people.roles import LOCAL, ROLES

ANN = User("ann", frozenset({"support"}), "acme")
OWNERS = {
    "own": ANN,
    "group": User("bob", frozenset({"support"}), "acme"),
    "other": User("cyd", frozenset({"sales"}), "acme"),
    "foreign": User("dan", frozenset({"support"}), "birch"),
}
READS = {"types.read", "rules.read", "message.read", "dead.read", "hub.read"}
MAY: dict[str, set[str]] = {
    "none": set(),
    "viewer": READS,
    "sender": {"types.read", "event.send", "request.send"},
    "gateway": {"types.read", "event.send", "request.send", "act.as"},
    "author": READS | {"rules.change"},
    "approver": READS | {"rules.approve"},
    "operator": READS | {"message.cancel", "work.operate", "audit.read"},
    "admin": set(VERBS),
}
"""What each role may, written out a second time."""
SELF = {"message.read", "message.cancel", "secrets.manage"}
WHERE = {
    Reach("own"): {"own"},
    Reach("user", "bob"): {"group"},
    Reach("group", "support"): {"own", "group"},
    Reach("organisation", "acme"): {"own", "group", "other"},
    Reach("organisation", "birch"): set(),  # the wall: ann is of acme
    EVERYTHING: {"own", "group", "other"},
}


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("reach", WHERE, ids=str)
def test_every_role_verb_and_owner(role: str, reach: Reach) -> None:
    grants = () if role == "none" else (Grant(role, ROLES[role], reach),)
    ann = Principal(ANN, grants)
    for verb in VERBS:
        for relation, owner in OWNERS.items():
            expected = (verb in MAY[role] and relation in WHERE[reach]) or (
                verb in SELF and relation == "own"
            )
            got = decide(ann, verb, belonging("message", owner, "ticket.created"))
            assert isinstance(got, Allow) is expected, (role, str(reach), verb, relation, got)


def test_a_decision_names_the_grant_or_the_reason() -> None:
    grant = Grant("operator", ROLES["operator"], Reach("group", "support"), source="people.yaml:9:3")
    ann = Principal(ANN, (grant,))
    allowed = decide(ann, "dead.read", belonging("message", OWNERS["group"]))
    assert allowed == Allow(grant, "ann has operator over group support")
    refused = decide(ann, "dead.read", belonging("message", OWNERS["other"]))
    assert refused == Deny("no grant of ann gives dead.read here")
    assert decide(ann, "dead.read", belonging("message", OWNERS["foreign"])) == Deny(
        "it belongs to another organisation"
    )


def test_what_nobody_owns_is_reached_by_everything_alone() -> None:
    for reach in (*WHERE, Reach("organisation", ""), Reach("user", "")):
        grants = (Grant("admin", ROLES["admin"], reach),)
        hub = decide(Principal(User("root"), grants), "hub.read", Resource("hub"))
        assert isinstance(hub, Allow) is (reach == EVERYTHING), reach


def test_who_has_no_name_owns_nothing() -> None:
    for grants in ((), (Grant("admin", ROLES["admin"], Reach("own")),)):
        for verb in VERBS:
            assert isinstance(decide(Principal(User(""), grants), verb, Resource("message")), Deny), verb


def test_a_key_takes_away_and_never_gives() -> None:
    limits = Limits(frozenset({"event.send"}), ("ticket.*",))
    robot = Principal(ANN, (Grant("admin", ROLES["admin"], Reach("organisation", "acme")),), limits)
    assert isinstance(decide(robot, "event.send", belonging("event", ANN, "ticket.created")), Allow)
    assert isinstance(decide(robot, "event.send", belonging("event", ANN, "tickets")), Deny)
    assert isinstance(decide(robot, "message.read", belonging("message", ANN, "ticket.created")), Deny)
    assert not anywhere(robot, "audit.read")
    bare = Principal(ANN, (), limits)
    assert isinstance(decide(bare, "event.send", belonging("event", ANN, "ticket.created")), Deny)


def test_nobody_hands_on_more_than_they_have() -> None:
    boss = Principal(ANN, (Grant("admin", ROLES["admin"], Reach("organisation", "acme")),))
    sender = Grant("sender", ROLES["sender"], Reach("group", "support"))
    assert holds(boss, sender, "acme")
    assert not holds(boss, sender, "birch")
    assert not holds(boss, Grant("sender", ROLES["sender"], EVERYTHING), "acme")
    assert not holds(
        Principal(ANN, (sender,)), Grant("viewer", ROLES["viewer"], Reach("group", "support")), "acme"
    )
    assert holds(LOCAL, Grant("admin", ROLES["admin"], EVERYTHING), "")
    tickets = Grant("sender", ROLES["sender"], Reach("group", "support"), ("ticket.*",))
    for narrow in (
        Principal(boss.user, boss.grants, Limits(types=("ticket.*",))),
        Principal(boss.user, (Grant("admin", ROLES["admin"], boss.grants[0].over, ("ticket.*",)),)),
    ):
        assert holds(narrow, tickets, "acme")
        assert not holds(narrow, sender, "acme"), "of types that are not theirs"
        assert not holds(
            narrow, Grant("sender", ROLES["sender"], tickets.over, ("ticket.*", "order.*")), "acme"
        )
    scoped = Principal(boss.user, boss.grants, Limits(frozenset({"keys.manage"})))
    assert not holds(scoped, sender, "acme")


ALL = Grant("auditor", frozenset({"audit.read"}), EVERYTHING)
SOME = Limits(types=("ticket.*",))


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (Principal(User("root"), (ALL,)), True),
        (Principal(User("root"), (ALL,), Limits(frozenset({"audit.read"}))), True),
        (Principal(User("root"), (ALL,), Limits(frozenset({"types.read"}))), False),
        (Principal(User("root"), (ALL,), SOME), False),
        (Principal(ANN, (ALL,)), False),
        (Principal(User("root"), (Grant("auditor", ALL.verbs, EVERYTHING, ("*",)),)), False),
        (Principal(User("root"), (Grant("auditor", ALL.verbs, Reach("organisation", "acme")),)), False),
        (Principal(User("root"), (Grant("viewer", frozenset({"types.read"}), EVERYTHING),)), False),
        (Principal(User("root"), ()), False),
    ],
)
def test_who_need_not_be_asked_one_by_one(principal: Principal, expected: bool) -> None:
    assert everywhere(principal, "audit.read") is expected
    if expected:
        assert all(isinstance(decide(principal, "audit.read", one), Allow) for one in RESOURCES)


# --- a second decision, over a small world --------------------------------------------------------------

NAMES, GROUPS, TENANTS, TYPES = ("a", "b"), ("g", "h"), ("", "t", "u"), ("x", "x.y", "z")
USERS = [User(n, frozenset(g), t) for n in NAMES for g in ((), ("g",), ("g", "h")) for t in TENANTS]
REACHES = [
    EVERYTHING, Reach("own"), *(Reach("user", n) for n in NAMES), *(Reach("group", g) for g in GROUPS),
    *(Reach("organisation", t) for t in TENANTS),
]  # fmt: skip
RESOURCES = [
    *(belonging("m", user, type) for user in [None, *USERS] for type in ("", *TYPES)),
    Resource("types", common=True),
]
verbs = st.frozensets(st.sampled_from(VERBS), max_size=4)
patterns = st.lists(st.sampled_from(["*", "x", "x.*", "z"]), max_size=2).map(tuple)
grants = st.builds(Grant, st.just("r"), verbs, st.sampled_from(REACHES), patterns)
limits = st.builds(Limits, verbs, patterns)
NOBODY = User("")
principals = st.builds(
    Principal, st.sampled_from([*USERS, NOBODY]), st.lists(grants, max_size=4).map(tuple), limits
)


def naive(principal: Principal, verb: Verb) -> list[bool]:
    """For each resource whether it may: sets of all that is granted, less the sets of all that is forbidden."""
    everything = set(range(len(RESOURCES)))

    def where(test: object) -> set[int]:
        return {at for at in everything if test(RESOURCES[at])}  # type: ignore[operator]

    def named(wanted: tuple[str, ...]) -> set[int]:
        matched: set[int] = set()
        for one in wanted:
            if one == "*":
                matched |= where(lambda r: r.type != "")
            elif one[-2:] == ".*":
                matched |= where(lambda r, one=one: r.type.split(".")[0] + ".*" == one and "." in r.type)
            else:
                matched |= where(lambda r, one=one: r.type == one)
        return matched

    allowed: set[int] = set()
    me = principal.user
    if verb in SELF:
        allowed |= where(lambda r: (r.owner, r.tenant) == (me.name, me.organisation) and me.name)
    for grant in principal.grants:
        if verb not in grant.verbs:
            continue
        areas = {
            "everything": lambda r: True,
            "own": lambda r: (r.owner, r.tenant) == (me.name, me.organisation) and me.name,
            "user": lambda r, n=grant.over.name: r.common or (r.owner == n and n),
            "group": lambda r, n=grant.over.name: r.common or n in r.groups,
            "organisation": lambda r, n=grant.over.name: r.common or (r.tenant == n and n),
        }
        area = where(areas[grant.over.kind])
        allowed |= area & named(grant.types) if grant.types else area
    if me.organisation:
        allowed -= where(lambda r: not r.common and r.tenant != me.organisation)
    if principal.limits.types:
        allowed &= named(principal.limits.types)
    if principal.limits.verbs and verb not in principal.limits.verbs:
        allowed = set()
    return [at in allowed for at in sorted(everything)]


@settings(max_examples=300, deadline=None)
@given(principals, st.sampled_from(VERBS))
def test_the_naive_decision_says_the_same(principal: Principal, verb: Verb) -> None:
    got = [isinstance(decide(principal, verb, one), Allow) for one in RESOURCES]
    assert got == naive(principal, verb)
    assert anywhere(principal, verb) or not any(got)
    if everywhere(principal, verb):
        assert all(got)


@settings(max_examples=300, deadline=None)
@given(principals, st.lists(st.sampled_from(VERBS), min_size=1, max_size=4))
def test_what_is_known_of_somebody_is_what_their_grants_say(principal: Principal, verbs: list[Verb]) -> None:
    for verb in verbs:  # the first makes what the others find
        granted = verb in SELF or any(verb in grant.verbs for grant in principal.grants)
        limited = principal.limits.verbs and verb not in principal.limits.verbs
        assert anywhere(principal, verb) is (granted and not limited)


@settings(max_examples=300, deadline=None)
@given(principals, grants, st.sampled_from(USERS), st.sampled_from(VERBS))
def test_what_may_be_handed_on_opens_nothing_new(
    giver: Principal, grant: Grant, to: User, verb: Verb
) -> None:
    if grant.over == Reach("own") or not holds(giver, grant, to.organisation):
        return
    gained = Principal(to, (grant,))
    for one in RESOURCES:
        own = verb in SELF and one.owner == to.name
        if not own and isinstance(decide(gained, verb, one), Allow):
            assert isinstance(decide(giver, verb, one), Allow), (one, decide(giver, verb, one))
