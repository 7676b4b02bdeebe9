"""An agent is told what its action declares to answer, and by the very check the hub makes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from atamo_rules.hub.generation import Declared
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Outcome
from tests.hub.stage import stage, submit

RULES = """
request price.wanted
  name: text
  answer
    price: money

action price.find
  SAFE
  name: text
  answer
    price: money
    sort: one of a, b = a

agent shop
  does price.find
    sku: lower(name)
  send note
    name: text

rule answer
  on request price.wanted
  do
    ask price.find within 5 seconds as found
      name: name
    send shop.note
      name: name
    reply
      price: found.price
"""


class Asking:
    """Keeps what it was told about the answer of each action."""

    settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object"}
    timeout, concurrency = 5.0, 1

    def __init__(self) -> None:
        self.told: dict[str, Declared | None] = {}

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        self.told[action.action] = reply.declared()
        return Done({"price": 7})

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("safe", ["", "safe fresh 1 minute shared by everyone"])
def test_an_agent_is_told_what_its_action_declares_to_answer(safe: str) -> None:
    agent = Asking()

    async def story() -> None:
        hub, _ = stage(RULES.replace("  SAFE\n", f"  {safe}\n" if safe else ""), {"shop": agent})
        await hub.start()
        await submit(hub, "price.wanted", name="X")
        await hub.drain(5)

    asyncio.run(story())
    find, note = agent.told["price.find"], agent.told["note"]
    assert find is not None
    assert note is None
    assert set(find.schema["properties"]) == {"price", "sort"}
    assert find.schema["required"] == ["price"]
    assert find.reasons({"price": 7}) == ()
    assert find.reasons({"price": "7", "sort": "c"})
