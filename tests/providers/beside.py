"""A hub with providers beside its rules, and evaluators that do what a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.controller import Controller
from atamo_rules.model.contribution import ActionMessage
from atamo_rules.model.event import Event
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard

RULES = """
event thing.seen
  n: whole
  tag: text?
event thing.flagged
  n: whole
request thing.price
  n: whole
  answer
    price: whole

action ticket.open
  title: text
  urgent: boolean = false

agent desk
  send note
    n: whole
    tag: text = "plain"
  ask look
    n: whole
agent crm
  does ticket.open
agent erp
  does ticket.open

rule tell
  on thing.seen
  when n > 0
  do
    send desk.note
      n: n
  stop
rule quote
  on request thing.price
  do
    reply
      price: n
rule unused
  on thing.flagged
  do
    send ticket.open
      title: "flagged"
"""


class Scripted:
    """An evaluator that gives what it is told to: messages, an exception to raise, or a function of the event."""

    def __init__(
        self,
        given: Any = (),
        name: str = "pricing",
        version: str = "2.1",
        digest: str = "",
        timeout: float = 5.0,
    ) -> None:
        self.given, self.name, self.version, self.timeout = given, name, version, timeout
        self.digest = digest or f"{name}-{version}"
        self.asked: list[Event] = []
        self.closed = 0

    async def evaluate(self, event: Event) -> Sequence[ActionMessage]:
        self.asked.append(event)
        if isinstance(self.given, BaseException):
            raise self.given
        found = self.given(event) if callable(self.given) else self.given
        return await found if asyncio.iscoroutine(found) else found  # type: ignore[no-any-return]

    async def close(self) -> None:
        self.closed += 1


class Told:
    """A provider whose states are put in by a test."""

    def __init__(self, name: str = "pricing", *states: Any) -> None:
        self.name = name
        self.news: asyncio.Queue[Any] = asyncio.Queue()
        for one in states:
            self.news.put_nowait(one)
        self.called = 0

    async def states(self) -> AsyncIterator[Any]:
        self.called += 1
        while True:
            state = await self.news.get()
            if isinstance(state, BaseException):
                raise state
            yield state


class Stage:
    """A controller at work, what its auditor heard and what was alerted."""

    def __init__(self, *providers: Any, rules: str = RULES) -> None:
        self.heard = Heard()
        self.alerts: list[Alert] = []
        self.agents = {name: ScriptedAgent() for name in ("desk", "crm", "erp")}
        self.controller = Controller(
            TextProvider(rules), MemoryStore(), [self.heard], alarm=self.alerts.append, agents=self.agents,
            providers=providers,
        )  # fmt: skip

    async def send(self, type: str = "thing.seen", id: str = "e1", **data: Any) -> None:
        """One event, and everything that follows from it."""
        hub = self.controller.hub
        await hub.submit_json({"type": type, "id": id, "data": data or {"n": 1}})
        await hub.wait(id, 60)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Come back once something holds."""
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0)


def note(n: int = 7, **more: Any) -> ActionMessage:
    return ActionMessage("desk.note", {"n": n}, **more)
