"""An index that rules come to and go from answers as one made afresh, whoever the event is from; old ones stay as they
were."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from atamo_rules.engine.decide import decide
from atamo_rules.engine.index import group
from atamo_rules.engine.index.matcher import Matcher
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.rule import DRAFT, LIVE, SHADOW, Rule, Ruleset
from tests.worlds import NOON, ruleset

EVENTS = """
event order
  id: text
  total: number
  tags: list of text
  note: text?

event login
  name: text
  risk: number

agent desk
  send note
    line: text?
"""
CONDITIONS = {
    "order": ('id is "a"', 'id is "b" and total > 5', 'id is one of ["a", "c"]', "total > 5", "total <= 2.5",
              'total is between 2 and 4 and id is not "a"', 'tags contains "x"', "note is absent or total < 3",
              'id starts with "a" or tags contains any of ["x", "y"]', 'user.name is "ada" and total > 1',
              'not (total > 3) and id contains "bcd"', "count(tags) > 1"),
    "login": ('name is "ada"', "risk > 50", 'name ends with "a" and risk < 20', 'user.groups contains "ops"'),
}  # fmt: skip
SCOPES = ("", "  for group ops\n", "  for user ada, group dev\n", "  except group ops\n",
          "  for organisation acme\n  except user bob\n")  # fmt: skip
USERS = (
    None,
    User("ada"),
    User("bob", frozenset({"ops", "dev"}), "acme"),
    User("cyd", frozenset({"dev"}), "acme"),
    User("", frozenset({"ops"})),
)
BODIES: tuple[tuple[str, Any], ...] = (
    ("order", {"id": "a", "total": 7, "tags": ["x", "x"]}),
    ("order", {"id": "b", "total": 2.5, "tags": [], "note": "n"}),
    ("order", {"id": "abcd", "total": 3, "tags": ["y", "z"]}),
    ("order", {"id": "c", "tags": "x"}),
    ("order", ["id"]),
    ("login", {"name": "ada", "risk": 10}),
    ("login", {"name": "bob", "risk": 51.5}),
)


def pool() -> Ruleset:
    """One rule of every condition, scope and kind."""
    text, number = EVENTS, 0
    for type, conditions in CONDITIONS.items():
        for condition in conditions:
            for scope in SCOPES:
                number += 1
                order = f"  order {number % 3 * 50}\n" if number % 4 == 0 else ""
                status = "  status shadow\n" if number % 11 == 0 else ""
                stop = "  stop\n" if number % 13 == 0 else ""
                text += f"\nrule r{number}\n{order}{status}  on {type}\n{scope}  when {condition}\n"
                text += f"  do\n    send desk.note\n{stop}"
    return ruleset(text)


POOL = pool()


def of(rules: dict[str, Rule]) -> Ruleset:
    return replace(POOL, rules=tuple(sorted(rules.values(), key=lambda one: one.place)))


def simply(rules: dict[str, Rule], type: str, body: Any, user: User | None) -> list[str]:
    """What each rule says by itself, put together as the language has it."""
    found: list[str] = []
    whole = of(rules)
    for one in whole.rules:
        alone = decide(whole, Event("e", type, body, NOON, user), only=one.id)
        if alone.matched:
            found.append(one.id)
            if one.stop:
                break
    return found


class Changing(RuleBasedStateMachine):
    """Rules come, change and go, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.rules: dict[str, Rule] = {}
        self.matcher = Matcher(of({}))
        self.before: list[tuple[Matcher, int, list[str]]] = []

    @initialize(count=st.integers(0, len(POOL.rules)))
    def begin(self, count: int) -> None:
        self.rules = {one.id: one for one in POOL.rules[:count]}
        self.matcher = Matcher(of(self.rules)).ready()

    @rule(at=st.integers(0, len(POOL.rules) - 1))
    def come(self, at: int) -> None:
        one = POOL.rules[at]
        self.rules[one.id] = one
        self.matcher = self.matcher.with_rule(one)

    @rule(at=st.integers(0, len(POOL.rules) - 1), of=st.integers(0, len(POOL.rules) - 1),
          status=st.sampled_from((LIVE, LIVE, SHADOW, DRAFT)), stop=st.booleans())  # fmt: skip
    def change(self, at: int, of: int, status: str, stop: bool) -> None:
        """A rule gets another condition, scope, place and event."""
        one = replace(POOL.rules[of], id=POOL.rules[at].id, status=status, stop=stop, order=(at % 3) * 50)
        self.rules[one.id] = one
        self.matcher = self.matcher.with_rule(one)

    @rule(at=st.integers(0, 10_000))
    def go(self, at: int) -> None:
        known = [id for id, one in self.rules.items() if one.status != DRAFT]
        if known:
            id = sorted(known)[at % len(known)]
            del self.rules[id]
            self.matcher = self.matcher.without(id)

    @rule()
    def settle(self) -> None:
        self.matcher = self.matcher.settled()

    @rule()
    def follow(self) -> None:
        self.matcher = self.matcher.following(of(self.rules))

    @rule(at=st.integers(0, len(BODIES) * len(USERS) - 1))
    def remember(self, at: int) -> None:
        """An event in flight keeps the rules it began with."""
        type, body = BODIES[at // len(USERS)]
        self.before.append(
            (self.matcher, at, self.matcher.match(type, body, USERS[at % len(USERS)], now=NOON))
        )

    @invariant()
    def answers_as_one_made_afresh(self) -> None:
        fresh = Matcher(of(self.rules))
        for type, body in BODIES:
            for user in USERS:
                assert self.matcher.match(type, body, user, now=NOON) == fresh.match(
                    type, body, user, now=NOON
                )

    def teardown(self) -> None:
        for matcher, at, answer in self.before:
            type, body = BODIES[at // len(USERS)]
            assert matcher.match(type, body, USERS[at % len(USERS)], now=NOON) == answer


@pytest.fixture(params=(3, group.RECENT), ids=("many layers", "as shipped"))
def recent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "RECENT", request.param)


@pytest.mark.usefixtures("recent")
def test_after_any_sequence_of_changes() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Changing,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.usefixtures("recent")
def test_after_two_thousand_changes() -> None:
    """`ATAMO_STEPS` asks for another number."""
    steps = int(os.environ.get("ATAMO_STEPS", "2000"))
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Changing,
        settings=settings(
            max_examples=steps // 100,
            stateful_step_count=100,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.name or "unnamed" if user else "unsigned")
def test_scope_order_stop_and_shadow_are_as_rule_by_rule(user: User | None) -> None:
    rules = {one.id: one for one in POOL.rules}
    matcher = Matcher(POOL)
    for type, body in BODIES:
        expected = simply(rules, type, body, user)
        assert matcher.match(type, body, user, now=NOON) == expected
        assert list(decide(POOL, Event("e", type, body, NOON, user)).matched) == expected


def test_what_is_filed_together_gives_way_every_few_rules() -> None:
    """So that no thread that matches meanwhile waits until all of it is done."""
    one = next(rule for rule in POOL.rules if not rule.scope.include)
    changed, pauses = Matcher(of({})), [0]
    for number in range(group.RECENT + 1):
        assert pauses[0] == 0 or number == group.RECENT
        changed = changed.with_rule(
            replace(one, id=f"n{number}"), lambda: pauses.__setitem__(0, pauses[0] + 1)
        )
    assert pauses[0] >= group.RECENT // 16
