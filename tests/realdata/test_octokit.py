"""Real GitHub webhooks: through the ruleset made for them, and through types made of their published schemas."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.compiler.generate_types import generate
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.decide import decide
from atamo_rules.engine.door import Door
from atamo_rules.hub.intake import Intake, Taken
from atamo_rules.hub.project.rulebook import Rulebook
from atamo_rules.model.decision import Decision
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import decode
from atamo_rules.source.span import Source
from tests.cli.dispatcher import atamo
from tests.realdata.conftest import GITHUB, Octokit

pytestmark = pytest.mark.realdata
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def github() -> Ruleset:
    made = Rulebook((GITHUB,)).compile()
    assert made.ruleset is not None, [str(error.span) for error in made.errors]
    return made.ruleset


@pytest.fixture(scope="module")
def taken(github: Ruleset, octokit: Octokit) -> list[Taken]:
    """Every payload as the hub takes it: bare data with its webhook's name as its type."""
    intake = Intake(github)
    return [
        intake.accept(e["event"], type_name=e["type"], now=NOW, fallback_id=e["id"]) for e in octokit.events
    ]


@pytest.fixture(scope="module")
def decisions(github: Ruleset, taken: list[Taken]) -> list[Decision]:
    assert all(one.event is not None for one in taken)
    return [decide(github, one.event) for one in taken if one.event is not None]


def test_every_payload_fits_the_type_we_gave_it(octokit: Octokit, taken: list[Taken]) -> None:
    assert len(taken) == 404
    broken = {n: (e["type"], t.reasons, t.refused) for n, (e, t) in enumerate(zip(octokit.events, taken, strict=True))
              if t.reasons or t.refused or not t.decided}  # fmt: skip
    assert broken == {}


def test_each_routing_case_reaches_exactly_its_rule(octokit: Octokit, decisions: list[Decision]) -> None:
    reached: dict[str, list[int]] = defaultdict(list)
    for number, decision in enumerate(decisions):
        for rule in decision.matched:
            reached[rule].append(number)
    assert len(octokit.routing) == 149
    assert {case["id"]: reached[Octokit.rule(case)] for case in octokit.routing} == {
        case["id"]: case["expected_payloads"] for case in octokit.routing
    }
    for case in octokit.routing:
        for number in case["expected_payloads"]:
            assert decisions[number].matched == (Octokit.rule(case),)


def test_a_payload_without_a_case_reaches_no_rule_of_a_case(
    octokit: Octokit, decisions: list[Decision]
) -> None:
    """They reach the rule of their own webhook and action, and nothing else."""
    ruled = {Octokit.rule(case) for case in octokit.routing}
    cased = {number for case in octokit.routing for number in case["expected_payloads"]}
    rest = set(range(404)) - cased
    assert rest
    for number in rest:
        event = octokit.events[number]
        action = event["event"].get("action")
        own = event["type"] if action is None else f"{event['type']}.{action}"
        assert own not in ruled
        assert decisions[number].matched == (own,)


def test_whatever_a_rule_wants_done_could_be_filled_from_the_payload(
    github: Ruleset, decisions: list[Decision]
) -> None:
    intake = Intake(github)
    kinds: Counter[str] = Counter()
    for decision in decisions:
        assert [problem for fired in decision.fired for problem in fired.problems] == []
        assert decision.actions
        for action in decision.actions:
            kinds[action.target] += 1
            if action.verb == "emit":
                assert intake.door(action.action).reasons(action.body) == ()
    assert {"chat.say", "journal.note", "work.opened", "ci.finished", "alert.raised", "release.out"} <= set(
        kinds
    )


def test_what_breaks_its_type_meets_the_policy_of_the_type(github: Ruleset, octokit: Octokit) -> None:
    """Each payload without one thing its type asks for: refused, flagged or quarantined, as declared."""
    intake = Intake(github)
    met: Counter[str] = Counter()
    for event in octokit.events:
        required = github.events[event["type"]].schema["required"]  # type: ignore[index]
        body = {key: value for key, value in event["event"].items() if key != required[-1]}
        one = intake.accept(body, type_name=event["type"], now=NOW, fallback_id=event["id"])
        policy = github.events[event["type"]].invalid
        met[policy] += 1
        assert one.reasons
        match policy:
            case "reject":
                assert (one.event, one.status) == (None, 422)
            case "flag":
                assert one.event is not None
                assert (one.decided, one.event.conforms) == (True, False)
                decide(github, one.event)
            case "quarantine":
                assert one.event is not None
                assert one.decided is False
    assert set(met) == {"reject", "flag", "quarantine"}
    assert met["flag"] > met["quarantine"] > met["reject"]


# --- types made of the published schemas -----------------------------------------------------------------


@pytest.fixture(scope="module")
def doors(octokit_schema: Path) -> Mapping[str, Door]:
    """The doors of the types that `atamo types` makes."""
    files = generate(decode(octokit_schema.read_bytes()), policy="flag")
    made = compile_sources([Source("events.atamo", files["events.atamo"])], lambda _, path: files[path])
    assert made.ruleset is not None
    return {name: Door(event) for name, event in made.ruleset.events.items()}


def test_generated_types_agree_with_the_published_schemas_on_every_payload(
    octokit: Octokit, doors: Mapping[str, Door]
) -> None:
    """126 of the 398 payloads that have a published schema break it, as the corpus says."""
    judged = [not doors[e["type"]].reasons(e["event"]) for e in octokit.events if e["type"] in doors]
    assert Counter(judged) == {True: 398 - 126, False: 126}


def test_generated_types_agree_with_the_published_schemas_case_by_case(
    octokit: Octokit, doors: Mapping[str, Door]
) -> None:
    differ = []
    for case in octokit.schema:
        body = spoilt(octokit.events[case["payload"]]["event"], case["at"], case["broken"])
        if (not doors[case["type"]].reasons(body)) is not case["expected"]:
            differ.append(case["id"])
    assert len(octokit.schema) > 3000
    assert differ == []


def test_the_command_writes_types_that_verify(tmp_path: Path, octokit_schema: Path) -> None:
    made = atamo("types", str(octokit_schema), "-o", "rules/github", "--policy", "flag", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("rules/github: 66 event types in events.atamo")
    verified = atamo("verify", "rules", cwd=tmp_path)
    assert verified.returncode == 0, verified.stderr
    assert "0 errors, 0 warnings" in verified.stdout


def spoilt(body: Any, at: list[Any], how: str) -> Any:
    """A payload with one thing changed, as the corpus names it; its own verdicts confirm the reading."""
    made = copy.deepcopy(body)
    if how in ("original", "other type's schema"):
        return made
    holder = made
    for step in at[:-1]:
        holder = holder[step]
    last = at[-1]
    match how:
        case "drop":
            del holder[last]
        case "null":
            holder[last] = None
        case "empty":
            holder[last] = ""
        case "nan-string":
            holder[last] = "NaN"
        case "type":
            text = isinstance(holder[last], str) or holder[last] is None
            holder[last] = Decimal("0.5") if text else "another type"
        case "extra":
            holder["nobody declared this"] = 1
        case _:
            raise AssertionError(how)
    return made
