"""Where a clause goes on below its line, and that comments on the way neither end it nor become part of it."""

from __future__ import annotations

import pytest

from atamo_rules.compiler.pipeline import Compilation, compile_sources
from atamo_rules.source.span import Source

WORLD = """
event thing.seen
  size: number
  ok: boolean
agent desk
  send look
    size: number
"""
RULE = """
rule r
  on thing.seen
  when {condition}
  do
    send desk.look
      size: size
"""


def compiled(text: str) -> Compilation:
    return compile_sources([Source("x.atamo", WORLD + text)], lambda a, b: "")


def digest(condition: str) -> str:
    made = compiled(RULE.format(condition=condition))
    assert made.ruleset is not None, [str(d) for d in made.errors]
    assert made.diagnostics == ()
    return made.ruleset.rules[0].digest


@pytest.mark.parametrize(
    "condition",
    [
        "size > 1\n    and ok",
        "size > 1 and\n    ok",
        "size > 1  # so large\n    and ok  # and so good",
        "size > 1\n    # a comment between\n    and ok",
        "size > 1 and\n    # a comment between\n\n    # and another\n    ok",
        "(size > 1\n  # a comment in brackets\n  and ok)",
    ],
)
def test_a_condition_over_several_lines_is_the_condition(condition: str) -> None:
    assert digest(condition) == digest("size > 1 and ok")


def test_an_and_that_joins_nothing_is_one_mistake() -> None:
    made = compiled(RULE.format(condition="size > 1 and"))
    assert [d.code.id for d in made.errors] == ["E0103"]


def test_a_definition_may_stand_below_its_head() -> None:
    made = compiled(
        "define big(t: thing.seen):\n  # the limit\n  t.size > 1\n  and t.ok\n"
        + RULE.format(condition="big(event)")
    )
    assert made.diagnostics == ()


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (
            "rule r\n  on thing.seen\n  do\n    emit other\n      a: Big {{ size }}\nevent other\n  a: text\n",
            'write `"Big {{ size }}"`',
        ),
        (
            "rule r\n  on thing.seen\n  send desk.look\n    size: 1\n  stop\n",
            "actions stand under `do`, indented",
        ),
        ("rule my rule\n  on thing.seen\n  stop\n", "a name has no blanks: write `my_rule`"),
        ("rule r:\n  on thing.seen\n  stop\n", "leave the colon out"),
        ("rule r\n  on thing.seen\n  if ok\n  stop\n", "did you mean `when`?"),
        (
            "rule r\n  on thing.seen\n  then\n    emit thing.seen\n      size: 1\n      ok: ok\n",
            "did you mean `do`?",
        ),
        (
            "event e\n  a: text\nrule r\n  on e\n  when a is bolt\n  stop\n",
            'a text is written in quotes: `"bolt"`',
        ),
    ],
)
def test_what_newcomers_write_is_answered_with_what_to_write(wrong: str, remedy: str) -> None:
    made = compiled(wrong)
    said = [f"{d.label} {d.help or ''}" for d in made.errors]
    assert len(said) == 1
    assert remedy in said[0]
