"""What the audit tells of rules: the sub-conditions told are enough to decide, and no value of the body is among it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from gc import collect
from itertools import product
from typing import Any as Anything
from unittest.mock import patch
from weakref import ref

import pytest

from atamo_rules.engine import account as accounts
from atamo_rules.engine import conditions
from atamo_rules.engine.account import LONGEST, MOST, NEAREST, Evaluated, account, considered
from atamo_rules.engine.decide import decide, frame_of, ready
from atamo_rules.engine.deciding import Leaf, conjoined, leaves, missing, support
from atamo_rules.engine.explain import explain
from atamo_rules.engine.frame import Frame
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.meaning import All, Any, Condition, Not
from atamo_rules.model.people import User
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json
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


def said(on: Sequence[tuple[Leaf, bool]], frame: Frame) -> tuple[dict[str, Json], ...]:
    """Sub-conditions as the audit tells them."""
    told = list[dict[str, Json]]()
    for leaf, held in on:
        what: dict[str, Json] = {"condition": leaf.text, "at": str(leaf.span), "held": held}
        if len(leaf.text) > LONGEST:
            what["condition"] = f"{leaf.text[: LONGEST - 1]}…"
        told.append(what if leaf.look is None else {**what, "was": kind(leaf.value(frame))})
    return tuple(told)


def kind(value: Anything) -> str:
    """What kind of value it is."""
    if value is ABSENT or value is None:
        return "absent" if value is ABSENT else "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    names = {str: "text", list: "list", tuple: "list", dict: "record"}
    return names.get(type(value), type(value).__name__)


def plainly(ruleset: Ruleset, event: Event, decision: Decision) -> list[Evaluated]:
    """The account made anew of every rule, and nothing of it kept."""
    told, rules = list[Evaluated](), {rule.id: rule for rule in ruleset.rules}
    for found in decision.fired:
        rule = rules[found.rule]
        frame = frame_of(ready(rule), event)
        every = [(leaf, True) for leaf in leaves(rule.condition)]
        on = every if conjoined(rule.condition) else support(rule.condition)(frame)[1]
        told.append(Evaluated(rule.id, "matched", str(rule.span), found.shadow, said(on, frame)))
    fired = {found.rule for found in decision.fired}
    for rule in [rule for rule in ruleset.rules if rule.id not in fired][:NEAREST]:
        frame = frame_of(ready(rule), event)
        lacking = missing(rule.condition)(frame)
        if 0 < len(lacking) <= MOST and len(lacking) < len(leaves(rule.condition)):
            told.append(Evaluated(rule.id, "nearly", str(rule.span), False, said(lacking, frame)))
    return told


@pytest.mark.parametrize("seed", range(40))
def test_what_was_told_before_is_what_is_told_anew(seed: int) -> None:
    judged = world(Seeded(1000 + seed), 8, 12)
    ruleset = right(compiled(judged.text))
    with patch.object(accounts, "MOST_TOLD", 1 + seed % 4):  # some is kept, and some thrown away
        for raw in judged.bodies * 2:
            event = taken(ruleset, raw)
            decision = decide(ruleset, event)
            assert account(ruleset, event, decision) == plainly(ruleset, event, decision)


@pytest.mark.parametrize("rules", [1, 2, 64, 65, 66, 130])
def test_no_more_than_so_many_that_did_not_match_are_looked_at(rules: int) -> None:
    text = "event order\n  total: whole\n  card: text\n\nagent desk\n  send note\n    line: text\n"
    for number in range(rules):  # every third has a single sub-condition, and some match
        more = "" if number % 3 == 0 else ' and card is "x"'
        text += f"\nrule r{number:03}\n  on order\n  when total > {50 if number % 7 else 0}{more}\n  do\n"
        text += '    send desk.note\n      line: "x"\n'
    ruleset = right(compiled(text))
    for total, card in product((1, 60), ("x", "y")):
        event = Event("e1", "order", {"total": total, "card": card}, NOON)
        decision = decide(ruleset, event)
        assert account(ruleset, event, decision) == plainly(ruleset, event, decision)


def test_what_is_known_of_rules_that_are_gone_goes_with_them() -> None:
    ruleset = ruled()
    event = Event("e1", "order", {"total": 41, "card": "4", "note": "q", "lines": []}, NOON)
    assert account(ruleset, event, decide(ruleset, event))
    gone = [ref(ruleset), *map(ref, ruleset.rules)]
    del ruleset
    collect()
    assert [one() for one in gone] == [None] * 5
