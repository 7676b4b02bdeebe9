"""Paths that go through lists wherever they stand: the engine and the naive evaluator read them alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from atamo_rules.engine import through
from atamo_rules.engine.decide import decide
from atamo_rules.hub.intake import Intake
from atamo_rules.model.strict_json import decode, encode
from atamo_rules.syntax import declarations as decl
from tests.naive.evaluate import World, matches
from tests.strategies.choices import Choices, Seeded, generated
from tests.strategies.untyped import body, condition
from tests.worlds import compiled

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """Text and bodies, so that hypothesis shows what a human would run again."""

    text: str
    bodies: tuple[str, ...]


def asked(choose: Choices, rules: int, events: int) -> Asked:
    text = "event wild of anything through lists\n\nagent desk\n  send note\n    line: text?\n" + "".join(
        f"\nrule r{number}\n  on wild\n  when {condition(choose)}\n  do\n    send desk.note\n"
        for number in range(rules)
    )
    return Asked(text, tuple(encode(body(choose)) for _ in range(events)))


def differences(asked: Asked) -> list[str]:
    made = compiled(asked.text)
    assert made.ruleset is not None, [f"{error.message}: {error.span.text}" for error in made.errors]
    rules = [one for one in made.files[0].declarations if isinstance(one, decl.Rule)]
    intake, found = Intake(made.ruleset), []
    for raw in asked.bodies:
        event = intake.take(raw.encode(), type_name="wild", now=NOON, fallback_id="e").event
        assert event is not None
        engine = set(decide(made.ruleset, event).matched)
        naive = {one.name.text for one in rules if matches(one, World(None, decode(raw), through=True))}
        found += [f"{name} on {raw}: the engine says {name in engine}" for name in engine ^ naive]
    return found


@settings(max_examples=60, deadline=None)
@given(generated(lambda choose: asked(choose, 2, 3)))
def test_the_engine_reads_them_as_the_naive_evaluator_does(asked: Asked) -> None:
    assert differences(asked) == []


def test_the_engine_reads_them_as_the_naive_evaluator_does_in_many_worlds() -> None:
    for seed in range(80):
        one = asked(Seeded(seed), 10, 15)
        assert differences(one) == [], f"seed {seed}: {one.text}"


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing list that is taken for an empty one is found out."""
    elements = through.elements
    monkeypatch.setattr(
        through,
        "elements",
        lambda node: lambda frame: found if isinstance(found := elements(node)(frame), list) else [],
    )
    assert any(differences(asked(Seeded(seed), 10, 15)) for seed in range(80))
