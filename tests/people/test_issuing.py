"""Who may make a key for whom: nobody comes by it as somebody whom they could not act as, or for longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from atamo_rules.model.authority import EVERYTHING, OWN, VERBS, Grant, Limits, Principal, Reach, Verb
from atamo_rules.model.people import Directory, Given, User, Who
from atamo_rules.people.issuing import descendants, others, outlives, refusal
from atamo_rules.people.keys import FIRST, HERE, Key, make, principal_of, read_key
from atamo_rules.people.roles import LOCAL, ROLES

ACME = Reach("organisation", "acme")
ANN, BOB, KIM = (User(name, organisation="acme") for name in ("ann", "bob", "kim"))
BEING: tuple[Verb, ...] = ("message.read", "message.cancel", "secrets.manage", "act.as")


def keymaster(*verbs: Verb, over: Reach = ACME, limits: Limits | None = None) -> Principal:
    return Principal(KIM, (Grant("keys", frozenset({"keys.manage", *verbs}), over),), limits or Limits())


def key(holder: User = ANN, **more: object) -> Key:
    return Key("", "", holder.name, holder.organisation, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", BEING)
def test_a_key_for_somebody_else_takes_all_that_being_them_takes(missing: Verb) -> None:
    """`keys.manage` alone opened what everybody may with their own: messages, answers, tokens, sending as them."""
    nobody = Directory(users={"ann": ANN})
    assert refusal(keymaster(*BEING), ANN, key(), nobody) == ""
    without = keymaster(*(verb for verb in BEING if verb != missing))
    assert missing in refusal(without, ANN, key(), nobody)
    assert refusal(without, KIM, key(KIM), nobody) == "", "their own gives them nothing new"
    limited = key(verbs=tuple(verb for verb in VERBS if verb not in (missing, "event.send", "request.send")))
    assert refusal(without, ANN, limited, nobody) == "", "a key that is not for it does not give it"


@pytest.mark.parametrize("verb", ["event.send", "request.send"])
def test_a_key_that_sends_takes_acting_as(verb: str) -> None:
    assert "act.as" in refusal(keymaster(), ANN, key(verbs=(verb,)), Directory())
    assert refusal(keymaster("act.as"), ANN, key(verbs=(verb,)), Directory()) == ""


def test_what_is_granted_to_the_holder_is_handed_on_by_who_has_it() -> None:
    granted = Directory(
        users={"ann": ANN}, grants=(Given(Who("user", "ann"), Grant("operator", ROLES["operator"], ACME)),)
    )
    assert "operator" in refusal(keymaster(*BEING), ANN, key(), granted)
    assert refusal(Principal(KIM, (Grant("admin", ROLES["admin"], ACME),)), ANN, key(), granted) == ""
    assert refusal(LOCAL, ANN, key(role="admin", over="everything"), granted) == ""


LISTS: tuple[tuple[str, ...], ...] = ((), ("a",), ("a.*",), ("a.b",), ("a.b", "c"), ("*",))
WITHIN = {
    ("a",): {("a",)},
    ("a.*",): {("a.*",), ("a.b",)},
    ("a.b",): {("a.b",)},
    ("a.b", "c"): {("a.b",), ("a.b", "c")},
    ("*",): set(LISTS) - {()},
}
VERB_LISTS: tuple[tuple[Verb, ...], ...] = ((), ("keys.manage",), ("keys.manage", "message.read"))


@pytest.mark.parametrize(("parent", "child"), [*product(LISTS, LISTS)])
def test_the_types_of_a_key_lie_within_those_of_the_one_it_is_made_with(
    parent: tuple[str, ...], child: tuple[str, ...]
) -> None:
    """The whole matrix, for oneself: that limits may be narrowed, and never widened."""
    who = Principal(KIM, (Grant("admin", ROLES["admin"], EVERYTHING),), Limits(types=parent))
    may = refusal(who, KIM, key(KIM, types=child), Directory()) == ""
    assert may is (not parent or child in WITHIN[parent])


@pytest.mark.parametrize(("parent", "child"), [*product(VERB_LISTS, VERB_LISTS)])
def test_the_verbs_of_a_key_lie_within_those_of_the_one_it_is_made_with(
    parent: tuple[Verb, ...], child: tuple[Verb, ...]
) -> None:
    who = Principal(KIM, (Grant("admin", ROLES["admin"], EVERYTHING),), Limits(frozenset(parent)))
    may = refusal(who, KIM, key(KIM, verbs=child), Directory()) == ""
    assert may is (not parent or (bool(child) and set(child) <= set(parent)))


@pytest.mark.parametrize(
    ("own", "role", "over", "expected"),
    [
        (ACME, "viewer", "organisation acme", True),
        (ACME, "viewer", "user kim", True),
        (ACME, "viewer", "everything", False),
        (ACME, "viewer", "organisation birch", False),
        (ACME, "operator", "organisation acme", False),
        (OWN, "viewer", "organisation acme", False),
    ],
)
def test_a_role_that_a_key_gives_its_own_maker_is_one_they_have(
    own: Reach, role: str, over: str, expected: bool
) -> None:
    who = Principal(KIM, (Grant("viewer", ROLES["viewer"], own), Grant("k", frozenset({"keys.manage"}), OWN)))
    assert (refusal(who, KIM, key(KIM, role=role, over=over), Directory()) == "") is expected


NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENDS = ("", *((NOW + timedelta(days=days)).isoformat() for days in (1, 2)))


def test_no_key_outlives_the_one_it_is_made_with() -> None:
    may = {
        (parent, child) for parent, child in product(ENDS, ENDS) if not outlives(child, key(expires=parent))
    }
    never, one, two = ENDS
    assert may == {(never, never), (never, one), (never, two), (one, one), (two, one), (two, two)}
    assert not any(outlives(child, None) for child in ENDS), "made by no key"
    berlin = "2026-03-02T01:00:00+01:00"
    assert not outlives(berlin, key(expires=one)), "moments, not texts"


def test_makers_are_followed_through_keys_of_keys() -> None:
    """Root makes a key for Ann, by which one is made for Bob: Root may have that, too. A key that somebody makes for
    themselves is theirs, as far as the key was that they made it with."""
    people = Directory(users={user.name: user for user in (ANN, BOB)})
    root = Principal(User("root"), (), key="r")
    _, anns = make("ann", organisation="acme", made_by=others(root, ANN))
    ann = principal_of(anns, people)
    assert ann is not None
    assert anns.made_by == ("root",)
    assert ann.persons == {"acme/ann", "root"}
    assert others(ann, BOB) == ("acme/ann", "root")
    assert others(ann, ANN) == ("root",), "that it is made anew takes nobody away"
    assert others(root, User("root")) == ()
    assert others(root, User("root", organisation="acme")) == ("root",), "somebody else of the same name"
    assert others(LOCAL, ANN) == ()
    assert read_key(anns.kept()) == anns


@pytest.mark.parametrize(
    ("by", "made_by"), [("root", ("root",)), ("ann", ()), ("", ()), (FIRST, ()), (HERE, ())]
)
def test_a_key_of_before_makers_were_kept_is_its_makers_too(by: str, made_by: tuple[str, ...]) -> None:
    before = key(by=by).kept()
    del before["made_by"], before["parent"]
    assert read_key(before).made_by == made_by


def test_full_names_are_nobody_elses() -> None:
    names = ("a", "a/b", "a%2Fb", "b", "")
    full = [User(name, organisation=home).full for name, home in product(names, names) if name]
    assert len(set(full)) == len(full)


def test_what_was_made_with_a_key_is_found_through_all_between() -> None:
    made = [("a", ""), ("b", "a"), ("c", "b"), ("d", ""), ("e", "d"), ("f", "c")]
    keys = {id: Key(id, "", "ann", parent=parent, made=f"2026-03-0{n + 1}", revoked="x" if id == "b" else "")
            for n, (id, parent) in reversed([*enumerate(made)])}  # fmt: skip
    assert {one.id for one in descendants("a", keys)} == {"c", "f"}, "those of a revoked one too"
    assert [one.id for one in descendants("d", keys)] == ["e"]
    assert descendants("f", keys) == descendants("none", keys) == []
