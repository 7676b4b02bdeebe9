"""3,385 published Sigma rules, imported and compiled at once, on events that nobody here wrote.

What `expected` means was found in the data: the rules of a matrix whose log source an event has (`logsource_ast`), and
which then hold (`ast`). Rules without a `logsource_ast` were never asked; nor is what the data keeps sealed among ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from atamo_rules.engine.decide import decide
from atamo_rules.importers.imported import Imported, Reading, Refused
from atamo_rules.importers.sigma import read
from atamo_rules.model.rule import Ruleset
from atamo_rules.proof.findings import proved
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source
from tests.importers.sigma.worlds import files, written
from tests.realdata.conftest import Lines
from tests.worlds import compiled, event

pytestmark = [pytest.mark.realdata, pytest.mark.timeout(600)]
Case = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """All rules as they were published, as they were read, and as one ruleset on one event type."""

    published: Mapping[str, Case]
    readings: tuple[Reading, ...]
    ruleset: Ruleset
    said: tuple[Diagnostic, ...]

    def matched(self, body: Any) -> set[str]:
        """The ids of the rules that detect an event."""
        return set(decide(self.ruleset, event(body, "log")).matched)


@pytest.fixture(scope="module")
def world(lines: Lines) -> World:
    published = {one["id"]: one for one in lines("sigma.rules")}
    readings = tuple(
        read(Source(one["path"], one["rule_text"]), event_type="log") for one in published.values()
    )
    made = compiled(files(readings))
    assert made.ruleset is not None, [(str(d.span), d.message) for d in made.errors[:5]]
    return World(published, readings, made.ruleset, made.diagnostics)


def test_every_rule_is_imported_under_its_id(world: World) -> None:
    assert len(world.published) == 3385
    assert [d for one in world.readings for d in one.diagnostics] == []
    items = [item for one in world.readings for item in one.items]
    assert [(item.name, item.reason) for item in items if isinstance(item, Refused)] == []
    assert [item.name for item in items] == list(world.published)
    assert {rule.id for rule in world.ruleset.rules} == set(world.published)
    assert {one.code.id for one in world.said} <= {"W0221"}


def test_what_a_rule_says_about_itself_is_kept(world: World) -> None:
    rules = {rule.id: rule for rule in world.ruleset.rules}
    for id, one in world.published.items():
        rule = rules[id]
        assert rule.about == one["title"].strip()
        assert rule.metadata["severity"] == one["level"]
        given = {name: value for name, value in one["logsource"].items() if value}
        kept = rule.metadata["logsource"]
        assert isinstance(kept, dict)
        assert {name: kept[name] for name in given} == {name: str(v).strip() for name, v in given.items()}


@pytest.mark.parametrize("name", ["sigma.matrix", "sigma.matrix-otrf-sample"])
def test_every_event_is_detected_by_the_rules_that_should(world: World, lines: Lines, name: str) -> None:
    asked = {id for id, one in world.published.items() if one["logsource_ast"] is not None}
    cases = lines(name)
    assert len(cases) == {"sigma.matrix": 214, "sigma.matrix-otrf-sample": 2203}[name]
    wrong = {}
    for case in cases:
        assert case["disputed"] == []
        got, expected = world.matched(case["event"]) & asked, set(case["expected"]) & set(world.published)
        if got != expected:
            wrong[case["id"]] = (got - expected, expected - got)
    assert wrong == {}


def test_logs_of_attacks_are_detected_by_the_rule_they_were_kept_for(world: World, lines: Lines) -> None:
    cases = [case for case in lines("sigma.positive") if case["rule"] in world.published]
    assert len(cases) == 175  # the texts of the others' rules are sealed
    wrong = [
        case["id"] for case in cases if (case["rule"] in world.matched(case["event"])) is not case["expected"]
    ]
    assert wrong == []


def test_nothing_is_proved_against_published_rules(world: World) -> None:
    """They are about logs of which no type is known, where little can be proved; and what could would be wrong."""
    assert [(one.code.id, str(one.span)) for one in proved(world.ruleset, world.said)] == []


def test_each_log_source_has_its_own_event_type(world: World) -> None:
    """Without one event type the rules are as many, on types of their own, and compile as well."""
    apart = [read(Source(one["path"], one["rule_text"])) for one in list(world.published.values())[::17]]
    made = compiled(files(apart))
    assert made.ruleset is not None
    names = {rule.event for rule in made.ruleset.rules}
    assert "windows.process_creation" in names
    assert all(one.type.as_text for one in made.ruleset.events.values())  # type: ignore[union-attr]


def test_the_files_read_back_in_either_container(world: World) -> None:
    for one in world.readings[::23]:
        rules = [item.rule for item in one.items if isinstance(item, Imported)]
        for container in ("atamo", "yaml"):
            text = written([*one.around, *rules], container)
            again = compiled({f"rules.{container}": text})
            assert again.ruleset is not None, text
