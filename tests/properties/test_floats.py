"""A binary float is the decimal its shortest text writes, in every comparison, function, template and action."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import inf, nan, nextafter
from random import Random
from typing import Any

import pytest

from atamo_rules.engine import conditions
from atamo_rules.engine.decide import decide
from atamo_rules.engine.examples import with_defaults
from atamo_rules.engine.frame import bare
from atamo_rules.engine.shapes import residual
from atamo_rules.hub.intake import Intake
from atamo_rules.model import meaning
from atamo_rules.model.meaning import Condition, Const, Get
from atamo_rules.model.strict_json import decode, encode
from atamo_rules.model.types import Anything, Number
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax import declarations as decl
from tests.properties.judging import naively, right, world
from tests.strategies.choices import Seeded
from tests.worlds import asked, compiled, event, holds, open_world, ruleset, said

HERE = Span(Source("here", "x"), 0, 1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAIRS = 10_000
EDGES: tuple[int | float | Decimal, ...] = (
    0, 1, -1, 2**53, 2**53 + 1, 2**53 - 1, -(2**53) - 1, 10**30, 0.0, -0.0, 0.1, 0.3, 1.0, 5e-324, 1e22, 1e23, 2.0**53,
    2.0**60, 1.7976931348623157e308, 99.5, Decimal("0.1"), Decimal("0.3"), Decimal("0.30000000000000001"),
    Decimal("1.0"), Decimal("-0.0"), Decimal("1e400"), Decimal("1e-400"), Decimal("9007199254740993"),
    Decimal("1152921504606847000"), Decimal("1152921504606846976"), Decimal("99.5"),
    Decimal("0.1000000000000000055511151231257827021181583404541015625"),
)  # fmt: skip
ASKED: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "eq": lambda one, two: one == two,
    "lt": lambda one, two: one < two,
    "le": lambda one, two: one <= two,
    "gt": lambda one, two: one > two,
    "ge": lambda one, two: one >= two,
}


def number(random: Random) -> int | float | Decimal:
    """A number of any of the three kinds, often one that is near to another."""
    kind = random.randrange(6)
    if kind == 0:
        return random.choice(EDGES)
    if kind == 1:
        found = random.choice(EDGES)
        if isinstance(found, float):
            return nextafter(found, random.choice((-1.0, 1.0)))
        if isinstance(found, int):
            return found + random.choice((-1, 1))
        return found.next_plus() if found else Decimal("1e-30")
    digits = random.randrange(10**3)
    if kind == 2:
        return digits
    if kind == 3:
        return float(f"{digits}e-2")
    if kind == 4:
        return Decimal(f"{digits}e-2")
    return random.uniform(-1, 1) * 10.0 ** random.randrange(-20, 25)


def meant(value: float | int | Decimal) -> Fraction:
    return Fraction(str(value))


def constant(value: float | int | Decimal) -> int | Decimal:
    """As an author writes it."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def test_ten_thousand_comparisons_are_those_of_fractions() -> None:
    random = Random(6)
    for _ in range(PAIRS):
        value, written = number(random), constant(number(random))
        if random.randrange(4) == 0:
            written = constant(value)
        operator = random.choice(tuple(ASKED))
        type = random.choice((Number(), Anything()))
        asked: Condition = meaning.Test(
            operator, Get("event", ("n",), type, span=HERE), Const(written, span=HERE), span=HERE
        )
        expected = ASKED[operator](meant(value), meant(written))
        quick = residual(asked)
        assert quick is not None
        body = {"n": value}
        assert conditions.condition(asked)(bare(body)) is expected, f"{value!r} {operator} {written!r}"
        assert quick(body) is expected, f"{value!r} {operator} {written!r}"
        left = Get("event", ("n",), type, span=HERE)
        other = meaning.Test(operator, left, Get("event", ("m",), type, span=HERE), "number", span=HERE)
        both = residual(other)
        assert both is not None
        assert both({"n": value, "m": written}) is expected, f"{value!r} {operator} field {written!r}"
        among = residual(meaning.Test("in", left, Const((written, "a"), span=HERE), span=HERE))
        assert among is not None
        assert among(body) is (meant(value) == meant(written)), f"{value!r} in {written!r}"


def test_what_json_loads_reads_decides_as_what_was_read_exactly() -> None:
    for seed in range(60):
        judged = world(Seeded(seed), 8, 6)
        made = compiled(judged.text)
        rules = right(made)
        type = next(one for one in made.files[0].declarations if isinstance(one, decl.EventDecl))
        written = [one for one in made.files[0].declarations if isinstance(one, decl.Rule)]
        for raw in judged.bodies:
            inexact = with_defaults(json.loads(raw), rules.events["thing"].type)
            decided = set(decide(rules, event(inexact)).matched)
            exact = with_defaults(decode(raw), rules.events["thing"].type)
            assert decided == set(decide(rules, event(exact)).matched), f"seed {seed}, {raw}"
            assert decided == naively(written, type, json.loads(raw)), f"seed {seed}, {raw}"


@pytest.mark.parametrize("body", [{"n": nan}, {"n": inf}, {"n": -inf}])
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("n > 0", False), ("n < 0", False), ("n >= 0", False), ("n <= 0", False), ("n is 0", False), ("n is 1", False),
        ("n is not 0", True), ("n > 0.5", False), ("n < 0.5", False), ("n is 0.5", False),
        ("n is between 0 and 9", False),
        ("n is one of [0, 1]", False), ("n is one of [0.5, 1]", False), ("n + 1 > 0", False), ("n is n", False),
        ("n <= n", False), ("abs(n) > 0", False), ("n is present", True), ("n is null", False), ("n exists", True),
        ("n > 9007199254740993", False), ("n < 9007199254740993", False),
    ],
)  # fmt: skip
def test_nan_and_infinities_are_no_numbers(condition: str, expected: bool, body: dict[str, Any]) -> None:
    for rules in (asked("when invalid flag\nn: number", condition), open_world(condition)):
        assert holds(rules, body) is expected
        quick = residual(rules.rules[0].condition)
        assert quick is not None
        assert quick(body) is expected


@pytest.mark.parametrize(
    ("fields", "condition", "body"),
    [
        ("n: number", "n + 0.2 is 0.3", {"n": 0.1}),
        ("n: number", "n * 3 is 0.3", {"n": 0.1}),
        ("n: number", "n - n is 0", {"n": 1e22}),
        ("n: number", "round(n, 2) is 1.24", {"n": 1.245}),
        ("n: number", "floor(n) is 3", {"n": 3.9}),
        ("n: whole", 'truncate("abcdef", n) is "ab…"', {"n": 3.0}),
        ("n: number", 'text(n) is "0.1"', {"n": 0.1}),
        ("n: number?", "(n else 1) is 0.1", {"n": 0.1}),
        ("n: number?", "(n else 1) is 1", {"n": nan}),
        ("l: list of number", "sum(l) is 0.6", {"l": [0.1, 0.2, 0.3]}),
        ("l: list of number", "largest(l) is 0.3 and smallest(l) is 0.1", {"l": [0.1, 0.3, nan]}),
        ("l: list of number", "count(distinct(l)) is 2", {"l": [0.1, 0.1, Decimal("0.1"), 1, 1.0]}),
        ("l: list of number", "first(sort(l)) is 0.1", {"l": [0.3, 0.1]}),
        ("l: list of number", "l contains 0.1 and l contains 2 and l does not contain 1", {"l": [0.1, 2.0, True]}),
        ("l: list of number", "l is 0.1", {"l": [0.1]}),
        ("t: duration", "t * 0.5 is 30 minutes", {"t": "PT1H"}),
        ("n: number\nt: duration", "t * n is 6 minutes", {"t": "PT1H", "n": 0.1}),
    ],
)  # fmt: skip
def test_floats_are_exact_in_functions_and_sums(fields: str, condition: str, body: dict[str, Any]) -> None:
    assert holds(asked(f"when invalid flag\n{fields}", condition), body)


def test_floats_are_printed_and_sent_exactly() -> None:
    found = said(
        "n: number\nbig: number",
        "\"{{ n }}, {{ big }}, {{ [n, big] | join('+') }}\"",
        {"n": 0.1, "big": 1e22},
    )
    assert found.actions[0].body == {"line": "0.1, 10000000000000000000000, 0.1+10000000000000000000000"}
    rules = ruleset(
        "event thing of anything\n\nagent desk\n  send note of anything\n\nrule r\n  on thing\n  do\n"
        "    send desk.note\n      all: event\n      n: event.n\n"
    )
    body = decide(rules, event({"n": 0.1, "l": [0.2, nan], "o": {"x": -inf}})).actions[0].body
    assert encode(body) == '{"all":{"n":0.1,"l":[0.2,null],"o":{"x":null}},"n":0.1}'
    assert isinstance(body, dict)
    assert body["n"] == Decimal("0.1")


# --- at the door ----------------------------------------------------------------------------------------


def test_the_hub_holds_floats_exactly() -> None:
    rules = asked("n: number\nl: list of number", "l[0] is present and n + l[0] is 0.3")
    taken = Intake(rules).given({"type": "thing", "data": {"n": 0.1, "l": (0.2,)}}, now=NOON, fallback_id="e")
    assert taken.event is not None
    assert taken.event.body == {"n": Decimal("0.1"), "l": [Decimal("0.2")]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"n": nan}, "nan is not a JSON number"),
        ({"l": [-inf]}, "-inf is not a JSON number"),
        ({"n": Decimal("NaN")}, "cannot be held exactly"),
        ({"n": 10**5000}, "more than 4300 digits"),
        ({1: "a"}, "the key 1 is no text"),
        ({"s": {"a"}}, "a Python set is no JSON value"),
        ({"s": b"a"}, "a Python bytes is no JSON value"),
        ({"s": "\ud800"}, "surrogate"),
    ],
)
def test_what_is_no_json_is_refused_with_a_sentence(data: dict[Any, Any], reason: str) -> None:
    taken = Intake(open_world("n is 1")).given({"type": "thing", "data": data}, now=NOON)
    assert taken.status == 400
    assert reason in taken.refused[0]


def test_what_contains_itself_is_refused() -> None:
    data: dict[str, Any] = {}
    data["data"] = data
    taken = Intake(open_world("n is 1")).given({"type": "thing", "data": data}, now=NOON)
    assert "nested more than 128 deep" in taken.refused[0]
