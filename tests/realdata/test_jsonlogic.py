"""JsonLogic rules and verdicts that nobody here wrote: the engines' published tables, and json-logic-js on webhooks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.importers.json_rules import imported
from tests.realdata.conftest import Lines, Octokit
from tests.realdata.jsonlogic_differences import ON_PURPOSE

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def cases(lines: Lines) -> Sequence[Mapping[str, Any]]:
    return lines("jsonlogic")


def truthy(value: Any) -> bool:
    return isinstance(value, dict) or bool(value)


def test_published_cases_are_decided_as_their_tables_say_or_refused(
    cases: Sequence[Mapping[str, Any]],
) -> None:
    world = imported({case["id"]: case["rule"] for case in cases})
    wrong = [
        case["id"]
        for case in cases
        if case["id"] in world.names
        and (
            case["expected_error"] is not None
            or (case["id"] in world.matched(case["event"])) is not truthy(case["expected"])
        )
    ]
    assert wrong == sorted(ON_PURPOSE)
    assert len(cases) > 1_000
    assert len(world.names) > 550


def test_every_portable_case_is_imported(cases: Sequence[Mapping[str, Any]]) -> None:
    portable = {case["id"]: case["rule"] for case in cases if case["portable"]}
    assert len(portable) > 150
    assert imported(portable).refused == {}


def test_both_containers_decide_alike(cases: Sequence[Mapping[str, Any]]) -> None:
    rules = {case["id"]: case["rule"] for case in cases}
    one, two = imported(rules, "atamo"), imported(rules, "yaml")
    assert one.names == two.names
    assert [one.matched(case["event"]) for case in cases[::20]] == [
        two.matched(case["event"]) for case in cases[::20]
    ]


@pytest.fixture(scope="module")
def generated(lines: Lines) -> Sequence[Mapping[str, Any]]:
    return lines("jsonlogic-generated")


@pytest.mark.parametrize("quarter", range(4))
def test_generated_rules_decide_as_json_logic_js(
    quarter: int, generated: Sequence[Mapping[str, Any]], octokit: Octokit
) -> None:
    """Every rule on its webhook, the rules of many webhooks compiled together."""
    cases = generated[quarter::4]
    events = {event["id"]: event["event"] for event in octokit.events}
    by_event: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for case in cases:
        by_event[case["event_id"]].append(case)
    ids, wrong = sorted(by_event), []
    for begin in range(0, len(ids), 5):
        some = ids[begin : begin + 5]
        world = imported({case["id"]: case["rule"] for id in some for case in by_event[id]})
        assert world.refused == {}
        for id in some:
            matched = world.matched(events[id])
            wrong += [case["id"] for case in by_event[id] if (case["id"] in matched) is not case["expected"]]
    assert wrong == []
    assert len(cases) > 4_000
