"""People of files and people that are kept, as one directory; and that no change hands on what nobody had."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from atamo_rules.model.authority import EVERYTHING, Grant, Principal, Reach
from atamo_rules.model.people import Directory, User
from atamo_rules.people.joining import joined, refusal, uses, written
from atamo_rules.people.read import read_sources
from atamo_rules.people.roles import LOCAL, ROLES
from atamo_rules.source.span import Source

FILES = """
organisations: { acme: {}, birch: {} }
groups:
  staff: {}
  leads: { in: [staff] }
  desk: { organisation: acme }
users:
  ann: { organisation: acme, groups: [leads] }
services:
  shop: { organisation: acme }
grants:
  - { to: group staff, role: operator, over: everything }
  - { to: group desk, role: viewer, over: organisation acme }
  - { to: organisation birch, role: sender, over: organisation birch }
"""


def files() -> Directory:
    found, wrong = read_sources([Source("people.yaml", FILES)])
    assert not wrong
    return found


ANN = Principal(
    User("ann", organisation="acme"), (Grant("admin", ROLES["admin"], Reach("organisation", "acme")),)
)
ROOT = Principal(User("root"), (Grant("admin", ROLES["admin"], EVERYTHING),))


def test_files_win() -> None:
    kept = {
        ("users", "ann"): {"organisation": "birch"},
        ("users", "shop"): {"groups": ["staff"]},
        ("users", "bob"): {"organisation": "birch", "groups": ["leads"]},
        ("groups", "leads"): {"in": []},
    }
    made = joined(files(), kept)
    assert made.users["ann"] == User("ann", frozenset({"leads", "staff"}), "acme")
    assert made.users["bob"] == User("bob", frozenset({"leads", "staff"}), "birch")
    assert made.users["shop"].groups == frozenset()
    assert set(made.entries["users"]) == {"ann", "bob"}
    assert [written(files(), "users", one) for one in ("ann", "shop", "bob")] == [True, True, False]
    assert joined(files(), {}) == files()


def test_what_others_name_is_in_use() -> None:
    made = joined(files(), {("users", "bob"): {"organisation": "birch", "groups": ["desk"]}})
    assert [uses(made, "groups", one) for one in ("staff", "leads", "desk")] == [1, 1, 1]
    assert [uses(made, "organisations", one) for one in ("acme", "birch")] == [3, 1]


def change(who: Principal, kind: str, name: str, entry: dict[str, Any] | None, kept: Any = None) -> str:
    before = {**(kept or {})}
    after = (
        {**before, (kind, name): entry}
        if entry is not None
        else {k: e for k, e in before.items() if k != (kind, name)}
    )
    return refusal(who, joined(files(), before), joined(files(), after), kind, name)


def test_an_admin_of_an_organisation_changes_its_own_people_and_nobody_else() -> None:
    bob = {("users", "bob"): {"organisation": "birch"}}
    eve = {("users", "eve"): {"organisation": "acme"}}
    assert not change(ANN, "users", "eve", {"organisation": "acme"})
    assert not change(ANN, "users", "eve", {"organisation": "acme", "groups": ["desk"]})
    assert not change(ANN, "users", "eve", None, eve)
    assert not change(ANN, "groups", "team", {"organisation": "acme", "in": ["desk"]})
    assert not change(ANN, "organisations", "acme", {"about": "Acme"})
    for kind, name, entry, kept in (
        ("users", "eve", {"organisation": "acme", "groups": ["staff"]}, {}),
        ("users", "eve", {"organisation": "birch"}, {}),
        ("users", "eve", {}, {}),
        ("users", "eve", {"organisation": "birch"}, eve),
        ("users", "eve", {}, eve),
        ("users", "bob", {"organisation": "acme"}, bob),
        ("users", "bob", None, bob),
        ("groups", "team", {}, {}),
        ("groups", "team", {"organisation": "acme", "in": ["staff"]}, {}),
        ("organisations", "cedar", {}, {}),
    ):
        assert change(ANN, kind, name, entry, kept), (kind, name, entry)
        assert not change(ROOT, kind, name, entry, kept), (kind, name, entry)


def test_nobody_is_given_what_the_changer_does_not_have() -> None:
    people = Grant("people", frozenset({"people.manage"}), EVERYTHING)
    clerk = Principal(User("clerk"), (people,))
    assert not change(clerk, "users", "eve", {"organisation": "acme"})
    assert (
        change(clerk, "users", "eve", {"groups": ["staff"]})
        == "clerk has no operator over everything to hand on"
    )
    assert change(clerk, "users", "eve", {"organisation": "birch"}), "the organisation is given a role"
    team = {("groups", "team"): {}, ("users", "eve"): {"groups": ["team"]}}
    assert change(clerk, "groups", "team", {"in": ["staff"]}, team), "nor by way of a group"
    assert not change(clerk, "groups", "team", {"about": "a team"}, team)


GROUPS, TENANTS = ("staff", "leads", "desk", "team"), ("", "acme", "birch")
members = st.fixed_dictionaries(
    {},
    optional={
        "groups": st.lists(st.sampled_from(GROUPS), max_size=2),
        "organisation": st.sampled_from(TENANTS),
    },
)
people = st.dictionaries(
    st.tuples(st.sampled_from(("users", "services")), st.sampled_from("pqr")), members, max_size=3
)
principals = st.builds(
    Principal,
    st.builds(User, st.just("boss"), st.just(frozenset()), st.sampled_from(TENANTS)),
    st.lists(
        st.builds(
            Grant,
            st.just("r"),
            st.sampled_from([frozenset({"people.manage"}), ROLES["admin"], ROLES["viewer"]]),
            st.sampled_from([EVERYTHING, Reach("own"), *(Reach("organisation", t) for t in TENANTS if t),
                             *(Reach("group", g) for g in GROUPS)]),
        ),
        max_size=2,
    ).map(tuple),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(principals, people, st.sampled_from(("users", "services")), st.sampled_from("pqr"), members)
def test_an_allowed_change_crosses_no_wall_and_makes_nobody_mightier_than_the_changer(
    who: Principal, kept: dict[Any, Any], kind: str, name: str, entry: dict[str, Any]
) -> None:
    before, after = joined(files(), kept), joined(files(), {**kept, (kind, name): entry})
    if refusal(who, before, after, kind, name):
        return
    tenant = who.user.organisation
    assert any("people.manage" in grant.verbs for grant in who.grants)
    if tenant:
        assert (
            entry.get("organisation", "") == tenant == kept.get((kind, name), entry).get("organisation", "")
        )
    mine = set().union(*(grant.verbs for grant in who.grants))
    for user in after.users.values():
        old = before.users.get(user.name)
        had = set(before.grants_of(old)) if old is not None else set()
        for grant in set(after.grants_of(user)) - had:
            assert grant.verbs <= mine


def test_whoever_uses_a_hub_alone_may_all_of_it() -> None:
    assert not change(LOCAL, "users", "eve", {"groups": ["staff"], "organisation": "birch"})
