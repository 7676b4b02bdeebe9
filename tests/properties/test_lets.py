"""A rule whose `let` names are put in their places matches the same events, and is found by what they stand for."""

from __future__ import annotations

import json
from typing import Any

import pytest

import atamo_rules as atamo
from atamo_rules.engine import conditions
from atamo_rules.engine.frame import bare
from atamo_rules.engine.lets import inlined
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.shapes import residual
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.model.strict_json import decode
from tests.properties.test_shapes import STRAY, mangled
from tests.strategies import worlds
from tests.strategies.choices import Choices, Seeded
from tests.strategies.conditions import Spot, condition, spots
from tests.worlds import event, ruleset

DESK = "\nagent desk\n  send note\n    line: text?\n"
WORKED = {
    "text": ("lower({p})", '({p} else "a")', "upper({p})"),
    "number": ("{p} + 1", "abs({p})", "({p} else 1)", "{p} * 2"),
    "list": ("{p}",),
    "time": ("{p} + 1 hour", "{p}"),
    "boolean": ("{p}",),
    "anything": ("{p}",),
}


def world(choose: Choices) -> tuple[Ruleset, list[Any]]:
    """Rules that name some values and ask about them, and bodies."""
    text = worlds.event_type(choose)
    declared = worlds.declared(text)
    here = spots(declared)
    usable = [one for one in here if not one.optional and not one.many and one.kind in WORKED]
    for number in range(6):
        named: list[Spot] = []
        lets = ""
        for at in range(2):
            if usable:
                spot = choose.pick((*usable, *named))
                if spot.optional:
                    continue
                worked = choose.pick(("{p}", *WORKED.get(spot.kind, ())))
                lets += f"  let v{at} = {worked.replace('{p}', spot.path)}\n"
                named.append(Spot(f"v{at}", spot.type))
        asked = condition(choose, named * 3 + here)
        text += f"\nrule r{number}\n  on thing\n{lets}  when {asked}\n  do\n    send desk.note\n"
    bodies = [worlds.body(choose, declared, choose.upto(2) < 2) for _ in range(6)]
    return ruleset(text + DESK), [*bodies, *(mangled(choose, body) for body in bodies)]


def as_written(rule: Rule, body: Any) -> bool:
    one = ready(rule)
    return one.holds(frame_of(one, event(body)))


def test_names_and_what_they_stand_for_match_alike() -> None:
    compared = changed = 0
    for seed in range(150):
        rules, bodies = world(Seeded(seed))
        for rule in rules.rules:
            made = inlined(rule)
            changed += made is not rule.condition
            holds, quick = conditions.condition(made), residual(made)
            for body in bodies:
                one = ready(rule)
                expected = as_written(rule, body)
                compared += 1
                assert holds(frame_of(one, event(body))) is expected, f"{rule.condition.span.text} on {body}"
                if quick is not None:
                    assert quick(body) is expected, f"{rule.condition.span.text} on {body}"
    assert compared > 10_000
    assert changed > 300


@pytest.mark.parametrize(
    ("fields", "lets", "condition"),
    [
        ("a: time", ["x = a"], "x is present"),
        ("a: time", ["x = a"], 'x > "2026-01-01T00:00:00Z"'),
        ("a: list of text", ["x = first(a)"], 'x contains "a"'),
        ("a: list of text", ["x = first(a)"], '(x else "b") is "b"'),
        ("a: list of number", ["x = first(a)"], 'text(x) is "a"'),
        ("a: list of\n  a: text", ["x = a.a"], 'x contains "a"'),
        ("a: list of\n  a: text", ["x = a"], 'x.a is "a"'),
        ("a: text\nb: text", ['x = ["a", b]'], "a is one of x"),
        ("a: text?\nb: text", ["x = a"], 'x is present and x is "a"'),
        ("a: number", ["x = a * 2", "y = x + 1"], "y > 2 and x < 9"),
        ("a: text", ["x = 3"], "length(a) is x"),
        ("a: anything", ["x = a"], "x.a.b is 1"),
        ("a: map of text", ["x = a"], 'x["a"] is present and x["a"] is "a"'),
    ],
)
def test_what_a_name_stands_for_is_only_put_where_it_means_the_same(
    fields: str, lets: list[str], condition: str
) -> None:
    lines = "".join(f"  {line}\n" for line in fields.splitlines())
    named = "".join(f"  let {one}\n" for one in lets)
    text = (
        f"event thing\n  when invalid flag\n{lines}\nrule r\n  on thing\n{named}  when {condition}\n  stop\n"
    )
    rule = ruleset(text).rules[0]
    holds = conditions.condition(inlined(rule))
    one = ready(rule)
    for value in (
        *STRAY,
        ["a", None],
        [["a"]],
        {"a": ["a"]},
        [{"a": "a"}, {"a": None}],
        "2026-05-01T00:00:00Z",
    ):
        for body in ({"a": value}, {"a": value, "b": "a"}):
            assert holds(frame_of(one, event(body))) is as_written(rule, body), body


def test_a_rule_is_found_by_what_its_name_stands_for() -> None:
    others = "".join(f'\nrule o{n}\n  on thing\n  when id is "i{n}"\n  stop\n' for n in range(50))
    rules = ruleset(
        "event thing\n  id: text\n  n: number\n"
        + others
        + '\nrule r\n  on thing\n  let key = id\n  let twice = n * 2\n  when key is "x" and twice > 4\n  stop\n'
    )
    (found,) = [one for one in atamo.matcher(rules).report().rules if one.rule == "r"]
    assert (found.tier, found.keys) == ("key", ('id is "x"',))
    quick = residual(inlined(rules.rules[-1]))
    assert quick is not None
    assert quick(decode('{"id": "x", "n": 2.5}'))
    assert not quick(json.loads('{"id": "x", "n": 2.0}'))
    assert conditions.condition(inlined(rules.rules[-1]))(bare({"id": "x", "n": 3}))
