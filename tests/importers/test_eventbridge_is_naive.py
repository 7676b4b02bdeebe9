"""Imported patterns decide as the documentation of their engines says, whatever the pattern and the event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.decide import decide
from atamo_rules.hub.intake import Intake
from atamo_rules.importers.eventbridge import read
from atamo_rules.importers.imported import Imported, Refused
from atamo_rules.importers.written import rule_file
from atamo_rules.source.span import Source
from tests.importers import patterns
from tests.strategies.choices import Choices, Seeded, generated
from tests.strategies.patterns import event, event_for, pattern

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PATTERNS, EVENTS = 12, 20


@dataclass(frozen=True)
class Asked:
    """Texts, so that hypothesis shows what a human would run again."""

    dialect: str
    patterns: tuple[str, ...]
    events: tuple[str, ...]


def asked(choose: Choices, dialect: str, many: int, events: int) -> Asked:
    made = [pattern(choose, dialect) for _ in range(many)]
    dotted = all("a.b" in one or "a" not in one for one in made)
    bodies = [event(choose, dotted) for _ in range(events)]
    # A key with dots that no pattern spells is met by event-ruler, and by nothing here: see the page of differences.
    bodies += [one for one in (event_for(choose, one) for one in made) if dotted or "a.b" not in one]
    return Asked(dialect, tuple(map(json.dumps, made)), tuple(map(json.dumps, bodies)))


def differences(one: Asked) -> list[str]:
    """Every pattern and event on which importer and documentation do not agree."""
    lines = "".join(
        json.dumps({"name": f"p{n}", "pattern": text}) + "\n" for n, text in enumerate(one.patterns)
    )
    reading = read(Source("patterns.jsonl", lines), dialect=one.dialect)
    assert {found.code.id for found in reading.diagnostics} <= {"W0903"}, reading.diagnostics
    for item in reading.items:
        assert isinstance(item, Imported) or "for a value, and for fields in it" in item.reason, item
    rules = [item.rule for item in reading.items if isinstance(item, Imported)]
    if not rules:
        return []
    text = rule_file([*reading.around, *rules], "atamo").text
    made = compile_sources([Source("rules.atamo", text)], lambda _, path: path)
    assert made.ruleset is not None, [f"{error.span}: {error.message}" for error in made.errors]
    known = {item.name for item in reading.items if not isinstance(item, Refused)}
    intake, found = Intake(made.ruleset), []
    for raw in one.events:
        taken = intake.take(raw.encode(), type_name="eventbridge.event", now=NOON, fallback_id="e").event
        assert taken is not None
        matched = set(decide(made.ruleset, taken).matched)
        body: Any = json.loads(raw)
        for number, written in enumerate(one.patterns):
            name = f"p{number}"
            if name in known and (name in matched) is not patterns.matches(
                json.loads(written), body, one.dialect
            ):
                found.append(
                    f"{written} on {raw}: imported it {'matches' if name in matched else 'does not match'}"
                )
    return found


@pytest.mark.parametrize("dialect", ["eventbridge", "quamina"])
def test_imported_patterns_decide_as_documented_in_many_worlds(dialect: str) -> None:
    for seed in range(60):
        one = asked(Seeded(seed), dialect, PATTERNS, EVENTS)
        assert differences(one) == [], f"seed {seed}"


@settings(max_examples=60, deadline=None)
@given(generated(lambda choose: asked(choose, choose.pick(("eventbridge", "quamina")), 1, 3)))
def test_imported_patterns_decide_as_documented(one: Asked) -> None:
    assert differences(one) == []


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documentation that took fields of different elements together would be found out."""
    monkeypatch.setattr(patterns, "_agree", lambda one, two: True)
    assert any(differences(asked(Seeded(seed), "eventbridge", PATTERNS, EVENTS)) for seed in range(60))
