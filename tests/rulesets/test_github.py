"""The ruleset for GitHub webhooks, as far as it can be judged without GitHub's own payloads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atamo_rules.engine.coverage import coverage
from atamo_rules.engine.decide import decide
from atamo_rules.engine.examples import example
from atamo_rules.hub.agents.binding import bind
from atamo_rules.hub.intake import Intake
from atamo_rules.hub.project.rulebook import Rulebook, run_tests
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.model.types import OneOf, Policy, Record

FOLDER = Path(__file__).parents[2] / "rulesets/github"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OURS = {"work.opened", "work.labeled", "work.commented", "ci.finished", "alert.raised", "release.out"}


@pytest.fixture(scope="module")
def github() -> Ruleset:
    made = Rulebook((FOLDER,)).compile()
    assert [str(d) for d in made.diagnostics] == []
    assert made.ruleset is not None
    return made.ruleset


def routing(github: Ruleset) -> Iterator[Rule]:
    return (rule for rule in github.rules if rule.pack == "github.routing")


def test_its_tests_pass_and_show_every_outcome(github: Ruleset) -> None:
    results, findings = run_tests(github)
    assert findings == ()
    assert coverage(github, results).missing == ()
    tested = {result.case.rule for result in results if result.passed}
    assert {rule.id for rule in github.rules} <= tested


def test_its_agents_can_be_used(github: Ruleset, tmp_path: Path) -> None:
    agents, findings = bind(github, str(tmp_path))
    assert findings == ()
    assert sorted(agents) == ["chat", "journal", "pager", "triage"]


def test_a_routing_rule_is_called_by_its_webhook_and_action(github: Ruleset) -> None:
    found = list(routing(github))
    assert len(found) > 170
    for rule in found:
        assert rule.event not in OURS
        assert rule.id == rule.event or rule.id.startswith(f"{rule.event}.")
        assert rule.about
        assert not rule.stop


def test_only_routing_rules_are_on_webhooks(github: Ruleset) -> None:
    assert {rule.event for rule in github.rules if rule.pack == "github.team"} <= OURS
    assert {rule.pack for rule in github.rules} == {"github.routing", "github.team"}
    assert {rule.event for rule in routing(github)} == set(github.events) - OURS


def test_each_action_of_each_webhook_reaches_its_rule_or_none(github: Ruleset) -> None:
    """Every action a type lists, an unknown one, and none at all."""
    intake = Intake(github)
    rules = {rule.id for rule in routing(github)}
    reached: Counter[str] = Counter()
    for name, event in github.events.items():
        if name in OURS:
            continue
        shape = event.type
        assert isinstance(shape, Record)
        action = shape.members.get("action")
        actions: list[object] = ["an unknown one", None]
        if action is not None and isinstance(action.type, OneOf):
            actions += action.type.values
        actions += [rule.id.removeprefix(f"{name}.") for rule in routing(github) if rule.event == name]
        for given in dict.fromkeys(actions):
            body = example(shape, {} if given is None else {"action": str(given)})
            assert isinstance(body, dict)
            if given is None and action is not None:
                body.pop("action", None)
            taken = intake.accept(body, type_name=name, now=NOW)
            if taken.event is None or not taken.decided:
                continue
            expected = name if action is None or given is None else f"{name}.{given}"
            matched = decide(github, taken.event).matched
            assert matched == ((expected,) if expected in rules else ())
            reached.update(matched)
    assert set(reached) == rules


def test_the_readme_tells_the_policy_of_every_webhook(github: Ruleset) -> None:
    told: dict[str, set[str]] = {}
    for line in (FOLDER / "README.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].strip("`") in Policy.ALL:
            told[cells[0].strip("`")] = set(re.findall(r"`([^`]+)`", cells[2]))
    policies = {name: str(event.invalid) for name, event in github.events.items() if name not in OURS}
    for policy in ("quarantine", "reject"):
        assert told[policy] == {name for name, said in policies.items() if said == policy}
    assert told["flag"] == set()
    assert "flag" in policies.values()
