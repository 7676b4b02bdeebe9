"""Every operator of conditions may stand in an expectation, and means there what it means in a condition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atamo_rules.hub.project.rulebook import run_tests
from tests.worlds import ruleset

VALUES: tuple[Any, ...] = ("", "10.1.2.3", "abc", 5, 1.5, True, None, [], ["a", 5], {}, {"a": 1})
STATES = ("is present", "is null", "exists", "is empty", "is a text", "is a number", "is a boolean", "is a list",
          "is an object")  # fmt: skip
OPPOSITE = {"is present": "is absent", "exists": "does not exist"}
OPERATORS = (
    ("is", '"abc"', "is not"), ("is one of", '["abc", 5]', "is not one of"), ("contains", '"a"', "does not contain"),
    ("starts with", '"a"', "does not start with"), ("ends with", '"c"', "does not end with"), ("matches", '"^a"',
    "does not match"), ("is like", '"a?c"', "is not like"), ("is in network", '"10.0.0.0/8"', "is not in network"),
)  # fmt: skip


def passes(matcher: str, value: Any) -> bool:
    """Whether an expectation of a field is met by a value that an action has there, or by nothing at all."""
    rules = ruleset(
        "event thing of anything\n\nagent desk\n  send note of anything\n\nrule r\n  on thing\n  do\n"
        f'    send desk.note\n      id: "1"\n      it: event.it\n  test "t"\n    given thing {body(value)}\n'
        f"    expect desk.note {{ {matcher} }}\n"
    )
    (result,), _ = run_tests(rules)
    return not result.failures


def body(value: Any) -> str:
    return "{ }" if value is ... else f"{{ it: {json.dumps(value)} }}"


def holds(condition: str, value: Any) -> bool:
    rules = ruleset(f"event thing of anything\n\nrule r\n  on thing\n  when {condition}\n  stop\n"
                    f'  test "t"\n    given thing {body(value)}\n    expect rule r\n')  # fmt: skip
    (result,), _ = run_tests(rules)
    return not result.failures


@pytest.mark.parametrize("state", STATES)
def test_states(state: str) -> None:
    opposite = OPPOSITE.get(state, state.replace("is", "is not", 1))
    for value in VALUES:
        assert passes(f"it {state}", value) is holds(f"it {state}", value), value
        assert passes(f"it {opposite}", value) is holds(f"it {opposite}", value), value


@pytest.mark.parametrize(("operator", "right", "opposite"), OPERATORS)
def test_operators(operator: str, right: str, opposite: str) -> None:
    asked = f"/{right[1:-1]}/" if operator == "matches" else right
    for value in VALUES:
        if value is None:
            continue  # of nothing at all an expectation says that it is missing
        assert passes(f"it {operator}: {right}", value) is holds(f"it {operator} {asked}", value), value
        assert passes(f"it {opposite}: {right}", value) is holds(f"it {opposite} {asked}", value), value
