"""Conditions as deep and as wide as an author may write them: each is a mistake with a place, or matched exactly."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atamo_rules.engine import conditions
from atamo_rules.engine.frame import bare
from atamo_rules.engine.index.matcher import matcher
from atamo_rules.engine.index.plan import WRITTEN_OUT
from atamo_rules.source.codes import TOO_DEEP
from tests.worlds import DESK, compiled

EVENT = """
event thing
  n: number
  kind: text
  flag: boolean
  tags: list of text
  note: text?
"""
BODY: dict[str, Any] = {"n": 1, "kind": "a", "flag": True, "tags": ["a", "b"], "note": "z"}
BODIES: tuple[Any, ...] = (
    BODY, {**BODY, "n": 0.5, "kind": "b"}, {**BODY, "n": Decimal(999), "flag": False, "tags": []},
    {**BODY, "n": 2**80, "kind": "w1"}, {**BODY, "n": "1", "kind": None, "tags": "a"}, {"n": -1, "note": None}, {}, [],
)  # fmt: skip
FEW, MANY = 1, WRITTEN_OUT + 1
"""Rules that are written into one function, and rules that are filed."""

Written = Callable[[int], str]

DEEP: dict[str, Written] = {
    "sum": lambda d: " + ".join(["n"] * (d + 1)) + " > 3",
    "difference": lambda d: " - ".join(["n"] * (d + 1)) + " < 3",
    "product": lambda d: " * ".join(["n"] * (d + 1)) + " > 3",
    "sum in brackets": lambda d: "(" * d + "n" + " + 1)" * d + " > 3",
    "minus": lambda d: "-" * d + "n > 0",
    "brackets": lambda d: "(" * d + "n > 0" + ")" * d,
    "not": lambda d: "not " * d + "flag",
    "not in brackets": lambda d: "not (" * d + "flag" + ")" * d,
    "and, or": lambda d: "flag and (n > 0 or (" * (d // 2) + "note is present" + "))" * (d // 2),
    "call": lambda d: "lower(" * d + "kind" + ")" * d + ' is "a"',
    "any": lambda d: (
        "".join(f'any x{at} in tags has (x{at} is "b" or ' for at in range(d)) + "n > 1" + ")" * d
    ),
    "every": lambda d: (
        "".join(f'every x{at} in tags has (x{at} is "b" or ' for at in range(d)) + "n > 0" + ")" * d
    ),
    "sum below or": lambda d: "not (flag and (" + " + ".join(["n"] * d) + f" > {d} or n is 999))",
}
WIDE: dict[str, Written] = {
    "or": lambda w: " or ".join(f"n is {at}" for at in range(w)),
    "or of parts": lambda w: " or ".join(f'kind contains "w{at}"' for at in range(w)),
    "or of anys": lambda w: " or ".join(f'any t in tags has (t is "{at}" or t is "a")' for at in range(w)),
    "or of ands": lambda w: " or ".join(f'(n > {at} and kind is "w{at}")' for at in range(w)),
    "and": lambda w: " and ".join(f"n is not {at}" for at in range(w)),
    "and of nots": lambda w: " and ".join(f"not (n + {at} is 999)" for at in range(w)),
    "list": lambda w: "kind is one of [" + ", ".join(f'"w{at}"' for at in range(w)) + "]",
    "parts": lambda w: "kind contains any of [" + ", ".join(f'"w{at}"' for at in range(w)) + "]",
    "text": lambda w: f'kind is not "{"y" * w * 20}"',
    "part": lambda w: f'not (kind contains "{"y" * w * 20}")',
}


def agreed(condition: str, rules: int) -> bool:
    """Whether the condition is none with a mistake; fails where an index answers otherwise than its closures."""
    rule = "\nrule r{}\n  on thing\n  when {}\n  do\n    send desk.note\n"
    made = compiled(f"{DESK}{EVENT}" + "".join(rule.format(at, condition) for at in range(rules)))
    if made.ruleset is None:
        assert {one.code for one in made.errors} == {TOO_DEEP}
        return False
    holds = conditions.condition(made.ruleset.rules[0].condition)
    cold, warm = matcher(made.ruleset), matcher(made.ruleset, warm=True)
    changed = warm.without("r0").with_rule(made.ruleset.rules[0])
    ids = sorted(one.id for one in made.ruleset.rules)
    for body in BODIES:
        expected = ids if holds(bare(body)) else []
        for one in (cold, warm, changed):
            assert one.match("thing", body) == expected
    return True


@pytest.mark.parametrize("name", DEEP)
def test_a_condition_is_as_deep_as_it_may_be(name: str) -> None:
    taken = [depth for depth in (2, 30, 60, 64, 66, 100, 199, 298, 400) if agreed(DEEP[name](depth), FEW)]
    assert taken[-1] >= 60
    assert agreed(DEEP[name](taken[-1]), MANY)
    assert not agreed(DEEP[name](400), MANY)


@pytest.mark.parametrize("name", WIDE)
def test_a_condition_may_be_wide(name: str) -> None:
    assert agreed(WIDE[name](300), FEW)
    assert agreed(WIDE[name](30), MANY)


@pytest.mark.slow
@pytest.mark.parametrize("name", WIDE)
def test_a_condition_may_be_very_wide(name: str) -> None:
    assert agreed(WIDE[name](5_000), FEW)
