"""What the audit tells of rules: the sub-conditions told are enough to decide, and no value of the body is among it."""

from __future__ import annotations

from itertools import product
from typing import Any as Anything

import pytest

from atamo_rules.engine import conditions
from atamo_rules.engine.account import account, considered
from atamo_rules.engine.decide import decide, frame_of, ready
from atamo_rules.engine.deciding import leaves, support
from atamo_rules.engine.explain import explain
from atamo_rules.model.event import Event
from atamo_rules.model.meaning import All, Any, Condition, Not
from atamo_rules.model.people import User
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import encode
from tests.properties.judging import NOON, right, taken, world
from tests.strategies.choices import Seeded
from tests.worlds import compiled


def skeleton(node: Condition, truths: dict[Anything, bool]) -> bool:
    """What a condition would be if its sub-conditions were so."""
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return not skeleton(node.part, truths)
    if parts := conditions.joined(node):
        values = [skeleton(part, truths) for part in parts]
        return all(values) if isinstance(node, All) else any(values)
    return truths[node.span]


@pytest.mark.parametrize("seed", range(40))
def test_what_a_rule_rests_on_decides_whatever_the_rest_is(seed: int) -> None:
    judged = world(Seeded(seed), 4, 6)
    ruleset = right(compiled(judged.text))
    for raw in judged.bodies:
        event = taken(ruleset, raw)
        for rule in ruleset.rules:
            frame = frame_of(ready(rule), event)
            held, on = support(rule.condition)(frame)
            assert held is conditions.condition(rule.condition)(frame)
            spans = [leaf.span for leaf in leaves(rule.condition)]
            assert all(leaf.holds(frame) is so for leaf, so in on)
            fixed = {leaf.span: so for leaf, so in on}
            free = [span for span in spans if span not in fixed][:8]
            rest = {leaf.span: leaf.holds(frame) for leaf in leaves(rule.condition)}
            for truths in product((False, True), repeat=len(free)):
                assert skeleton(rule.condition, rest | dict(zip(free, truths, strict=True)) | fixed) is held


@pytest.mark.parametrize("seed", range(40))
def test_the_account_is_the_explanation_without_values(seed: int) -> None:
    judged = world(Seeded(seed), 6, 6)
    ruleset = right(compiled(judged.text))
    for raw in judged.bodies:
        event = taken(ruleset, raw)
        decision = decide(ruleset, event)
        told = {one.rule: one for one in account(ruleset, event, decision)}
        reasons = {one.rule: one for one in explain(ruleset, event)}
        expected = {rule: r.outcome for rule, r in reasons.items() if r.outcome in ("matched", "nearly")}
        assert {rule: one.outcome for rule, one in told.items()} == expected
        for rule, one in told.items():
            if one.outcome == "nearly":
                assert [said["condition"] for said in one.deciding] == [a.text for a in reasons[rule].missing]
        assert considered(ruleset, event, decision) == len(ruleset.rules)
        assert [one.outcome for one in account(ruleset, event, decision, near=False)] == [
            "matched" for _ in decision.fired
        ]


TEXT = """
event order
  total: whole
  card: text
  note: text
  lines: list of text

agent desk
  send note
    line: text

rule one
  on order
  when total > 10 and (card starts with "4" or note is "q")
  do
    send desk.note
      line: "x"

rule two
  on order
  for group staff
  when total > 10 and card is "other"
  do
    send desk.note
      line: "x"

rule three
  on order
  when total > 1000 and not (card is "none")
  do
    send desk.note
      line: "x"

rule four
  on order
  when total > 1000 and note is "y" and lines contains "z"
  do
    send desk.note
      line: "x"
"""


def ruled() -> Ruleset:
    return right(compiled(TEXT))


def test_an_account_names_places_and_kinds_and_never_a_value() -> None:
    ruleset = ruled()
    body = {"total": 41, "card": "4111-canary", "note": "canary", "lines": ["canary"]}
    event = Event("e1", "order", body, NOON)
    told = {one.rule: one.facts() for one in account(ruleset, event, decide(ruleset, event))}
    assert set(told) == {"one", "three"}, "two is for others, and four lacks three"
    assert told["one"]["outcome"] == "matched"
    assert told["one"]["deciding"] == [
        {"condition": "total > 10", "at": "rules.atamo:14:8", "held": True, "was": "number"},
        {"condition": 'card starts with "4"', "at": "rules.atamo:14:24", "held": True, "was": "text"},
    ]
    assert told["three"]["deciding"] == [
        {"condition": "total > 1000", "at": "rules.atamo:29:8", "held": False, "was": "number"}
    ]
    assert "canary" not in encode(told)
    assert "41" not in encode(told)
    assert considered(ruleset, event, decide(ruleset, event)) == 3
    staff = Event("e1", "order", body, NOON, User("ann", frozenset({"staff"})))
    assert [one.rule for one in account(ruleset, staff, decide(ruleset, staff))] == ["one", "three", "two"]
    assert considered(ruleset, staff, decide(ruleset, staff)) == 4
