"""What records of one rule say again and again is made once, and never told of another rule, or of another event."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import patch

from atamo_rules.engine.account import account
from atamo_rules.hub import records
from atamo_rules.model.event import Event
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.store_stage import NOON
from tests.hub.stage import stage, state, submit

RULES = """
event thing.happened
  n: whole
  of: text?

agent desk
  send note
    line: text

rule one
  on thing.happened
  when n > 1
   and of is present
   and of is "a"
  do
    send desk.note
      line: "it is so"
"""


def told(text: str, **data: Any) -> list[dict[str, Any]]:
    """What the audit says of the rules that mattered to one event."""
    hub, heard = stage(text, {"desk": ScriptedAgent()})
    asyncio.run(submit(hub, "thing.happened", **data))
    return [dict(what) for what in heard.what("rule.evaluated")]


def test_the_same_rule_says_the_same_and_another_of_its_name_its_own() -> None:
    first = told(RULES, n=2, of="a")
    other = told(RULES.replace("n > 1", "n > 0"), n=2, of="a")
    assert first == told(RULES, n=2, of="a")
    assert [one["condition"] for one in first[0]["deciding"]] == ["n > 1", "of is present", 'of is "a"']
    assert [one["condition"] for one in other[0]["deciding"]] == ["n > 0", "of is present", 'of is "a"']


def test_another_kind_of_value_is_said_and_another_outcome_too() -> None:
    one, two, matched = told(RULES, n=2, of="b"), told(RULES, n=0, of="a"), told(RULES, n=2, of="a")
    assert [told[0]["outcome"] for told in (one, two, matched)] == ["nearly", "nearly", "matched"]
    assert [told[0]["deciding"][-1]["was"] for told in (one, two)] == ["text", "number"]


def test_what_is_kept_to_be_said_again_is_bounded_and_stays_right() -> None:
    texts = [RULES.replace("n > 1", f"n > -{number}") for number in range(9)]
    with patch.object(records, "MOST_SAME", 3), patch.object(records, "_SAID", {}):
        for _ in range(2):
            for text in texts:
                generation = state(text, {"desk": ScriptedAgent()})
                event = Event("e", "thing.happened", {"n": 2, "of": "a"}, NOON)
                decision = generation.decide(event)
                (note,) = records.evaluated(NOON, event, decision, generation, reasons=True)
                (one,) = account(generation.ruleset, event, decision)
                assert note.what == one.facts()
                assert len(records._SAID) <= 3
