"""Every example that the reference page shows is what the function gives, in a condition's value and in a template."""

from __future__ import annotations

import pytest

from atamo_rules.functions.printing import printed
from atamo_rules.functions.registry import FUNCTIONS
from atamo_rules.model.types import Json
from tests.worlds import event, ruleset

EXAMPLES = [(name, *example) for name, function in FUNCTIONS.items() for example in function.examples]


@pytest.mark.parametrize(("name", "written", "value"), EXAMPLES, ids=[one[1] for one in EXAMPLES])
def test_an_example_gives_its_value(name: str, written: str, value: Json) -> None:
    from atamo_rules.engine.decide import decide

    rules = ruleset(
        "event thing\n  a: text\n\nagent desk\n  send note\n    it: anything\n    line: text\n\n"
        f"rule r\n  on thing\n  let found = {written}\n  do\n    send desk.note\n      it: found\n"
        '      line: "= {{ found }}"\n'
    )
    (action,) = decide(rules, event({"a": ""})).actions
    assert isinstance(action.body, dict)
    assert action.body["it"] == value
    assert isinstance(value, bool) is isinstance(action.body["it"], bool)
    assert action.body["line"] == f"= {printed(value)}"


def test_functions_without_an_example_are_these() -> None:
    """Those of the calendar and of objects, which nothing written in a rule can show alone."""
    without = {name for name, function in FUNCTIONS.items() if not function.examples}
    assert without == {"keys", "values", "year", "month", "day", "hour", "minute"}
