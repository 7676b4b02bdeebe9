"""A Python function beside the rules: trusted code of an embedding program, or of a package that is installed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from atamo_rules.builtin.agents.threads import Crowded, Threads
from atamo_rules.hub.evaluators.messages import event_json, message_of
from atamo_rules.model.contribution import ActionMessage
from atamo_rules.model.event import Event


class FunctionEvaluator:
    """`FunctionEvaluator(evaluate, name="pricing", version="2.1")`: a function of an event as JSON, which gives a list.

    It is called with `{"id", "type", "time", "source", "user", "data"}`, and gives `ActionMessage`s, or the same as
    JSON, `{"send": "oncall.page", "with": {…}, "why": "…"}`; None is nothing to do. A coroutine function runs in the
    hub's loop, any other in a thread of its own, so that a slow one holds up its own event alone. A thread cannot be
    stopped: a function that is late runs on to its end, and nothing is heard of it.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        *,
        name: str,
        version: str = "1",
        timeout: float = 5.0,
        digest: str = "",
    ) -> None:
        self.function = function
        self.name, self.version, self.timeout = name, version, timeout
        self.digest = digest or _digest(function, name, version)
        self._threads = Threads(f"atamo-{name}")

    async def evaluate(self, event: Event) -> Sequence[ActionMessage]:
        """What the function says. Raises what it raises, and TypeError for what is no list of messages."""
        given = event_json(event)
        if inspect.iscoroutinefunction(self.function):
            found = await self.function(given)
        else:
            try:
                found = await self._threads.run(lambda: self.function(given))
            except Crowded as crowded:
                raise RuntimeError(crowded.outcome().why) from None
        if found is None:
            return ()
        if not isinstance(found, list | tuple):
            raise TypeError(f"`evaluate` gave a {type(found).__name__} in place of a list")
        return [one if isinstance(one, ActionMessage) else message_of(one) for one in found]

    async def close(self) -> None:
        """There is nothing to give back."""


def _digest(function: Callable[[Any], Any], name: str, version: str) -> str:
    """SHA-256 over the name, the version and the text of the function, where it has one."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        text = getattr(function, "__qualname__", type(function).__qualname__)
    return sha256("\0".join((name, version, text)).encode("utf-8", "surrogatepass")).hexdigest()
