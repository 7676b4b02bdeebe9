"""An agent of a world: it answers, fails, raises, is silent for too long, answers late, or answers nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, ClassVar

from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome

Begun = Callable[[Action], Callable[[], None]]
"""Is told that an attempt begins, and gives whom to tell that it is over."""


class UnreliableAgent:
    """Draws what it does from the world's chance; `calm` ones only answer."""

    settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object"}
    timeout = 8.0

    def __init__(self, chance: Random, begun: Begun) -> None:
        self.chance = chance
        self.begun = begun
        self.concurrency = chance.randint(1, 4)
        self.calm = False

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        over = self.begun(action)
        try:
            if action.verb == "publish":
                return await self._feed(reply)
            return await self._perform(action)
        finally:
            over()

    async def _perform(self, action: Action) -> Outcome:
        answer = Done({"price": 7})
        if self.calm:
            await asyncio.sleep(0.1)
            return answer
        what = self.chance.choices(
            ("answer", "again", "wait", "fail", "raise", "hang", "late", "nonsense"),
            (50, 14, 6, 6, 8, 5, 8, 3),
        )[0]
        if what == "hang":
            await asyncio.sleep(10_000)
        if what == "late":
            await asyncio.sleep(self.chance.uniform(3.0, 7.9))
        elif self.chance.random() < 0.8:
            await asyncio.sleep(self.chance.expovariate(2.0))
        match what:
            case "again":
                return Again("busy", error="busy")
            case "wait":
                return Again("not now", self.chance.uniform(0.0, 90.0), "http 429")
            case "fail":
                return Failed("never", "http 410")
            case "raise":
                raise RuntimeError("broken")
            case "nonsense":
                return Done({"price": "seven"})
        return answer

    async def _feed(self, reply: Reply) -> Outcome:
        """A load, and updates until it ends by itself, if nobody stops it before."""
        chance = self.chance
        for number in range(chance.randint(0, 4)):
            await reply({"price": number}, key="ab"[number % 2])
            await asyncio.sleep(chance.expovariate(20.0))
        if not self.calm:
            what = chance.choices(("go on", "end", "again", "raise", "hang"), (60, 10, 10, 10, 5))[0]
            match what:
                case "end":
                    return Done({"price": 1})
                case "again":
                    return Again("busy", error="busy")
                case "raise":
                    raise RuntimeError("broken")
                case "hang":
                    await asyncio.sleep(10_000)
        await reply.loaded()
        for number in range(chance.randint(0, 60)):
            await asyncio.sleep(chance.expovariate(chance.choice((0.2, 20.0))))
            await reply({"price": number}, key="ab"[number % 2])
        return Done()

    async def close(self) -> None:
        return None
