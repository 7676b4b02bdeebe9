"""What the naive evaluator found in the engine, each as the smallest rule and event that showed it."""

from __future__ import annotations

import pytest

from atamo_rules.engine.coverage import coverage
from atamo_rules.engine.explain import explain
from atamo_rules.hub.project.rulebook import run_tests
from tests.worlds import asked, event, holds, open_world, ruleset, said

FLAGGED = "when invalid flag\n"


@pytest.mark.parametrize(
    ("condition", "body", "expected"),
    [
        ('lines.at is between "2026-01-01" and "2026-12-31"', {"lines": [{"at": "2026-05-01"}]}, True),
        ('lines.at is between "2026-01-01" and "2026-12-31"', {"lines": [{"at": "2027-05-01"}]}, False),
        ("lines.parts.n is between 1 and 3", {"lines": [{"parts": [{"n": 9}, {"n": 2}]}]}, True),
        (
            "lines.parts.n is between 3 and 8",
            {"lines": [{"parts": [{"n": 9}]}, {"parts": [{"n": 2}]}]},
            False,
        ),
    ],
)
def test_between_through_lists(condition: str, body: object, expected: bool) -> None:
    """`between` was never true of dates in objects of a list, nor through two lists."""
    fields = 'lines: list of\n  at: date = "2020-01-01"\n  parts: list of ?\n    n: number\n'
    fields = fields.replace("list of ?", "list of").replace('at: date = "2020-01-01"', "at: date?")
    assert holds(asked(FLAGGED + fields, condition), body) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('days contains all of ["2026-01-01", "2026-01-02"]', True),
        ('days contains any of ["2026-01-03", "2026-01-02"]', True),
        ('days contains all of ["2026-01-01", "2026-01-03"]', False),
        ("colours contains any of [red, green]", True),
        ("colours contains all of [red, green]", False),
    ],
)
def test_any_of_and_all_of_read_their_list_as_the_left_side(condition: str, expected: bool) -> None:
    """Dates and values of an enumeration were refused in `any of [..]` and `all of [..]`."""
    rules = asked("days: list of date\ncolours: list of one of red, green", condition)
    assert holds(rules, {"days": ["2026-01-01", "2026-01-02"], "colours": ["red"]}) is expected


@pytest.mark.parametrize("condition", ["a is b", "a is one of [b]", "a is b ignoring case"])
@pytest.mark.parametrize("body", [{"a": None, "b": None}, {}, {"a": [1], "b": [1]}])
def test_two_values_that_do_not_fit_are_not_equal(condition: str, body: dict[str, object]) -> None:
    """Two nulls, or two values of a type that was not declared, used to be equal."""
    assert not holds(asked(FLAGGED + "a: text\nb: text", condition), body)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [{"a": "yesterday", "b": "yesterday"}, {}])
def test_two_times_that_cannot_be_read_are_not_equal(body: dict[str, str]) -> None:
    assert not holds(asked(FLAGGED + "a: time\nb: time", "a is b"), body)  # type: ignore[arg-type]


def test_two_nulls_of_an_open_type_are_not_equal_and_two_lists_may_be() -> None:
    rules = open_world("a is b")
    assert not holds(rules, {"a": None, "b": None})
    assert holds(rules, {"a": [1, {"x": None}], "b": [1, {"x": None}]})
    assert not holds(rules, {"a": [1], "b": [True]})


@pytest.mark.parametrize(
    ("condition", "body"),
    [
        ('tags contains "a"', {"tags": "abc"}),
        ("tags contains name", {"tags": "abc", "name": "a"}),
        ('name contains "a"', {"name": ["a"]}),
        ("count(tags) is 3", {"tags": "abc"}),
        ("length(name) is 1", {"name": ["a"]}),
        ("count(lines.n) is 2", {"lines": [{"n": 1}, {"n": "2"}]}),
        ("every n in lines.n has (n > 0) and count(lines.n) is 2", {"lines": [{"n": 1}, {"n": "2"}]}),
    ],
)
def test_what_breaks_its_type_satisfies_nothing(condition: str, body: dict[str, object]) -> None:
    """A text in the place of a list was searched as a text, and counted; a list in the place of a text likewise."""
    fields = "name: text\ntags: list of text\nlines: list of\n  n: number\n"
    assert not holds(asked(FLAGGED + fields, condition), body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("a is one of [b]", False), ("a is one of [b, a]", True), ("a is not one of [b]", True)],
)
def test_a_missing_item_of_a_list_takes_nothing_from_the_others(condition: str, expected: bool) -> None:
    """The rule used to count as matched, with the problem that `b` is absent."""
    assert holds(open_world(condition), {"a": 1}) is expected


def test_times_from_the_event_stand_in_lists() -> None:
    """They were compared as the texts that JSON makes of them, and so never equal."""
    rules = asked("a: time\nb: time", "a is one of [b]")
    assert holds(rules, {"a": "2026-01-01T00:00:00Z", "b": "2026-01-01T01:00:00+01:00"})


def test_a_list_with_something_unreadable_is_still_a_list() -> None:
    """Such an event ended `atamo simulate` with a traceback, and could not be written as an argument."""
    rules = asked(
        FLAGGED + "days: list of date",
        "count(days) is 3 and no d in days has (d > now_day)".replace(
            "no d in days has (d > now_day)", 'no d in days has (d > "2026-01-01")'
        ),
    )
    body = ["soon", None, "2025-01-01"]
    assert holds(rules, {"days": body})
    assert explain(rules, event({"days": ["soon"]}))[0].outcome in ("nearly", "no")
    fired = said("days: list of text", '"{{ days | join }}"', {"days": body})
    assert fired.actions[0].body == {"line": "soon, null, 2025-01-01"}


def test_between_is_one_sub_condition() -> None:
    """Its two bounds were counted apart, and both told, word for word the same."""
    rules = asked("a: number?\nb: text", 'b is "x" and (a is absent or a is between 1 and 3)')
    reason = explain(rules, event({"a": 9, "b": "y"}))[0]
    assert [atom.text for atom in reason.atoms] == ['b is "x"', "a is absent", "a is between 1 and 3"]
    assert [atom.text for atom in reason.missing] == ['b is "x"', "a is absent"]


def test_between_is_covered_when_it_was_true_and_when_it_was_false() -> None:
    """One value above both bounds used to show both outcomes: the lower bound held, the upper did not."""
    text = """event thing
  n: number

agent desk
  send note
    line: text?

rule r
  on thing
  when n is between 1 and 10
  do
    send desk.note
  test "too large"
    given thing { n: 11 }
    expect nothing
"""
    rules = ruleset(text)
    results, _ = run_tests(rules)
    found = coverage(rules, results)
    assert (found.covered, found.total) == (1, 2)
    assert [one.held for one in found.missing] == [True]
