"""An agent that does what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

from atamo_rules.engine.door import Door
from atamo_rules.errors import NoCredential
from atamo_rules.hub.generation import Declared
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.secret import Need, Secret
from atamo_rules.model.types import Anything, EventType, Json

Step: TypeAlias = "Outcome | BaseException | Callable[[Action], Outcome] | float"
"""One attempt: an outcome, an exception to raise, a function of the action, or seconds to be silent before Done."""


class ScriptedAgent:
    """Takes one step of its script for each attempt, and the last step again once the script is over."""

    settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object"}

    def __init__(self, *script: Step, timeout: float = 5.0, concurrency: int = 4) -> None:
        self.script = list(script) or [Done({})]
        self.timeout = timeout
        self.concurrency = concurrency
        self.asked: list[Action] = []
        self.running = 0
        self.most_running = 0
        self.closed = 0

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        self.asked.append(action)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, float | int):
                await asyncio.sleep(step)
                return Done({})
            return step(action) if callable(step) else step
        finally:
            self.running -= 1

    async def close(self) -> None:
        self.closed += 1


class Replies:
    """What an agent is given to answer with, that remembers what it said: bodies with their keys, news of progress,
    and after how many bodies it had loaded. `credentials` are what its user has, by host; where there are
    none, it is as in a hub without a vault. `answer` is what the action
    declares to answer, as JSON Schema."""

    def __init__(
        self, credentials: Mapping[str, Secret] | None = None, answer: Mapping[str, Any] | None = None
    ) -> None:
        self.answer = answer
        self.credentials = dict(credentials or {})
        self.answers: list[tuple[str, Json]] = []
        self.news: list[Json] = []
        self.loaded_after: int | None = None

    async def __call__(self, answer: Json, *, key: str = "") -> None:
        self.answers.append((key, answer))

    async def loaded(self) -> None:
        self.loaded_after = len(self.answers)

    async def progress(self, news: Json) -> None:
        self.news.append(news)

    def declared(self) -> Declared | None:
        if self.answer is None:
            return None
        return Declared(self.answer, Door(EventType("answer", Anything(), dict(self.answer))).reasons)

    async def credential(self, host: str = "", *, need: Need = "optional") -> Secret | None:
        secret = self.credentials.get(host)
        if secret is None and (need == "required" or (need == "expected" and self.credentials)):
            raise NoCredential(f"there is no credential at {host}")
        return secret
