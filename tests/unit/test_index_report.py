"""What an index says of its rules: how each is found, and why not better."""

from __future__ import annotations

import pytest

import atamo_rules as atamo
from tests.worlds import DESK, ruleset

EVENT = "event order\n  id: text\n  total: number\n  path: text\n  tags: list of text\n  open: boolean\n"


def rule(name: str, condition: str, scope: str = "") -> str:
    return f"\nrule {name}\n  on order\n{scope}  when {condition}\n  do\n    send desk.note\n"


def found(condition: str, scope: str = "", among: int = 200) -> atamo.Filing:
    """How one rule is found among many on the same fields."""
    asks = ('id is "i{n}"', "total > {n}", 'path starts with "/p{n}/"', 'path ends with ".e{n}" ignoring case',
            'path contains "word{n}"', 'tags contains "t{n}"', "total is between {n} and {n}.5")  # fmt: skip
    others = "".join(rule(f"o{n}", asks[n % len(asks)].replace("{n}", str(n)), scope) for n in range(among))
    made = atamo.matcher(ruleset(EVENT + DESK + others + rule("it", condition, scope)))
    return next(one for one in made.report().rules if one.rule == "it")


@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ('id is "x" and total > 5', 'id is "x"'),
        ('id is one of ["x", "y", "z", "w"]', 'id is one of ["x", "y", "z", …]'),
        ('path starts with "/a17/" and total > 5', 'path starts with "/a17/"'),
        ('path ends with ".EXE" ignoring case', 'path ends with ".exe" ignoring case'),
        ('path is like "*powershell*"', 'path contains "powershell"'),
        ('open and tags contains any of ["x", "y"]', 'tags contains any of ["x", "y"]'),
        ("total is between 5 and 6 and open", "total >= 5 and total <= 6"),
        ("total > 1.5", "total > 1.5"),
    ],
)
def test_the_key_of_a_rule_is_said_as_its_author_would(condition: str, key: str) -> None:
    one = found(condition)
    assert (one.tier, one.keys) == ("key", (key,))
    assert one.share < 0.2
    assert not one.note


def test_an_or_has_a_key_for_each_part() -> None:
    assert found('id is "x" or path contains "cmd.exe"').keys == ('id is "x"', 'path contains "cmd.exe"')


def test_a_rule_without_a_key_says_why() -> None:
    one = found('id is not "x"')
    assert (one.tier, one.keys, one.share) == ("scan", (), 1.0)
    assert (
        one.note == "no part of its condition asks a field for a certain value, beginning, end, part or range"
    )
    assert "is expected to hold of many events" in found("open").note


def test_scope_is_said() -> None:
    one = found('id is "x"', "  for group ops, user ada\n")
    assert one.scope == ("group ops", "user ada")


def test_the_types_are_counted() -> None:
    made = atamo.matcher(ruleset(EVENT + DESK + "".join(rule(f"r{n}", f'id is "{n}"') for n in range(50))))
    (only,) = made.report().types
    assert (only.type, only.rules, only.by_key, only.by_bits, only.scanned, only.groups) == (
        "order",
        50,
        50,
        0,
        0,
        1,
    )
    assert 0 < only.cost < 1_000
