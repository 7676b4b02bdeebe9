"""Events `of anything as text`, and `any field`: what stands there is compared as the text it is in a log."""

from __future__ import annotations

from typing import Any

import pytest

from atamo_rules.engine.decide import decide
from atamo_rules.engine.explain import explain
from tests.worlds import ACT, asked, compiled, event, holds, ruleset


def as_text(condition: str, body: Any) -> bool:
    """Whether a rule on an event of anything as text matches a body."""
    return holds(
        ruleset(f"event thing of anything as text\n\nrule r\n  on thing\n  when {condition}\n{ACT}"), body
    )


@pytest.mark.parametrize(
    ("condition", "body", "expected"),
    [
        ('a is "4697"', {"a": 4697}, True),
        ('a is "4697"', {"a": "4697"}, True),
        ('a is "1.50"', {"a": "1.50"}, True),
        ('a is "true"', {"a": True}, True),
        ('a is "1"', {"a": True}, False),
        ('a is ""', {"a": None}, False),
        ('a is ""', {}, False),
        ('a is not "x"', {}, True),
        ('a is "x"', {"a": {"x": "x"}}, False),
        ('a is "2"', {"a": [1, [2]]}, True),
        ('a.b is "2"', {"a": {"b": 2}}, True),
        ('a starts with "46" ignoring case', {"a": 4697}, True),
        ('a ends with any of ["X", "97"] ignoring case', {"a": 4697}, True),
        ('a is one of ["ÉTÉ", "b"] ignoring case', {"a": "été"}, True),
        ('a contains all of ["a", "b"]', {"a": ["xa", "bx"]}, True),
        ('a contains all of ["a", "b"] ignoring case', {"a": ["xA"]}, False),
        ("a contains all of []", {"a": "x"}, True),
        ("a contains any of [] ignoring case", {"a": "x"}, False),
        (r"a matches /^4\d+$/", {"a": 4697}, True),
        ('a is like any of ["4*7", "x"]', {"a": 4697}, True),
        ('a is in network any of ["10.0.0.0/8", "::1/128"]', {"a": ["x", "::1"]}, True),
        ("a >= 10", {"a": "10.0"}, True),
        ("a >= 10", {"a": "9"}, False),
        ("a >= 10", {"a": "many"}, False),
        ("a < 10", {"a": 9}, True),
        ("10 > a", {"a": 9}, True),
        ("a is between 3 and 5.5", {"a": ["1", "4"]}, True),
        ("a is between 3 and 5", {"a": [1, 7]}, False),
        ("a is b ignoring case", {"a": "X", "b": ["y", "x"]}, True),
        ("a is b", {"a": 1, "b": "1"}, True),
        ("a is b", {}, False),
        ('a is one of [b, "z"]', {"a": "1", "b": 1}, True),
        ("a is one of b", {"a": "2", "b": [1, 2]}, True),
        ("a is one of b", {"a": "2", "b": 2}, True),
        ("a is one of b", {"a": "2"}, False),
        ("a is one of [b, c]", {"a": "2", "b": [1, 2]}, True),
        ("a contains all of b", {"a": "x1 x2", "b": [1, 2]}, True),
        ("a contains all of b", {"a": ["x1", "x3"], "b": [1, 2]}, False),
        ("a starts with any of b ignoring case", {"a": "Xy", "b": ["a", "x"]}, True),
        ("a is absent", {"a": None}, True),
        ("a exists", {"a": None}, True),
        ("a is empty", {"a": ""}, True),
        ('(a else "none") is "none"', {}, True),
        ('(a else "none") is "1"', {"a": 1}, True),
        ("length(a) is 4", {"a": 4697}, True),
        ('upper(a) is "X"', {"a": "x"}, True),
        ('any x in a has (x is "4" and x is not "5")', {"a": [3, 4]}, True),
        ('event["a.b"] is "1"', {"a.b": 1}, True),
        ('a contains any of base64_offsets("secret")', {"a": "c2VjcmV0"}, True),
        ('a contains any of dashes([" -c", " -d"])', {"a": "x /d"}, True),
    ],
)
def test_what_stands_there_is_read_as_text(condition: str, body: Any, expected: bool) -> None:
    assert as_text(condition, body) is expected


@pytest.mark.parametrize(
    ("condition", "body", "expected"),
    [
        ('any field contains "ab" ignoring case', {"x": {"y": ["1", {"z": "xABy"}]}}, True),
        ('any field contains "ab"', {"ab": "x"}, False),
        ('any field is "12"', {"x": 12}, True),
        ('any field contains all of ["a", "b"]', {"x": "a", "y": "b"}, True),
        ('not any field contains "a"', {"x": "b"}, True),
        ("any field matches /^a$/", {"x": "b", "y": "a"}, True),
    ],
)
def test_any_field_is_whatever_stands_in_the_event(condition: str, body: Any, expected: bool) -> None:
    assert as_text(condition, body) is expected


def test_any_field_is_asked_of_typed_events_too() -> None:
    rules = asked("name: text\ntags: list of text", 'any field is "x" and name is not "x"')
    assert holds(rules, {"name": "a", "tags": ["b", "x"]})
    assert not holds(rules, {"name": "x", "tags": []})


@pytest.mark.parametrize(
    ("condition", "body", "expected"),
    [
        ('a.b is "1"', {"a": [{"b": 2}, {"b": [0, 1]}]}, True),
        ('a.b is "1"', {"a": [{"b": 2}, {"c": 1}]}, False),
        ("a.b >= 2", {"a": [{"b": "2"}]}, True),
        ('a.b contains all of ["x", "y"]', {"a": [{"b": "x"}, {"b": "y"}]}, True),
        ('any one in a has (one.b is "1" and one.c is "2")', {"a": [{"b": 1, "c": "2"}]}, True),
        ("a.b is a.c", {"a": [{"b": 1}, {"c": "1"}]}, True),
    ],
)
def test_it_goes_with_through_lists(condition: str, body: Any, expected: bool) -> None:
    head = "event thing of anything through lists as text"
    assert holds(ruleset(f"{head}\n\nrule r\n  on thing\n  when {condition}\n{ACT}"), body) is expected
    events = "events:\n  thing:\n    of: anything through lists as text\n"
    rules = f"rules:\n  - rule: r\n    on: thing\n    when: '{condition}'\n    stop: true\n"
    made = compiled({"a.yaml": events + rules}).ruleset
    assert made is not None
    assert holds(made, body) is expected


def test_a_variable_may_be_called_field() -> None:
    rules = asked("fields: list of text", 'any field in fields has (field is "x")')
    assert holds(rules, {"fields": ["x"]})


def test_a_named_condition_stands_for_itself() -> None:
    rules = ruleset(
        "event thing of anything as text\n\nrule r\n  on thing\n"
        '  let windows = a is "1"\n    or b is "1"\n  let mine = windows and c is "1"\n  when mine or not windows\n'
        f"{ACT}"
    )
    assert holds(rules, {"b": 1, "c": 1})
    assert not holds(rules, {"b": 1})
    assert holds(rules, {})
    (reason,) = explain(rules, event({"b": 1}))
    assert [atom.text for atom in reason.missing] in (['c is "1"'], ['b is "1"'])
    assert not rules.rules[0].lets


def test_values_as_text_are_values() -> None:
    """Printed, sent and named, a value is the one that stands there."""
    rules = ruleset(
        "event thing of anything as text\n\nagent desk\n  send note\n    line: text\n    raw: anything\n\n"
        'rule r\n  on thing\n  let short = (a else "-")\n  when a is present\n  do\n'
        '    send desk.note\n      line: "{{ a }} {{ short }}"\n      raw: a\n'
    )
    (fired,) = decide(rules, event({"a": 7})).fired
    assert fired.actions[0].body == {"line": "7 7", "raw": 7}
