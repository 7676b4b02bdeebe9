"""The rulesets that ship are complete small worlds: they verify, cover themselves, decide, print in every format."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atamo_rules.cli.simulate import action_json
from atamo_rules.compiler.pipeline import Compilation
from atamo_rules.engine.coverage import coverage
from atamo_rules.engine.decide import decide
from atamo_rules.hub.intake import Intake
from atamo_rules.hub.project.people import read_people
from atamo_rules.hub.project.rulebook import Rulebook, run_tests
from atamo_rules.model.decision import Decision
from atamo_rules.source.formats import FORMATS
from atamo_rules.syntax import declarations as decl
from tests.docs.runner import inside

ROOT = Path(__file__).parents[2] / "rulesets"
NAMES = ("incident_room", "order_desk", "quickstart", "tenants")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def compiled(name: str, **params: object) -> Compilation:
    made = Rulebook((ROOT / name,), params).compile()  # type: ignore[arg-type]
    assert made.ruleset is not None, [str(d) for d in made.errors]
    return made


def decisions(name: str, **params: object) -> dict[str, Decision]:
    """What a ruleset decides on its own sample events, by event id."""
    ruleset = compiled(name, **params).ruleset
    assert ruleset is not None
    people, wrong = read_people(ROOT / name)
    assert not wrong
    intake = Intake(ruleset, people)
    found = {}
    for line in (ROOT / name / "events.jsonl").read_bytes().splitlines():
        taken = intake.take(line, now=NOW)
        assert taken.event is not None, taken.refused
        found[taken.id] = decide(ruleset, taken.event)
    return found


def test_these_are_all() -> None:
    assert sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path.name in NAMES) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_verifies_without_a_finding_and_covers_itself(name: str) -> None:
    made = compiled(name)
    assert made.diagnostics == ()
    assert made.ruleset is not None
    results, findings = run_tests(made.ruleset)
    assert findings == ()
    shown = coverage(made.ruleset, results)
    assert (shown.missing, shown.covered) == ((), shown.total)
    assert shown.total >= 6


@pytest.mark.parametrize("name", NAMES)
def test_has_what_a_small_world_has(name: str) -> None:
    here = ROOT / name
    for part in ("README.md", "events", "rules", "events.jsonl"):
        assert (here / part).exists(), part
    rules = [i for file in compiled(name).files for i in file.declarations if isinstance(i, decl.Rule)]
    assert all(rule.tests for rule in rules if rule.status is None or rule.status.text != "draft")
    assert all(rule.about is not None for rule in rules)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format", FORMATS)
def test_verify_prints_it_in_every_format(name: str, format: str) -> None:
    code, out = inside(["verify", str(ROOT / name), "--format", format, "--fail-level", "note"])
    assert code == 0, out
    if format in ("json", "sarif"):
        json.loads(out)


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_copy_is_refused_at_the_broken_line(name: str, tmp_path: Path) -> None:
    copy = shutil.copytree(ROOT / name, tmp_path / name)
    path = next(path for path in sorted((copy / "rules").glob("*.atamo")) if "  when " in path.read_text())
    text = path.read_text()
    path.write_text(text.replace("  when ", "  when nowhere.at.all is 1 and ", 1))
    line = text[: text.index("  when ")].count("\n") + 1
    code, out = inside(["verify", str(copy), "--format", "concise"])
    assert code == 1
    assert f"{path}:{line}:" in out


def test_quickstart_decides() -> None:
    found = decisions("quickstart")
    assert [found[f"d-{n}"].matched for n in (1, 2, 3, 4)] == [
        (),
        ("night_visit",),
        ("forced_door", "night_visit"),
        ("unknown_badge",),
    ]


def test_order_desk_decides() -> None:
    found = decisions("order_desk")
    assert found["q-1"].fired[0].waiting is not None
    assert found["q-2"].stopped_by == "quote_embargo"
    assert [a.verb for a in found["q-3"].actions] == ["send", "reply"]
    assert found["o-1"].matched == ("look_at_order", "welcome")
    assert found["o-2"].matched == ()


def test_incident_room_decides() -> None:
    found = decisions("incident_room")
    assert found["a-1"].matched == ("page_database",)
    assert [(f.rule, f.shadow) for f in found["a-3"].fired] == [("all_clear", False), ("memory", True)]
    assert found["a-4"].matched == ("crowd",)
    assert found["a-5"].stopped_by == "drill"


def test_tenants_decide_by_who_sent_it() -> None:
    found = decisions("tenants")
    assert found["s-1"].stopped_by == "acme_secret"
    assert found["s-2"].matched == ("keep_record", "acme_analysts")
    assert found["s-3"].matched == ("keep_record", "acme_analysts"), "a lead is an analyst too"
    assert found["s-4"].matched == ()
    (revoke,) = found["s-1"].actions
    assert action_json(revoke)["as"] == "user acme_guard"


def test_a_tenants_parameter_changes_what_is_decided() -> None:
    params = json.loads((ROOT / "tenants" / "params" / "birch.json").read_text("utf-8"))
    assert "too_many" not in decisions("tenants")["s-2"].matched
    assert "too_many" in decisions("tenants", **params)["s-2"].matched
