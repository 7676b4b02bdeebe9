"""event-ruler's and quamina's own tests: every pattern imported, written, compiled and decided gives their answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.cli.fmt import formatted
from atamo_rules.cli.foreign_files import Foreign
from atamo_rules.cli.import_rules import Gathered, gathered, texts
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.decide import decide
from atamo_rules.hub.intake import Intake
from atamo_rules.importers.eventbridge import read
from atamo_rules.model.strict_json import encode
from atamo_rules.source.span import Source
from tests.realdata.conftest import Lines
from tests.realdata.eventbridge_differences import ON_PURPOSE, UNTOLD

pytestmark = pytest.mark.realdata

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CORPORA = {"event-ruler": "eventbridge", "quamina": "quamina"}
COUNTS = {"event-ruler": (2875, 582, 144), "quamina": (2114, 352, 8)}


@dataclass(frozen=True)
class Case:
    """One answer that is known: the patterns of one rule name, an event, and whether the rule matches it."""

    id: str
    patterns: tuple[str, ...]
    event: str
    expected: bool


def cases(corpus: str, lines: Lines) -> list[Case]:
    """Every pair, and every rule of every set."""
    found = []
    for row in lines(f"{corpus}.pairs"):
        rules = row["rule"] if isinstance(row["rule"], list) else [row["rule"]]
        found.append(Case(row["id"], tuple(map(encode, rules)), encode(row["event"]), row["expected"]))
    for row in lines(f"{corpus}.sets"):
        found += [
            Case(row["id"], tuple(rules), encode(row["event"]), name in row["expected"])
            for name, rules in row["rules"].items()
        ]
    return found


def imported(named: Mapping[tuple[str, ...], str], dialect: str | None, folder: Path) -> Gathered:
    """What `atamo import` reads of a file of JSON lines with these patterns."""
    path = folder / "patterns.jsonl"
    lines = [{"name": name, "pattern": text} for texts_, name in named.items() for text in texts_]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return gathered([Foreign(path, "patterns")], lambda source: read(source, dialect=dialect))


def answers(made: Mapping[str, str], events: Sequence[str]) -> dict[str, frozenset[str]]:
    """The rules of a folder that match each event."""
    compiled = compile_sources([Source(name, text) for name, text in made.items()], lambda _, path: path)
    assert compiled.ruleset is not None, [error.message for error in compiled.errors]
    intake = Intake(compiled.ruleset)
    found = {}
    for number, raw in enumerate(dict.fromkeys(events)):
        body = json.dumps({"type": "eventbridge.event", "id": str(number), "data": "@"}).replace('"@"', raw)
        taken = intake.take(body.encode(), type_name=None, now=NOON, fallback_id="")
        assert taken.event is not None, (raw, taken.refused)
        found[raw] = frozenset(decide(compiled.ruleset, taken.event).matched)
    return found


@pytest.mark.parametrize("container", ["atamo", "yaml"])
@pytest.mark.parametrize("corpus", CORPORA)
def test_every_pair_and_every_set_is_answered_as_the_engine_answers_it(
    corpus: str, container: str, lines: Lines, tmp_path: Path
) -> None:
    known = cases(corpus, lines)
    named: dict[tuple[str, ...], str] = {}
    for case in known:
        named.setdefault(case.patterns, f"rule {len(named)}")
    found = imported(named, CORPORA[corpus], tmp_path)
    made, found = texts(found, container, "atamo import eventbridge")
    assert found.refused == ()
    assert {one.code.id for one in found.diagnostics} <= {"W0903"}
    assert found.count == len(named)
    for name, text in made.items():
        assert formatted(Source(name, text), Path(name)).after == text
    matched = answers(made, [case.event for case in known])
    wrong = {case.id for case in known if (named[case.patterns] in matched[case.event]) is not case.expected}
    assert wrong == {id for id in ON_PURPOSE if id.startswith(corpus) and "-reject-" not in id}


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_dialect_is_told_by_the_operators(corpus: str, lines: Lines, tmp_path: Path) -> None:
    known = cases(corpus, lines)
    named: dict[tuple[str, ...], str] = {}
    for case in known:
        named.setdefault(case.patterns, f"rule {len(named)}")
    made, found = texts(imported(named, None, tmp_path), "atamo", "atamo import eventbridge")
    assert found.refused == ()
    matched = answers(made, [case.event for case in known])
    wrong = {case.id for case in known if (named[case.patterns] in matched[case.event]) is not case.expected}
    on_purpose = {id for id in {**ON_PURPOSE, **UNTOLD} if id.startswith(corpus) and "-reject-" not in id}
    assert wrong == on_purpose


@pytest.mark.parametrize("corpus", CORPORA)
def test_what_the_engine_refuses_is_malformed_and_what_it_takes_is_imported(
    corpus: str, lines: Lines, tmp_path: Path
) -> None:
    wrong = set()
    for case in lines(f"{corpus}.parse"):
        found = imported({(case["rule_text"],): "rule"}, CORPORA[corpus], tmp_path)
        said = {one.code.id for one in found.diagnostics} - {"W0903"}
        assert found.refused == ()
        assert bool(said) is (found.count == 0)
        if (found.count == 1) is not (case["expected"] == "accept"):
            wrong.add(case["id"])
    assert wrong == {id for id in ON_PURPOSE if id.startswith(f"{corpus}-reject-")}


@pytest.mark.parametrize("corpus", CORPORA)
def test_all_of_the_data_is_there(corpus: str, lines: Lines) -> None:
    found: tuple[Any, ...] = tuple(len(lines(f"{corpus}.{kind}")) for kind in ("pairs", "sets", "parse"))
    assert found == COUNTS[corpus]
