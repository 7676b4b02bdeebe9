"""The `when` of a rule that the clock makes fire is asked at each of its moments."""

from __future__ import annotations

from textwrap import dedent

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.cases import run_case
from atamo_rules.source.span import Source

RULES = dedent(
    """
    param on: boolean = true
    agent soc
      send alert
        text: text
    rule switched_on
      every hour
      when param.on and now > "2026-01-01T02:00:00Z"
      do
        send soc.alert
          text: "{{ now }}"
      test "from the third hour on"
        at 02:00 expect nothing
        at 04:00 expect soc.alert 2 times
    rule switched_off
      every hour
      when not param.on
      do
        send soc.alert
          text: "off"
      test "never"
        at 05:00 expect nothing
    """
)


def test_a_moment_at_which_the_condition_does_not_hold_passes_without_anything() -> None:
    made = compile_sources([Source("a.atamo", RULES)], lambda *_: "")
    assert made.ruleset is not None, [one.message for one in made.diagnostics]
    for case in made.ruleset.cases:
        result = run_case(made.ruleset, case)
        assert result.passed, result.failures
