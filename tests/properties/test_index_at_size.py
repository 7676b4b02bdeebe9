"""Hundreds of rules on one event type: the index answers as each rule does by itself, for events that fit, that nearly
fit, and that hold what no JSON reader gives."""

from __future__ import annotations

import json
from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from atamo_rules.engine.index.literals import of_glob, of_regex
from atamo_rules.engine.index.matcher import Matcher
from atamo_rules.engine.index.numbers import Slots, meaning
from atamo_rules.engine.patterns import compiled as searching
from atamo_rules.engine.patterns import glob_pattern
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from tests.properties.test_index_is_tree import TIERS, careful, tier
from tests.strategies.choices import Choices, Seeded
from tests.worlds import NOON, ruleset

DECLARED = """
event thing
  id: text
  n: number
  m: number
  on: boolean
  tags: list of text
  path: text
  parts: list of
    code: text
    size: number
  inner:
    level: number
    name: text
  spare: text?
  loose: anything?
  wide: anything through lists

event wild of anything

agent desk
  send note
    line: text?
"""
WORDS = tuple(
    a + b + c
    for a in ("alpha", "be", "gamma-ray")
    for b in ("-", "/", ".Q")
    for c in ("one", "II", "dé", "x")
)
NUMBERS: tuple[Any, ...] = (0, 1, 2, 3, 7, -1, 2**53, 2**53 + 1, 10**23,
                            *(Decimal(n) / 8 for n in range(-9, 40, 3)),
                            Decimal("0.1"), Decimal("0.3"), Decimal("1E+400"),
                            Decimal("0.10000000000000001"))  # fmt: skip
VALUES: tuple[Any, ...] = (*NUMBERS, 0.1, 0.3, 1.0, 0.0, -0.0, 1e23, nan, inf, -inf, True, False, None, "1", [1], {},
                           Decimal("0.1000000000000000055511151231257827"), float(2**53), 2.5, 1e308)  # fmt: skip
REGEXES = ("alpha.one", "^be/", "ga*mma", r"ray\.Q(II|x)", "x?one", "be[-/]+dé", "(al)?pha", "a{0}lpha-", r"\bone\b",
           "one|two", "(?i)ALPHA", "[]a]lpha", r"\x61lpha", r"\Qa.b\Epha", "mma-ray+", "")  # fmt: skip
GLOBS = ("alpha*", "*one", "*gamma*", "be?dé", "*ray/*", "a*a*e", "*", "be-x", r"al\*pha*")


def condition(choose: Choices, depth: int = 2) -> str:
    """A condition over the declared fields."""
    kind = choose.upto(9) if depth else 0
    if kind < 5:
        return _asked(choose)
    if kind == 5:
        return f"not ({condition(choose, depth - 1)})"
    word = " and " if kind < 9 else " or "
    return "(" + word.join(condition(choose, depth - 1) for _ in range(2 + choose.upto(1))) + ")"


def _asked(choose: Choices) -> str:
    word, fold = json.dumps(choose.pick(WORDS)), choose.pick(("", "", " ignoring case"))
    path = choose.pick(("id", "path", "inner.name"))
    number = choose.pick(("n", "m", "inner.level"))
    match choose.upto(14):
        case 0 | 1:
            return f"{path} is {word}{fold}"
        case 2:
            return f"{path} is one of [{word}, {json.dumps(choose.pick(WORDS))}]{fold}"
        case 3 | 4:
            return f"{number} {choose.pick(('<', '<=', '>', '>=', 'is', 'is not'))} {_number(choose)}"
        case 5:
            return f"{number} is between {_number(choose)} and {_number(choose)}"
        case 6:
            return f"{number} is one of [{_number(choose)}, {_number(choose)}]"
        case 7:
            cut = choose.pick(WORDS)[: 1 + choose.upto(6)]
            return f"path starts with {json.dumps(cut)}{fold}"
        case 8:
            return f"path ends with {json.dumps(choose.pick(WORDS)[-1 - choose.upto(5) :])}{fold}"
        case 9:
            cut = choose.pick(WORDS)[choose.upto(2) : 4 + choose.upto(4)]
            return f"path contains {json.dumps(cut)}{fold}"
        case 10:
            return (
                f"tags contains {choose.pick((word, f'any of [{word}, {json.dumps(choose.pick(WORDS))}]'))}"
            )
        case 11:
            return choose.pick(("on", "on is false", "spare is present", "spare is absent",
                                f"(spare is present and spare is {word})"))  # fmt: skip
        case 12:
            return choose.pick((f"path matches /{_safe(choose.pick(REGEXES))}/{fold}",
                                f"path is like {json.dumps(choose.pick(GLOBS))}{fold}"))  # fmt: skip
        case 13:
            return choose.pick((f"any part in parts has (part.code is {word} and part.size > {_number(choose)})",
                                f"parts.code is {word}",
                    f"parts.code starts with {word[:4]}\"",
                    f"parts.code contains {word[:5]}\"{fold}",
                    f"tags ends with {word[:4]}\"",
                    f"wide.a.b contains {word[:5]}\"",
                    f"wide.a is {word}",
                    f"wide.a.b is like \"*{word[1:5]}*\"",
                                f"no part in parts has (part.size < {_number(choose)})"))  # fmt: skip
    return choose.pick((f"(loose is present and loose contains {word}{fold})",
                        f"(loose is present and loose is {choose.pick((word, _number(choose), 'true'))})",
                        f"(loose is present and loose > {_number(choose)})"))  # fmt: skip


def _safe(pattern: str) -> str:
    return pattern.replace("/", r"\/") or "a"


def _number(choose: Choices) -> str:
    found = choose.pick(NUMBERS)
    return (
        format(found, "f")
        if isinstance(found, Decimal) and found < 10**30
        else str(10**30 if found > 10**30 else found)
    )


def many(choose: Choices, count: int, type: str = "thing") -> Ruleset:
    """A ruleset of so many rules."""
    rules = "".join(
        f"\nrule r{number}\n  on {type}\n  when {condition(choose)}\n  do\n    send desk.note\n"
        for number in range(count)
    )
    return ruleset(DECLARED + rules)


def body(choose: Choices, strays: int) -> Any:
    """A body; of `strays` in a hundred, each field is whatever there is, or missing."""
    word, other = choose.pick(WORDS), choose.pick(WORDS)
    made: dict[str, Any] = {
        "id": choose.pick(WORDS),
        "n": choose.pick(NUMBERS),
        "m": choose.pick(NUMBERS),
        "on": choose.upto(1) == 1,
        "tags": [choose.pick(WORDS) for _ in range(choose.upto(3))],
        "path": "".join(choose.pick(WORDS) for _ in range(1 + choose.upto(3))),
        "parts": [{"code": choose.pick(WORDS), "size": choose.pick(NUMBERS)} for _ in range(choose.upto(2))],
        "inner": {"level": choose.pick(NUMBERS), "name": choose.pick(WORDS).upper()},
        "wide": choose.pick(
            ({"a": word}, {"a": [word, {"b": other}]}, [{"a": {"b": [other, [word]]}}], word, [])
        ),
        "loose": choose.pick((*VALUES, choose.pick(WORDS), [choose.pick(WORDS)])),
    }
    for key in list(made):
        if choose.upto(99) < strays:
            made[key] = choose.pick((*VALUES, choose.pick(WORDS), {"code": 1}, ["alpha-one", 1, []]))
            if choose.upto(3) == 3:
                del made[key]
    if choose.upto(1):
        made["spare"] = choose.pick(WORDS)
    return made


def check(whole: Ruleset, choose: Choices, events: int) -> None:
    """Every event is answered as rule by rule, also without the generated function."""
    asked = [(rule.id, ready(rule)) for rule in whole.rules]
    type = whole.rules[0].event
    matcher = Matcher(whole)
    function = matcher.of(type)
    for number in range(events):
        made = body(choose, (0, 0, 3, 30)[number % 4])
        event = Event("e", type, made, NOON)
        expected = [id for id, one in asked if one.holds(frame_of(one, event))]
        assert matcher.match(type, made, now=NOON) == expected, made
        assert careful(function, made) in (None, expected), made


@pytest.mark.parametrize("name", TIERS)
def test_hundreds_of_rules(name: str) -> None:
    choose = Seeded(11)
    whole = many(choose, 400)
    with tier(name):
        check(whole, choose, 120)


def test_an_open_type_with_hundreds_of_rules() -> None:
    rules = "".join(
        f"\nrule r{n}\n  on wild\n  when a is {n} and b.c contains \"w{n}\"\n  do\n    send desk.note\n"
        f"\nrule s{n}\n  on wild\n  when b.c ends with \"{n}\" ignoring case or a > {n}.5\n  do\n    send desk.note\n"
        for n in range(60)
    )  # fmt: skip
    whole = ruleset(DECLARED + rules)
    asked = [(rule.id, ready(rule)) for rule in whole.rules]
    matcher = Matcher(whole)
    bodies: list[Any] = [
        {"a": a, "b": b} for a in VALUES for b in ({"c": "xw17"}, {"c": ["w1", "W2"]}, "c", None)
    ]
    for made in (*bodies, [], "a", None, 3, {}, {"a": 17, "b": {"c": "w17"}}):
        event = Event("e", "wild", made, NOON)
        assert matcher.match("wild", made) == [id for id, one in asked if one.holds(frame_of(one, event))], (
            made
        )


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", TIERS)
def test_hundreds_of_rules_many_times(name: str) -> None:
    for seed in range(100, 110):
        choose = Seeded(seed)
        whole = many(choose, 500)
        with tier(name):
            check(whole, choose, 300)


def test_a_number_lies_where_its_decimal_does() -> None:
    choose = Seeded(3)
    for _ in range(4_000):
        cuts = [(choose.pick(NUMBERS), choose.upto(1)) for _ in range(choose.upto(8))]
        slots = Slots(cuts)
        value = choose.pick(VALUES)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float | Decimal)
            or value in (inf, -inf)
            or value != value
        ):
            assert slots.of(value) in (0, len(slots) - 1)
            continue
        exact = meaning(value) if isinstance(value, float) else value
        right = sum(exact > number if above else exact >= number for number, above in slots.cuts)
        assert slots.of(value) == 1 + right, (value, slots.cuts)


TEXTS = (
    *WORDS,
    "lpha",
    "pha-",
    "gmma",
    "ga",
    "rayy",
    "two",
    "alpha-ONE",
    "]lpha",
    "a.bpha",
    "al*pha",
    "be//dé",
    "alpha one",
)


@pytest.mark.parametrize("pattern", REGEXES)
def test_what_a_regex_matches_has_its_literal(pattern: str) -> None:
    required = of_regex(pattern)
    for text in TEXTS:
        if required.texts and searching(pattern, False)(text):
            assert any(one in (text.casefold() if required.fold else text) for one in required.texts)
    if pattern in ("alpha.one", "^be/", r"ray\.Q(II|x)"):
        assert (
            required.texts
            == {"alpha.one": ("alpha",), "^be/": ("be/",), r"ray\.Q(II|x)": ("ray.Q",)}[pattern]
        )


@pytest.mark.parametrize("glob", GLOBS)
def test_what_a_glob_fits_has_its_literal(glob: str) -> None:
    kind, literal = of_glob(glob)
    asked = {"prefix": str.startswith, "suffix": str.endswith, "part": str.__contains__, "value": str.__eq__}[
        kind
    ]
    for text in TEXTS:
        if searching(glob_pattern(glob), False)(text):
            assert asked(text, literal)
