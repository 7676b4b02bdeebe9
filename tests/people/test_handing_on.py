"""Nobody hands on more than they have: which reach lies within which, written out."""

from __future__ import annotations

import pytest

from atamo_rules.model.authority import EVERYTHING, OWN, Deny, Grant, Limits, Principal, Reach, Resource
from atamo_rules.model.people import User
from atamo_rules.people.decide import anywhere, decide, holds, of_types, reaches

ACME, BIRCH, NOWHERE = (Reach("organisation", name) for name in ("acme", "birch", ""))
SUPPORT, SALES = Reach("group", "support"), Reach("group", "sales")
BOB, CYD = Reach("user", "bob"), Reach("user", "cyd")
NARROW = (EVERYTHING, ACME, SUPPORT, SALES, BOB, CYD, OWN)
READ = frozenset({"message.read"})


@pytest.mark.parametrize(
    ("wide", "within"),
    [
        (EVERYTHING, set(NARROW)),
        (ACME, {ACME, SUPPORT, SALES, BOB, CYD, OWN}),
        (BIRCH, set()),  # the grant is for somebody of acme
        (NOWHERE, set()),
        (SUPPORT, {SUPPORT}),
        (BOB, {BOB}),
        (Reach("group", "acme"), set()),  # a group that is called as the organisation is
        (Reach("user", "acme"), set()),
        (OWN, set()),  # what is one's own is not what is another's own
    ],
    ids=lambda one: str(one) if isinstance(one, Reach) else len(one),  # a set has no order to be named by
)
def test_which_reach_lies_within_which(wide: Reach, within: set[Reach]) -> None:
    giver = Principal(User("boss"), (Grant("reader", READ, wide),))
    for narrow in NARROW:
        assert holds(giver, Grant("reader", READ, narrow), "acme") is (narrow in within), str(narrow)


def test_an_organisation_lies_within_no_other() -> None:
    giver = Principal(User("boss", organisation="acme"), (Grant("reader", READ, ACME),))
    assert not holds(giver, Grant("reader", READ, BIRCH), "acme")


def test_who_is_of_no_organisation_is_within_none() -> None:
    """The name of no organisation is not the name of one: a grant over it covers nobody's."""
    for wide in (NOWHERE, ACME):
        giver = Principal(User("boss"), (Grant("reader", READ, wide),))
        for narrow in (SUPPORT, BOB, OWN, EVERYTHING):
            assert not holds(giver, Grant("reader", READ, narrow), ""), (str(wide), str(narrow))
    assert holds(Principal(User("boss"), (Grant("reader", READ, EVERYTHING),)), Grant("r", READ, OWN), "")


def test_each_verb_is_looked_for_in_every_grant() -> None:
    both = frozenset({"message.read", "dead.read"})
    parts = tuple(Grant(verb, frozenset({verb}), ACME) for verb in sorted(both))
    assert holds(Principal(User("boss", organisation="acme"), parts), Grant("r", both, SUPPORT), "acme")
    assert not holds(
        Principal(User("boss", organisation="acme"), parts[:1]), Grant("r", both, SUPPORT), "acme"
    )
    boss = User("boss", organisation="acme")
    assert holds(Principal(boss, parts, Limits(both)), Grant("r", both, SUPPORT), "acme")
    assert not holds(Principal(boss, parts, Limits(READ)), Grant("r", both, SUPPORT), "acme")
    assert holds(Principal(User("boss")), Grant("nothing", frozenset(), SUPPORT), "acme")


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        ((), (), True),
        ((), ("ticket.*",), True),
        (("ticket.*",), (), False),  # no types named are all of them
        (("ticket.*",), ("ticket.*",), True),
        (("ticket.*",), ("ticket.created",), True),
        (("ticket.*",), ("ticket.note.*",), True),
        (("ticket.*",), ("ticket",), False),
        (("ticket.*",), ("tickets.*",), False),
        (("ticket.*",), ("ticket.created", "order"), False),
        (("ticket",), ("ticket",), True),
        (("ticket",), ("ticket.*",), False),
        (("ticket.note",), ("ticket.*",), False),
        (("*",), ("ticket.*", "order"), True),
        (("*",), (), False),  # what has no type is of no pattern, and all types are more than that
        (("*",), ("*",), True),
        (("ticket.*",), ("*",), False),
    ],
)
def test_types_lie_within_types(own: tuple[str, ...], given: tuple[str, ...], expected: bool) -> None:
    grant = Grant("reader", READ, SUPPORT, given)
    by_grant = Principal(User("boss"), (Grant("reader", READ, ACME, own),))
    by_key = Principal(User("boss"), (Grant("reader", READ, ACME),), Limits(types=own))
    assert holds(by_grant, grant, "acme") is expected
    assert holds(by_key, grant, "acme") is expected


def test_what_is_common_is_reached_by_all_but_ones_own() -> None:
    """Names of types are nobody's: whoever may read them of anybody, may; who may of their own alone, may not."""
    common = Resource("types", common=True)
    ann = Principal(User("ann"))
    for over in (EVERYTHING, ACME, NOWHERE, SUPPORT, BOB):
        assert reaches(Grant("reader", READ, over), ann, common), str(over)
    assert not reaches(Grant("reader", READ, OWN), ann, common)


@pytest.mark.parametrize(
    ("type", "patterns", "expected"),
    [
        ("ticket", ("ticket",), True),
        ("ticket", ("*",), True),
        ("ticket", ("ticket.*",), False),
        ("ticket.", ("ticket.*",), True),
        ("ticket.note.sent", ("order", "ticket.*"), True),
        ("ticket.note", ("ticket",), False),
        ("tick", ("ticket",), False),
        ("", ("*", "", ".*"), False),
        ("ticket", (), False),
    ],
)
def test_types_by_pattern(type: str, patterns: tuple[str, ...], expected: bool) -> None:
    assert of_types(type, patterns) is expected


def test_a_key_that_is_for_other_verbs_opens_no_list() -> None:
    reader = (Grant("reader", READ, ACME),)
    ann = User("ann", organisation="acme")
    assert anywhere(Principal(ann, reader), "message.read")
    assert anywhere(Principal(ann, reader, Limits(READ)), "message.read")
    assert not anywhere(Principal(ann, reader, Limits(frozenset({"dead.read"}))), "message.read")
    assert not anywhere(Principal(ann, reader), "audit.read")


def test_a_no_names_nobody_where_nobody_asks() -> None:
    assert decide(Principal(User("")), "audit.read", Resource("hub")) == Deny(
        "no grant of nobody gives audit.read here"
    )
