"""Events read as text: the index and fast functions answer as closures do, whatever stands where texts should."""

from __future__ import annotations

import pytest

from atamo_rules.engine import conditions
from atamo_rules.engine.frame import bare
from atamo_rules.engine.index.matcher import Matcher
from atamo_rules.engine.shapes import residual
from atamo_rules.model.rule import Ruleset
from tests.properties.test_index_is_tree import TIERS, careful, tier
from tests.strategies import spelled
from tests.strategies.choices import Choices, Seeded
from tests.worlds import DESK, ruleset

RULES, EVENTS, WORLDS = 30, 8, 30


def world(choose: Choices) -> Ruleset:
    """Rules on one event type, now and then through lists too."""
    reading = choose.pick(("as text", "as text", "through lists as text"))
    rules = "".join(
        f"\nrule r{n:02}\n  on thing\n  when {spelled.condition(choose)}\n  do\n    send desk.note\n"
        for n in range(RULES)
    )
    return ruleset(f"event thing of anything {reading}\n{rules}\n{DESK}")


def judged(rules: Ruleset, body: object) -> list[str]:
    """The rules that match, each asked by its closures."""
    return [rule.id for rule in rules.rules if conditions.condition(rule.condition)(bare(body))]


@pytest.mark.parametrize("name", TIERS)
def test_the_index_answers_as_the_tree(name: str) -> None:
    matched = 0
    for seed in range(WORLDS):
        choose = Seeded(seed)
        rules = world(choose)
        with tier(name):
            matcher = Matcher(rules).ready()
        match = matcher._of("thing").open.match
        for _ in range(EVENTS):
            body = spelled.body(choose)
            expected = judged(rules, body)
            assert matcher.match("thing", body) == expected, f"seed {seed}: {body}"
            assert careful(match, body) in (None, expected), f"seed {seed}: {body}"
            matched += len(expected)
    assert matched > WORLDS * EVENTS


def test_functions_answer_as_closures_do() -> None:
    for seed in range(WORLDS * 2):
        choose = Seeded(seed)
        rules = world(choose)
        asked = [(rule.id, residual(rule.condition)) for rule in rules.rules]
        for _ in range(EVENTS):
            body = spelled.body(choose)
            found = [id for id, quick in asked if quick is not None and quick(body)]
            assert found == judged(rules, body), f"seed {seed}: {body}"
        assert all(quick is not None for _, quick in asked)


def test_keys_are_taken_of_what_is_read_as_text() -> None:
    rules = "".join(
        f'\nrule r{n}\n  on thing\n  when a ends with "k{n:03}" ignoring case and b is "4688"\n'
        f'  do\n    send desk.note\n\nrule w{n}\n  on thing\n  when any field contains "w{n:03}"\n'
        "  do\n    send desk.note\n"
        for n in range(60)
    )
    matcher = Matcher(ruleset(f"event thing of anything as text\n{rules}\n{DESK}")).ready()
    assert {one.tier for one in matcher.report().rules} == {"key"}
    assert matcher.match("thing", {"a": "…K003", "b": 4688}) == ["r3"]
    assert matcher.match("thing", {"a": ["…K003", "k004"], "b": [1, "4688"], "c": {"d": ["w007"]}}) == [
        "r3",
        "r4",
        "w7",
    ]


def test_a_part_is_in_one_of_the_texts_of_an_event_and_not_in_two() -> None:
    rules = "".join(
        f"\nrule {id}\n  on thing\n  when any field {asked}\n  do\n    send desk.note\n"
        for id, asked in (
            ("across", r'contains "b\nc"'),
            ("all", r'contains all of ["b", "c"]'),
            ("any", r'contains any of ["xx", "AB"] ignoring case'),
            ("one", r'contains "c"'),
        )
    )
    found = ruleset(f"event thing of anything as text\n{rules}\n{DESK}")
    for name in ("as planned", "keys"):
        with tier(name):
            matcher = Matcher(found).ready()
        assert matcher.match("thing", {"x": "ab", "y": ["c"]}) == ["all", "any", "one"]
        assert matcher.match("thing", {"x": "ab\ncd"}) == ["across", "all", "any", "one"]
        assert matcher.match("thing", {"x": "b", "y": {"z": 1}}) == []
        assert matcher.match("thing", {}) == []


def test_rules_that_ask_for_an_absence_are_passed_by() -> None:
    rules = "".join(
        f'\nrule r{n:02}\n  on thing\n  when a is absent and any field contains "word {n:02}"\n'
        f'  do\n    send desk.note\n\nrule s{n:02}\n  on thing\n  when a is "{n}"\n  do\n    send desk.note\n'
        for n in range(80)
    )
    matcher = Matcher(ruleset(f"event thing of anything as text\n{rules}\n{DESK}")).ready()
    filed = {one.rule: one for one in matcher.report().rules}
    assert filed["r07"].keys == ("a is absent",)
    match = matcher._of("thing").open.match
    for body, expected in (
        ({"b": "a word 07"}, ["r07"]),
        ({"a": None, "b": "a word 07"}, ["r07"]),
        ({"a": 7, "b": "a word 07"}, ["s07"]),
        ({"a": ["7", "8"], "b": "a word 07"}, ["s07", "s08"]),
        ({"a": [], "b": "a word 07"}, []),
        ([], []),
    ):
        assert matcher.match("thing", body) == expected
        assert careful(match, body) in (None, expected)
