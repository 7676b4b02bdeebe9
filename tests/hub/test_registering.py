"""Agents that a program gives a running hub, replaces and takes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.embed.portal import Portal
from atamo_rules.errors import UnknownName
from atamo_rules.hub.controller import Controller
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard

RULES = """
event thing.seen
  n: whole

agent desk
  uses log
  send note
    n: whole

rule tell
  on thing.seen
  do
    send desk.note
      n: n
"""


async def settled(controller: Controller, id: str) -> None:
    await controller.hub.submit_json({"type": "thing.seen", "id": id, "data": {"n": 1}})
    await controller.hub.wait(id, 60)


def test_an_agent_is_given_replaced_and_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    async def story() -> tuple[Heard, ScriptedAgent, ScriptedAgent]:
        heard, first, second = Heard(), ScriptedAgent(), ScriptedAgent()
        async with Controller(TextProvider(RULES), MemoryStore(), [heard]) as controller:
            await settled(controller, "logged")
            await controller.register("desk", first)
            await settled(controller, "first")
            await controller.register("desk", second)
            await settled(controller, "second")
            await controller.remove("desk")
            await settled(controller, "logged again")
            with pytest.raises(UnknownName):
                await controller.remove("desk")
        return heard, first, second

    heard, first, second = asyncio.run(story())
    assert (len(first.asked), len(second.asked)) == (1, 1)
    assert (first.closed, second.closed) == (1, 1)
    assert capsys.readouterr().out.count('"agent":"desk"') == 2
    kinds = [kind for kind in heard.kinds() if kind.startswith("agent.")]
    assert kinds == ["agent.registered", "agent.registered", "agent.removed"]
    assert [what["instead"] for what in heard.what("agent.registered")] == [False, True]


def test_what_is_under_way_ends_with_the_agent_it_began_with() -> None:
    class Slow(ScriptedAgent):
        def __init__(self) -> None:
            super().__init__()
            self.begun, self.go = asyncio.Event(), asyncio.Event()

        async def perform(self, action: Action, reply: Any) -> Any:
            self.begun.set()
            await self.go.wait()
            assert not self.closed
            return Done({})

    async def story() -> tuple[Slow, ScriptedAgent, Heard]:
        heard, slow, next_ = Heard(), Slow(), ScriptedAgent()
        async with Controller(
            TextProvider(RULES), MemoryStore(), [heard], agents={"desk": slow}
        ) as controller:
            await controller.hub.submit_json({"type": "thing.seen", "id": "a", "data": {"n": 1}})
            await slow.begun.wait()
            await controller.register("desk", next_)
            await settled(controller, "b")
            slow.go.set()
            await controller.hub.wait("a", 60)
        return slow, next_, heard

    slow, next_, heard = asyncio.run(story())
    assert (slow.closed, len(next_.asked)) == (1, 1)
    assert heard.kinds().count("action.done") == 2


def test_rules_may_come_to_ask_it_later_and_a_portal_does_the_same() -> None:
    desk = ScriptedAgent()
    with Portal(TextProvider(RULES)) as hub:
        hub.register("nobody_asks_it_yet", ScriptedAgent())
        hub.register("desk", desk)
        hub.wait(hub.submit("thing.seen", {"n": 2}), 10)
        hub.remove("nobody_asks_it_yet")
    assert [action.body for action in desk.asked] == [{"n": 2}]
