"""What is proved of rules is held against random events, and what is shown against the engine."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.hub.intake import Intake
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.proof import values
from atamo_rules.proof.formula import And, Formula, against, of_rule, true_of
from atamo_rules.proof.space import Space, Verdict
from atamo_rules.proof.values import Choice, choice
from tests.properties.judging import NOON, right, world
from tests.strategies.choices import Seeded
from tests.worlds import compiled

RULES, EVENTS = 6, 40


def let_in(ruleset: Ruleset, raw: str) -> Event | None:
    """An event as its door lets it in; None where it does not."""
    return Intake(ruleset).take(raw.encode(), type_name="thing", now=NOON, fallback_id="e").event


def judged(seed: int) -> tuple[Ruleset, list[Event]]:
    """Rules about a type whose door refuses what does not fit, and events that fit."""
    made = world(Seeded(seed), RULES, EVENTS)
    ruleset = right(compiled(made.text.replace("  when invalid flag\n", "")))
    return ruleset, [event for raw in made.bodies if (event := let_in(ruleset, raw)) is not None]


def questions(ruleset: Ruleset) -> list[Formula]:
    """Whether each rule can hold, can fail to, and can hold where the next one does not, or does too."""
    formulas = [of_rule(rule) for rule in ruleset.rules]
    asked = [*formulas, *map(against, formulas)]
    for one, two in pairwise(formulas):
        asked += [And((one, against(two))), And((one, two)), And((against(one), against(two)))]
    return asked


def wrong(seed: int, told: Counter[Verdict]) -> list[str]:
    """Where a proof is contradicted by an event."""
    ruleset, events = judged(seed)
    space = Space(ruleset.events["thing"])
    found: list[str] = []
    for asked in questions(ruleset):
        answer = space.can(asked)
        told[answer.verdict] += 1
        if answer.verdict is Verdict.NO:
            found += [f"seed {seed}: {event.body}" for event in events if true_of(asked, event.body)]
        elif answer.verdict is Verdict.YES:
            assert true_of(asked, answer.body)
    return found


def test_nothing_happens_that_cannot() -> None:
    told: Counter[Verdict] = Counter()
    assert [fault for seed in range(60) for fault in wrong(seed, told)] == []
    assert min(told[Verdict.NO], told[Verdict.YES]) > 100
    assert told[Verdict.OPEN] < sum(told.values()) / 3


@pytest.mark.slow
def test_nothing_happens_that_cannot_in_many_worlds() -> None:
    told: Counter[Verdict] = Counter()
    assert [fault for seed in range(60, 1500) for fault in wrong(seed, told)] == []


def test_a_formula_means_what_its_rule_means() -> None:
    for seed in range(20):
        ruleset, events = judged(seed)
        for rule in ruleset.rules:
            one = ready(rule)
            if "Now()" in repr(rule.condition):  # no body tells when it comes
                continue
            for event in events:
                holds = one.holds(frame_of(one, event))
                assert true_of(of_rule(rule), event.body) is holds
                assert true_of(against(of_rule(rule)), event.body) is not holds


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that leave out what lies between two constants are found out."""

    def without(*given: Any, missing: bool) -> Choice:
        found, whole = choice(*given, missing=missing)
        return Choice(found[: len(found) // 2], whole)

    monkeypatch.setattr(values, "choice", without)
    told: Counter[Verdict] = Counter()
    assert any(wrong(seed, told) for seed in range(60))
