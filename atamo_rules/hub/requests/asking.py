"""Requests from inside the program: their frames as they come, or all answers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atamo_rules.errors import EventRejected
from atamo_rules.hub.intake import new_id
from atamo_rules.hub.requests.completion import Completion
from atamo_rules.hub.requests.request import Mode, Options, Request
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.people import User
from atamo_rules.model.types import Json

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

GONE = "nobody waits for it any more"
"""Why a request ends whose caller went away."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of a request: how it stands, and every answer in the order it came. `event` is what asked, where that
    is known."""

    request: Request
    frames: tuple[Frame, ...]
    event: Event | None = None

    @property
    def state(self) -> str:
        return self.request.state

    @property
    def all(self) -> tuple[Json, ...]:
        """The answers alone."""
        return tuple(frame.body for frame in self.frames if frame.kind in ("data", "snapshot", "update"))

    @property
    def first(self) -> Json:
        """The first answer. Raises LookupError, saying how the request ended, when there is none."""
        if not self.all:
            raise LookupError(
                f"no answer: the request is {self.state}: {self.request.why or 'nobody was asked'}"
            )
        return self.all[0]

    @property
    def errors(self) -> tuple[str, ...]:
        """Why those who could not answer could not."""
        return tuple(str(frame.body) for frame in self.frames if frame.kind == "error")

    def document(self, id: str) -> dict[str, Json]:
        """All of it, as it is handed back to whoever asked by an id."""
        return {"id": id, "state": self.state, "answers": list(self.all), "errors": list(self.errors)}


def options(
    mode: Mode = "load",
    policy: Completion | None = None,
    deadline: float | None = None,
    keep_alive: float | None = None,
    retain: float | None = None,
    max_age: float = 0.0,
) -> Options:
    """Options of a request, each by its name; times in seconds. None is as its type declares, or as usual."""
    return Options(mode, policy, deadline, keep_alive, retain, max_age)


async def opened(hub: Hub, type: str, data: Json, id: str, user: User | None, how: Options) -> str:
    """Open a request; gives its name in the hub. It is ended if its caller goes away meanwhile. Raises EventRejected
    with the reasons, Busy and StoreUnavailable."""
    known = hub.current.ruleset.events.get(type)
    if known is not None and not known.request:
        raise EventRejected((f"`{type}` is an event, and nobody answers it",))
    value: dict[str, Json] = {"type": type, "data": data if data is not None else {}, "id": id or new_id()}
    try:
        taken, _ = await hub.submit_json(value, user=user, options=how)
    except asyncio.CancelledError:  # it may be kept, and nobody will have its name
        request = await hub.requests.find(str(value["id"]))
        if request is not None and not hub.requests.asking[request.id]:
            await hub.requests.cancel(request.id, GONE)
        raise
    if taken.event is None or not taken.decided:
        raise EventRejected(taken.refused or taken.reasons)
    return taken.event.key


@asynccontextmanager
async def _wanted(hub: Hub, key: str, why: str) -> AsyncIterator[None]:
    """Inside, a request is waited for; it ends with the last who does."""
    asking = hub.requests.asking
    asking[key] += 1
    try:
        yield
    finally:
        asking[key] -= 1
        if not asking[key]:
            del asking[key]
            await hub.requests.cancel(key, why)


async def frames(
    hub: Hub, type: str, data: Json, id: str, user: User | None, how: Options
) -> AsyncGenerator[Frame, None]:
    """The frames of a request as they come. When the last who listens stops before the end, nobody wants more of it: it
    is cancelled."""
    key = await opened(hub, type, data, id, user, how)
    async with _wanted(hub, key, "nobody listens any more"):
        async for frame in hub.requests.stream(key):
            if frame is not None:
                yield frame


async def answers(hub: Hub, type: str, data: Json, id: str, user: User | None, how: Options) -> Answers:
    """All answers of a request, when it is over."""
    key = await opened(hub, type, data, id, user, how)
    async with _wanted(hub, key, GONE):
        got = [frame async for frame in hub.requests.stream(key) if frame is not None]
    request = await hub.requests.find(key)
    assert request is not None
    return Answers(request, tuple(got))
