"""Imported JsonLogic rules decide as JsonLogic does, and what cannot be said exactly is refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from atamo_rules.importers.imported import Imported
from atamo_rules.importers.jsonlogic import read
from atamo_rules.model.strict_json import decode, encode
from atamo_rules.source.span import Source
from atamo_rules.syntax.wording import words
from tests import pairs
from tests.importers.json_rules import imported, numbered
from tests.naive import jsonlogic as naive
from tests.strategies import jsonlogic as random
from tests.strategies.choices import Choices, Seeded, generated

RULES, EVENTS = 60, 6


def differences(seed: int) -> tuple[list[str], int]:
    """The rules and events of one random world on which the two do not agree, and how many were asked."""
    choose = Seeded(seed)
    rules = numbered(random.rule(choose) for _ in range(RULES))
    world = imported(rules)
    assert len(world.names) > RULES / 2
    found = []
    for body in (random.event(choose) for _ in range(EVENTS)):
        matched = world.matched(body)
        found += [
            f"seed {seed}: {encode(rules[name])} on {encode(body)}: the imported rule says {name in matched}"
            for name in sorted(world.names)
            if (name in matched) is not naive.holds(rules[name], body)
        ]
    return found, len(world.names) * EVENTS


def test_imported_rules_decide_as_the_published_description_reads() -> None:
    asked = 0
    for seed in range(25):
        found, size = differences(seed)
        assert found == []
        asked += size
    assert asked > 5_000


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_many_imported_rules_decide_as_the_published_description_reads() -> None:
    assert pairs.ask(differences, pairs=50_000) > RULES * EVENTS / 2


def one(choose: Choices) -> tuple[str, str]:
    return encode(random.rule(choose)), encode(random.event(choose))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(generated(one))
def test_a_rule_in_either_container(pair: tuple[str, str]) -> None:
    rule, body = decode(pair[0]), decode(pair[1])
    for container in ("atamo", "yaml"):
        world = imported({"the rule": rule}, container)
        if world.names:
            assert bool(world.matched(body)) is naive.holds(rule, body)


# --- as a person would write it -------------------------------------------------------------------------


def said(rule: Any) -> str:
    """The condition of a rule, or why there is none."""
    (item,) = read(Source("rule.json", encode(rule))).items
    if not isinstance(item, Imported):
        return f"refused: {item.reason}"
    return "always" if item.rule.condition is None else words(item.rule.condition)


V = {
    name: {"var": name}
    for name in ("a", "b", "a.b", "items", "items.0", "items.0.a", "user.name", "a b", "is")
}


@pytest.mark.parametrize(
    ("rule", "condition"),
    [
        ({"===": [V["a.b"], "x"]}, 'a.b is "x"'),
        ({"!==": [V["a"], 5]}, "a is not 5"),
        ({"===": [V["a"], None]}, "a is absent"),
        ({"==": [V["a"], "x"]}, 'loose_text(a) is "x"'),
        ({"==": [V["a"], 5]}, "loose_number(a) is 5"),
        ({"==": [V["a"], "5"]}, 'loosely_equal(a, "5")'),
        ({"!=": [V["a"], None]}, "a is present"),
        ({"<": [V["a"], 110]}, "a is absent or loose_number(a) < 110"),
        ({">": [V["a"], 110]}, "loose_number(a) > 110"),
        ({"<": [0, V["a"], 50]}, "loose_number(a) > 0 and (a is absent or loose_number(a) < 50)"),
        ({">": [V["a"], "2024-01-01"]}, 'loosely_less("2024-01-01", a)'),
        ({">": [{"+": [V["a"], V["b"]]}, 100]}, "loose_sum(a, b) > 100"),
        ({"==": [{"%": [V["a"], 2]}, 0]}, "loose_remainder((a else 0), 2) is 0"),
        ({"some": [V["items"], {"%": [{"var": ""}, 2]}]}, "any item in items has (loose_remainder((item else 0), 2) is "
         "present and loose_remainder((item else 0), 2) is not 0)"),
        ({"==": [{"substr": [V["a"], 0, 3]}, "ABC"]}, 'loose_part((a else "null"), 0, 3) is "ABC"'),
        ({"===": [{"cat": [V["a"], " ", V["b"]]}, "x y"]},
         'loose_join(loose_join((a else ""), " "), (b else "")) is "x y"'),
        ({"<=": [V["a"], V["b"]]}, "loosely_at_most((a else 0), (b else 0))"),
        ({"==": [V["a"], V["a"]]}, "always"),
        ({"!": V["a"]}, 'a is absent or a is one of [false, 0, "", []]'),
        (V["a"], 'a is present and a is not one of [false, 0, "", []]'),
        ({"in": ["x", V["a"]]}, 'a contains "x"'),
        ({"in": [V["a"], ["x", "y"]]}, 'a is one of ["x", "y"]'),
        ({"in": [V["a"], [None, 1]]}, "a is absent or a is 1"),
        ({"in": [V["a"], [1, True]]}, "a is one of [1, true]"),
        ({"or": [{"===": [V["a"], 1]}, {"===": [V["a"], True]}]}, "a is 1 or a is true"),
        ({"in": [V["a"], "Springfield"]}, 'loosely_contains("Springfield", a)'),
        ({"missing": ["a", "b"]}, 'a is absent or a is "" or b is absent or b is ""'),
        ({"!": {"missing_some": [1, ["a", "b"]]}}, '(a is present and a is not "") or (b is present and b is not "")'),
        ({"some": [V["items"], {"===": [{"var": "sku"}, "A"]}]}, 'any item in items has (item.sku is "A")'),
        ({"none": [V["items"], {"===": [{"var": ""}, 1]}]}, "no item in items has (item is 1)"),
        ({"all": [V["items"], {"===": [{"var": ""}, 1]}]},
         "items is not empty and every item in items has (item is 1)"),
        ({"in": ["x", {"map": [V["items"], {"var": "id"}]}]}, 'any item in items has (item.id is "x")'),
        ({"!!": [{"filter": [V["items"], {"===": [{"var": ""}, 1]}]}]}, "any item in items has (item is 1)"),
        ({"===": [{"var": ["a", 7]}, 7]}, "a does not exist or a is 7"),
        ({"===": [{"var": ["a", 7]}, 8]}, "a is 8"),
        ({"if": [{"===": [V["a"], 1]}, {"===": [V["b"], 1]}, False]}, "a is 1 and b is 1"),
        ({"===": [V["items.0"], "x"]}, 'loose_at(items, 0) is "x"'),
        ({"===": [V["items.0.a"], "x"]}, 'items[0].a is "x" or items["0"].a is "x"'),
        ({"===": [V["user.name"], "x"]}, 'event.user.name is "x"'),
        ({"===": [V["a b"], "x"]}, 'event["a b"] is "x"'),
        ({"===": [V["is"], {"+": [1, 2]}]}, "event.is is 3"),
        ({"===": [V["a"], {"+": [0.1, 0.2]}]}, "a is 0.30000000000000004"),
        ({"or": [True, {"no such thing": 1}]}, "always"),
        (False, "false"),
    ],
)  # fmt: skip
def test_the_condition_is_one_that_a_person_would_write(rule: Any, condition: str) -> None:
    assert said(rule) == condition


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"+": [V["a"], 1]}, "it computes a number or a text, and asks nothing of it"),
        ({"==": [{"cat": [{"+": [V["a"], 1]}, "x"]}, "1x"]},
         "it makes a text of a number that it computes, which may be NaN"),
        ({"val": "a"}, "JsonLogic has no operator `val`"),
        ({"==": [V["a"]]}, "`==` has 1 operand, and engines agree on 2 only"),
        ({">": [3, 2, 1]}, "`>` has 3 operands, and engines agree on 2 only"),
        ({"and": V["a"]}, "`and` takes a list of operands"),
        ({"<": [{"/": [1, 0]}, V["a"]]}, "it computes what is no number: JsonLogic engines disagree on what that is"),
        ({"==": [None, 0]}, "it compares null with a number by `==`: JsonLogic engines disagree on that"),
        ({"===": [{"var": "a.length"}, 3]}, "`length` of a list or text is JavaScript's, and no data; ask "
         "`count(list)` instead"),
        ({"var": "constructor"}, "`constructor` is something that every object of JavaScript has, and no data"),
        ({"var": V["a"]}, "`var` takes the name of a field from the event"),
        ({"===": [V["a"], 9007199254740993]}, "JavaScript does not hold the number 9007199254740993 as it is written"),
        ({"reduce": [V["items"], {"var": "current"}, 0]}, "`reduce` goes through a list of the event, and rules of "
         "ours keep no running value"),
        ("apple", "it asks nothing: it is no operation, and neither true nor false"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_exactly_is_refused_by_name(rule: Any, reason: str) -> None:
    assert said(rule) == f"refused: {reason}"


# --- files ----------------------------------------------------------------------------------------------


def test_a_file_of_one_rule_is_named_by_the_file() -> None:
    (item,) = read(Source("rules/big order.json", '{">": [{"var": "total"}, 100]}')).items
    assert item.name == "big order"


def test_a_file_may_hold_a_list_of_rules_with_their_names() -> None:
    text = '[{"name": "a", "rule": true, "description": "Always"},\n {"name": "b", "rule": {"+": [{"var": "x"}]}}]'
    one, two = read(Source("rules.json", text)).items
    assert isinstance(one, Imported)
    assert one.rule.about is not None
    assert (one.name, one.rule.about.value) == ("a", "Always")
    assert (two.name, two.span.begins.line) == ("b", 2)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("r.json", '{"==": [1, 1]', "E0901 1:13"),
        ("r.json", '{"==": [1, 1]} {}', "E0901 1:16"),
        ("r.jsonl", '{"name": "a", "rule": true}\n{"name": "b", "rule": tru}\n', "E0901 2:23"),
        ("r.jsonl", '{"name": "a"}', "E0902 1:1"),
        ("r.jsonl", '{"name": "a", "rule": true, "extra": 1}', "E0902 1:29"),
        ("r.jsonl", '{"name": "a", "rule": true}\n{"name": "a", "rule": false}', "E0902 2:23"),
        ("r.jsonl", '{"name": "a", "rule": {"==": [1, 2], "==": [1, 1]}}', "E0902 1:38"),
        ("r.jsonl", '[true]', "E0902 1:1"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_said_at_its_place(name: str, text: str, said: str) -> None:
    reading = read(Source(name, text))
    assert [f"{d.code.id} {d.span.begins.line}:{d.span.begins.column}" for d in reading.diagnostics] == [said]
    assert len(reading.items) == (1 if "\n" in text else 0), "the rest is imported"


def test_a_rule_of_many_operands_or_of_much_depth_is_imported_or_refused() -> None:
    assert said({"or": [{"===": [V["a"], n]} for n in range(1_000)]}).endswith("or a is 999")
    deep: Any = {"===": [V["a"], 1]}
    for _ in range(30):
        deep = {"and": [V["b"], {"or": [V["a"], deep]}]}
    assert said(deep).startswith("refused: ")
    wide: Any = {"if": [V[name] for name in ("a", "b", "a.b")] * 5}
    for _ in range(4):
        wide = {"==": [wide, wide]}
    assert said(wide).startswith("refused: it")
