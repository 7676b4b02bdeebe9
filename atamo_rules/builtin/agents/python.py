"""An agent that calls functions of Python, named by where they are."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from atamo_rules.builtin.agents.functions import FunctionAgent, read_by
from atamo_rules.builtin.agents.threads import Threads
from atamo_rules.hub.agents.code import FORMAT, load
from atamo_rules.hub.agents.reading import EVERY
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Outcome

_CODE = {"type": "string", "format": FORMAT, "pattern": "^[^:]+:[^:]+$"}


class PythonAgent:
    """Settings: `function`, called for every action, or `functions`, by the action's name; `timeout` in seconds (30),
    and `concurrency` (8).

    A function takes the action's arguments by name, and gives the answer; see FunctionAgent. `health` is a function
    without arguments that says what is not well, if anything. They run inside the
    hub's process: what may hang for ever, eat memory or leave the process belongs into the agent `process`.
    """

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "function": _CODE,
            "functions": {"type": "object", "minProperties": 1, "additionalProperties": _CODE},
            "health": _CODE,
            "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": 3600},
            "concurrency": {"type": "integer", "minimum": 1, "maximum": 256},
        },
        "additionalProperties": False,
    }

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        one, many = settings.get("function"), dict(settings.get("functions", {}))
        if (one is None) is (not many):
            raise ValueError("it needs either `function` or `functions`")
        self.timeout = float(settings.get("timeout", 30))
        self.concurrency = int(settings.get("concurrency", 8))
        self.every = None if one is None else _callable(one, folder)
        found = {action: _callable(where, folder) for action, where in many.items()}
        named = found if self.every is None else {EVERY: self.every}
        self.takes = {action: read_by(function) for action, function in named.items()}
        self.agent = FunctionAgent(timeout=self.timeout, concurrency=self.concurrency)
        self.agent.functions = found
        self.check = None if "health" not in settings else _callable(settings["health"], folder)

    async def health(self) -> str:
        """What the function `health` says; without one, that the functions are there."""
        if self.check is None:
            return ""
        said = self.check() if iscoroutinefunction(self.check) else Threads("atamo-health").run(self.check)
        return str(await said or "")

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        if self.every is not None and action.action not in self.agent.functions:
            self.agent.functions = {**self.agent.functions, action.action: self.every}
        return await self.agent.perform(action, reply)

    async def close(self) -> None:
        await self.agent.close()


def _callable(where: str, folder: str) -> Any:
    found = load(where, folder)
    if not callable(found):
        raise ValueError(f"`{where}` is no function")
    return found
