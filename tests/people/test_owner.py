"""A rule that belongs to somebody sees the events of its owner alone, whatever stands in `for`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from atamo_rules.engine.decide import decide
from atamo_rules.hub.intake import Intake
from atamo_rules.model.people import User
from tests.hub.stage import state

TEXT = """
pack support
  owner "group support"

event tick
  n: number

rule packs "of the pack's owner"
  on tick
  do
    send log.line
      n: n

rule anns "its own owner, not the pack's"
  on tick
  owner "user ann"
  do
    send log.line
      n: n

rule wider "`for` opens nothing beyond the owner"
  on tick
  for organisation acme
  do
    send log.line
      n: n

rule hubs "a text that names nobody"
  on tick
  owner "ops@example.com"
  do
    send log.line
      n: n

agent log
  send line
    n: number
"""


@pytest.mark.parametrize(
    ("user", "fired"),
    [
        (None, {"hubs"}),
        (User("ann"), {"hubs", "anns"}),
        (User("bob", frozenset({"support"})), {"hubs", "packs"}),
        (User("bob", frozenset({"support"}), "acme"), {"hubs", "packs", "wider"}),
        (User("cyd", frozenset(), "acme"), {"hubs"}),
    ],
)
def test_the_owner_narrows(user: User | None, fired: set[str]) -> None:
    generation = state(TEXT, {})
    taken = Intake(generation.ruleset).enter("tick", {"n": 1}, "1", "", datetime.now(UTC), user)
    assert taken.event is not None
    assert {one.rule for one in decide(generation.ruleset, taken.event).fired} == fired
