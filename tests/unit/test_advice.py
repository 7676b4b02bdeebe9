"""What is said of rules that no index can find: which part is to blame, and what to write."""

from __future__ import annotations

import pytest

from atamo_rules.engine.advice import MOST_SCANNING, advice, scanned, scans
from tests.worlds import asked, ruleset

FIELDS = "name: text\nsize: number\nweight: number\nseen: time\ntags: list of text\n"
FIELDS += "parts: list of\n  code: text\n  n: number"


@pytest.mark.parametrize(
    ("condition", "part", "why", "help"),
    [
        ('lower(name) is "a"', 'lower(name) is "a"', "a function of a field", "write `name is … ignoring case`"),
        ('upper(name) is one of ["A"] and size + 1 > 3', 'upper(name) is one of ["A"]', "a function", "ignoring"),
        ('domain(name) is "a.example"', 'domain(name) is "a.example"', "a function", 'ends with "@…" ignoring case'),
        ("name matches /^..$/", "name matches /^..$/", "no text of 3 characters", "ask for a longer part"),
        ('name contains "ab"', 'name contains "ab"', "no text of 3 characters", "ask for a longer part"),
        ('name is like "*a*"', 'name is like "*a*"', "no text of 3 characters", "ask for a longer part"),
        ('name is "a" or size * 2 > weight', "size * 2 > weight", "one side of an `or`", "narrow it down"),
        ('name is "a" or name matches /x/', "name matches /x/", "one side of an `or`", "longer part"),
        ("size + 1 > 3", "size + 1 > 3", "a value that is worked out", "narrow it down"),
        ("seen < now", "seen < now", "a value that is worked out", "narrow it down"),
        ("every part in parts has (part.n > 1)", "every part in parts has (part.n > 1)", "nothing in it has to equal",
         "narrow"),
        ('user.groups contains "ops"', 'user.groups contains "ops"', "a condition on the user", "`for group …`"),
        ("size > weight", "size > weight", "two fields of the event", "narrow it down"),
        ("not (size * 2 is 3)", "not (size * 2 is 3)", "what most events are not", "narrow it down"),
        ("count(parts) > 1", "count(parts) > 1", "a value that is worked out", "narrow it down"),
    ],
)  # fmt: skip
def test_the_part_that_could_be_written_otherwise_is_named(
    condition: str, part: str, why: str, help: str
) -> None:
    rules = asked(FIELDS, condition)
    assert [rule.id for rule, _ in scanned(rules)["thing"]] == ["r"]
    told = advice(rules.rules[0])
    assert told.span.text == part
    assert why in told.why
    assert help in told.help


@pytest.mark.parametrize(
    "condition",
    ['name is "a"', 'name is not "a"', "size > 3", "tags is not empty and size > 1", 'name is "a" or size > 3',
     'any part in parts has (part.code is "a")', 'name contains "abc" and seen < now', "size is present or size is 1"],
)  # fmt: skip
def test_what_can_be_looked_up_or_told_by_bit_vectors_is_not_named(condition: str) -> None:
    assert scanned(asked(FIELDS, condition)) == {}


def test_a_rule_without_a_condition_is_told_so() -> None:
    rules = ruleset("event thing\n  n: whole\n\nrule r\n  on thing\n  stop\n")
    told = advice(rules.rules[0])
    assert "no condition" in told.why
    assert "give it a `when`" in told.help


def many(count: int, condition: str, type: str = "thing") -> str:
    return "".join(
        f"\nrule r{n}\n  on {type}\n  when {condition.replace('{n}', str(n))}\n  stop\n" for n in range(count)
    )


def test_by_default_many_such_rules_are_one_warning_for_each_type_and_few_are_none() -> None:
    event = "event thing\n  name: text\n  size: number\n"
    few = ruleset(event + many(10, "name matches /x{n}|y/"))
    assert list(scans(few)) == []
    lot = ruleset(event + many(300, "name matches /x{n}|y/"))
    (told,) = scans(lot)
    assert told.code.id == "W0606"
    assert "asks 300 rules" in told.message
    assert "and 294 more" in told.notes[0]
    assert list(scans(lot, most=1_000_000)) == []
    assert list(scans(ruleset(event + many(300, "size > {n}")), most=MOST_SCANNING)) == []


def test_drafts_are_not_counted() -> None:
    rules = ruleset(
        "event thing\n  n: whole\n\nrule r\n  on thing\n  status draft\n  when n + 1 > 2\n  stop\n"
    )
    assert scanned(rules) == {}
