"""What tests show of conditions that are about several events."""

from __future__ import annotations

from textwrap import dedent

import pytest

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.cases import run_case
from atamo_rules.engine.coverage import coverage
from atamo_rules.source.span import Source

HEAD = """
    event a.came
      n: whole
      key: text
    event b.came
      n: whole
      key: text
    agent soc
      send alert
        text: text
"""
BOTH = """
    rule both
      on a.came as a CLAUSE b.came as b within 10 minutes by key
      when a.n > 1 and b.n > 2 and a.n is not b.n
      do
        send soc.alert
          text: "x"
      test "t"
"""
SCHEDULE = """
    rule hourly
      every hour
      when now > "2026-01-01T01:30:00Z"
      do
        send soc.alert
          text: "x"
      test "t"
        at 01:00 expect nothing
        at 02:00 expect soc.alert
"""


def steps(*lines: str) -> str:
    """Lines of a test."""
    return "".join(f"        {line}\n" for line in lines)


def covered(text: str) -> tuple[int, int, set[tuple[str, bool]]]:
    made = compile_sources([Source("a.atamo", dedent(HEAD) + dedent(text))], lambda *_: "")
    assert made.ruleset is not None, [one.message for one in made.diagnostics]
    found = coverage(made.ruleset, [run_case(made.ruleset, case) for case in made.ruleset.cases])
    return found.covered, found.total, {(one.span.text, one.held) for one in found.missing}


@pytest.mark.parametrize("clause", ["then", "without"])
def test_what_reads_several_events_is_shown_by_those_that_go_together(clause: str) -> None:
    text = BOTH.replace("CLAUSE", clause)
    first = steps(
        'given a.came { n: 2, key: "k" }',
        'given b.came { n: 3, key: "k" }',
        'given b.came { n: 1, key: "k" }',
        'given b.came { n: 3, key: "other" }',
        "expect soc.alert" if clause == "then" else "expect nothing",
    )
    assert covered(text + first) == (4, 6, {("a.n > 1", False), ("a.n is not b.n", False)})
    others = steps(
        'given a.came { n: 3, key: "k" }',
        'given a.came { n: 1, key: "k" }',
        'given b.came { n: 3, key: "k" }',
        "expect nothing",
    )
    assert covered(text + others) == (4, 6, {("b.n > 2", False), ("a.n is not b.n", True)})


@pytest.mark.parametrize(
    "given",
    [
        ('given a.came { n: 2, key: "k" }', 'given b.came { n: 3, key: "other" }'),
        ('given b.came { n: 3, key: "k" }', 'given a.came { n: 2, key: "k" }'),
        ('given a.came { n: 2, key: "k" } by ann of acme', 'given b.came { n: 3, key: "k" } by bob of corp'),
    ],
)
def test_events_that_do_not_go_together_show_nothing_of_both(given: tuple[str, str]) -> None:
    _, _, missing = covered(BOTH.replace("CLAUSE", "then") + steps(*given, "expect nothing"))
    assert missing >= {("a.n is not b.n", True), ("a.n is not b.n", False)}


def test_schedules_are_left_out() -> None:
    assert covered(SCHEDULE) == (0, 0, set())
