"""Events that a program makes, as an event provider: whatever it iterates over is handed on, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import Any

from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.given_json import exact
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

Respond = Callable[[str, Answers], Awaitable[None]]


class IteratedEvents:
    """Takes envelopes, `{"type": …, "data": …}`, from an iterable, asynchronous or not; its end is the end of the
    provider. `refused` is told of each that was not taken, and why; `respond` gets the answers of those that are
    requests, by their ids.

    controller = Controller(rules, store, events=[Way("clicks", IteratedEvents(clicks()))])
    """

    def __init__(
        self,
        events: AsyncIterable[Mapping[str, Json]] | Iterable[Mapping[str, Json]],
        *,
        refused: Callable[[Mapping[str, Json], tuple[str, ...]], None] | None = None,
        respond: Respond | None = None,
    ) -> None:
        self.events = events
        self.refused = refused
        if respond is not None:
            self.respond = respond

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        """Hand on what comes. Raises what the iterable raises, and JsonRefused on what is no JSON."""
        if isinstance(self.events, AsyncIterable):
            async for event in self.events:
                await self._hand(event, submit)
        else:
            for event in self.events:
                await self._hand(event, submit)

    async def _hand(self, event: Mapping[str, Json], submit: Callable[[bytes], Awaitable[Any]]) -> None:
        taken, _ = await submit(encode(exact(dict(event))).encode("utf-8"))
        if taken.refused and self.refused is not None:
            self.refused(event, taken.refused)
