"""A condition as a fast function answers as its closures do, whatever the body holds.

`ATAMO_PAIRS=10000000 pytest -m slow tests/properties` asks for more than the usual 200 000 pairs;
`ATAMO_SEED` starts elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from atamo_rules.engine import conditions
from atamo_rules.engine.decide import index_of
from atamo_rules.engine.frame import bare
from atamo_rules.engine.shapes import factory, residual
from atamo_rules.model.strict_json import decode
from tests.properties.judging import Judged, right, world
from tests.properties.test_engine_is_naive import NOT_SLOW
from tests.strategies import untyped
from tests.strategies.choices import Choices, Seeded, generated
from tests.worlds import DESK, asked, compiled, open_world, ruleset

RULES, EVENTS = 8, 6
STRAY = (None, "", "a", "ab", 0, 1, True, False, Decimal("0.1"), Decimal("1"), 0.1, 1.0, 0.0, -0.0, 0.3, 1e300, 2.0**53,
         2**53 + 1, float("nan"), float("inf"), float("-inf"), [], {}, ["a"], ["a", None], [1, True, 1.0], {"a": 1},
         [{"a": 1}], "2026-01-01", ("a",), {"x": "a", "a": {"b": 1}})  # fmt: skip
"""What a body may hold in any place."""


def mangled(choose: Choices, body: Any) -> Any:
    """The body with about every fifth value another."""
    if choose.upto(4) == 4:
        return choose.pick(STRAY)
    if isinstance(body, dict):
        return {key: mangled(choose, value) for key, value in body.items() if choose.upto(9)}
    if isinstance(body, list):
        return [mangled(choose, item) for item in body]
    return body


def bodies(choose: Choices, judged: Judged) -> Iterator[Any]:
    """Every body as it is read exactly, as `json.loads` reads it, and twice with strange values."""
    for raw in judged.bodies:
        yield decode(raw)
        yield json.loads(raw)
        yield mangled(choose, decode(raw))
        yield mangled(choose, json.loads(raw))


def differences(choose: Choices, judged: Judged) -> tuple[int, list[str]]:
    """How many answers were compared, and every one on which the two do not agree."""
    compared, found = 0, []
    asked = [
        (rule, conditions.condition(rule.condition), quick)
        for rule in right(compiled(judged.text)).rules
        if (quick := residual(rule.condition)) is not None
    ]
    for body in bodies(choose, judged):
        for rule, holds, quick in asked:
            compared += 1
            if quick(body) is not holds(bare(body)):
                found.append(f"{rule.condition.span.text}: {quick(body)} on {body!r}")
    return compared, found


@settings(max_examples=60, deadline=None, suppress_health_check=NOT_SLOW)
@given(generated(lambda choose: (choose, world(choose, 2, 3))))
def test_shapes_answer_as_closures_do(drawn: tuple[Choices, Judged]) -> None:
    assert differences(Seeded(1), drawn[1])[1] == []


def test_shapes_answer_as_closures_do_in_many_worlds() -> None:
    compared = 0
    for seed in range(60):
        choose = Seeded(seed)
        more, wrong = differences(choose, world(choose, RULES, EVENTS))
        assert wrong == [], f"seed {seed}"
        compared += more
    assert compared > 8_000


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_two_hundred_thousand_pairs() -> None:
    worlds = int(os.environ.get("ATAMO_PAIRS", "200000")) // (RULES * EVENTS * 4) + 1
    first = int(os.environ.get("ATAMO_SEED", "1000"))
    for seed in range(first, first + worlds):
        choose = Seeded(seed)
        assert differences(choose, world(choose, RULES, EVENTS))[1] == [], f"seed {seed}"


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shape that takes booleans and infinities for numbers is found out within the worlds of the default run."""
    monkeypatch.setitem(factory._SPACE, "N", lambda value: True)
    factory._factory.cache_clear()
    assert any(differences(Seeded(seed), world(Seeded(seed), RULES, EVENTS))[1] for seed in range(60))
    factory._factory.cache_clear()


@pytest.mark.parametrize(
    "condition", ['user.name is "ann"', "seen < now", 'x > 1 and user.groups contains "a"']
)
def test_what_reads_more_than_the_body_has_no_such_function(condition: str) -> None:
    assert residual(asked("seen: time\nx: number", condition).rules[0].condition) is None


def test_a_let_is_more_than_the_body() -> None:
    rules = ruleset(
        "event thing\n  x: number\n\nrule r\n  on thing\n  let y = x + 1\n  when y > 1\n  do\n    send desk.note\n\n"
        "agent desk\n  send note\n    line: text?\n"
    )
    assert residual(rules.rules[0].condition) is None


def test_conditions_of_one_shape_are_compiled_once() -> None:
    factory._factory.cache_clear()
    made = [
        residual(
            asked("total: number\nchannel: text", f'total > {n} and channel is "c{n}"').rules[0].condition
        )
        for n in range(20)
    ]
    assert factory._factory.cache_info().misses == 1
    for n, quick in enumerate(made):
        assert quick is not None
        assert [quick({"total": n + k, "channel": f"c{n}"}) for k in (0, 1)] == [False, True]


@pytest.mark.parametrize("body", [None, [], "total", 7, ["total"], {"total": {"x": 1}}])
def test_a_body_that_is_no_object_of_that_kind_holds_nothing(body: Any) -> None:
    quick = residual(open_world('total > 1 or total is "a" or total.x starts with "a"').rules[0].condition)
    assert quick is not None
    assert quick(body) is False


def test_values_nested_deeper_than_python_follows_are_not_equal() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    node = open_world("a is b").rules[0].condition
    quick = residual(node)
    assert quick is not None
    assert (
        quick({"a": deep, "b": [deep]}) is conditions.condition(node)(bare({"a": deep, "b": [deep]})) is False
    )


def test_conditions_too_deep_for_one_expression_are_answered_too() -> None:
    condition = "x is 1"
    for _ in range(29):
        condition = f"not (x is 2 and ({condition}))"
    rules = open_world(condition)
    quick, holds = residual(rules.rules[0].condition), conditions.condition(rules.rules[0].condition)
    assert quick is not None
    for body in ({"x": 1}, {"x": 2}, {}):
        assert quick(body) is holds(bare(body))


def test_paths_through_lists_wherever_they_stand_answer_alike_in_shapes_and_in_the_index() -> None:
    compared = 0
    for seed in range(60):
        choose = Seeded(seed)
        text = "event thing of anything through lists\n" + "".join(
            f"\nrule r{n}\n  on thing\n  when {untyped.condition(choose)}\n  do\n    send desk.note\n"
            for n in range(30)
        )
        rules = ruleset(f"{text}\n{DESK}")
        for _ in range(8):
            body = untyped.body(choose)
            matched = {rule.id for rule in rules.rules if conditions.condition(rule.condition)(bare(body))}
            assert set(index_of(rules).match("thing", body)) == matched, f"seed {seed}: {body}"
            for rule in rules.rules:
                quick = residual(rule.condition)
                assert quick is not None
                assert quick(body) is (rule.id in matched), f"{rule.condition.span.text}: {body}"
                compared += 1
    assert compared > 10_000


def test_many_rules_on_paths_through_lists_are_found() -> None:
    rules = "".join(
        f'\nrule r{n}\n  on thing\n  when a.b is "k{n}" and c\n  do\n    send desk.note\n' for n in range(200)
    )
    index = index_of(ruleset(f"event thing of anything through lists\n{rules}\n{DESK}"))
    for a in ({"b": "k3"}, [{"b": "k3"}, {"b": "z"}], [[{"b": ["k3"]}]], {"b": ["z", "k3"]}):
        assert index.match("thing", {"a": a, "c": [False, True]}) == ["r3"], a


TRAPS = {
    "text": (
        'a is ""', 'a is "a"', 'a is one of ["a", ""]', 'a is one of ["a"]', 'a is "A" ignoring case',
        'a contains "a"', 'a contains ""', 'a contains "A" ignoring case', 'a starts with "a"',
        'a starts with ""', 'a ends with "b"', 'a starts with any of ["x", "a"]',
        'a contains all of ["a", "b"]', 'a is one of ["A", "x"] ignoring case', "a matches /^a/",
        'a is like "a*"', 'a is in network "10.0.0.0/8"', "a is empty", "a is b", 'lower(a) is "a"',
        "length(a) > 0", 'a starts with "A" ignoring case', 'a ends with "" ignoring case',
    ),
    "number": (
        "a is 0", "a is 1", "a is 0.1", "a is 1.0", "a > 0", "a >= 1", "a < 0.3", "a <= 0.1",
        "a is between 0 and 1", "a is between 0.1 and 1", "a is one of [0, 1]", "a is one of [0.1, 2]",
        "a is one of [7, 9]", "a > 9007199254740992", "a is 9007199254740993", "a is b", "a < b",
        "a + 1 > 1", "a * 2 is 2", "a / 2 < 1", "abs(a) >= 0", "a > 1e300", "a < 0.1234567890123456789",
    ),
    "boolean": (
        "a", "not a", "a is true", "a is not false", "a is b",
    ),
    "time": (
        'a is "2026-01-01T00:00:00Z"', 'a > "2025-12-31T00:00:00Z"', "a is b", "year(a) is 2026",
    ),
    "date": (
        'a is "2026-01-01"', 'a < "2027-01-01"', "a is b",
    ),
    "list of text": (
        'a contains "a"', 'a is "a"', 'a is one of ["a", "b"]', 'a contains any of ["a", "z"]',
        'a contains all of ["a", "ab"]', "a is empty", "count(a) > 0", 'a contains "A" ignoring case',
        'any x in a has (x is "a")', 'every x in a has (x is "a")', 'no x in a has (x starts with "a")',
        'a starts with "a"', 'first(a) is "a"', 'count(x in a has (x is "a")) is 1',
    ),
    "list of number": (
        "a contains 1", "a contains 0.1", "a is 1", "a > 0.5", "sum(a) > 0", "a is between 0 and 1",
        "any x in a has (x > 0)", "every x in a has (x >= 1)",
    ),
    "anything": (
        "a is 1", 'a is "a"', "a is true", "a > 0", 'a contains "a"', 'a contains ""', "a contains 1",
        "a is b", "a is null", "a exists", "a is present", "a is empty", 'a.a is "a"', "a.a.b is 1",
        "a.a exists", 'a is one of ["a", 1, true]', 'a contains "A" ignoring case', 'a ends with "b"',
        "a is one of [1, 0.1]",
    ),
    "text?": (
        'a is present and a starts with "a"', 'a is absent or a is "a"', '(a else "a") is "a"',
        "a is null", 'a is present and a is "A" ignoring case', 'a is present and a is not one of ["a"]',
        "a exists",
    ),
    "number?": (
        "a is present and a > 0", "a is present and a is between 0 and 1", "(a else 1) is 1",
        "(a else 0.1) < 1",
    ),
}  # fmt: skip
"""By the type of `a`: what a hasty reading of Python values would get wrong of one of the strays."""


@pytest.mark.parametrize(
    ("type", "condition"), [(type, one) for type, found in TRAPS.items() for one in found]
)
def test_no_value_is_taken_for_another(type: str, condition: str) -> None:
    rules = (
        asked(f"when invalid flag\na: {type}\nb: {type}", condition)
        if type != "anything"
        else open_world(condition)
    )
    node = rules.rules[0].condition
    quick, holds = residual(node), conditions.condition(node)
    assert quick is not None
    for value in STRAY:
        for body in ({"a": value, "b": value}, {"a": value}, {"a": value, "b": 1}, {"a": [value], "b": "a"}):
            assert quick(body) is holds(bare(body)), body
    for body in ({}, {"b": 1}, {"a": None}, None, [], "a", 1):
        assert quick(body) is holds(bare(body)), body
