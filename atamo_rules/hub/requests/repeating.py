"""A request that has the answers of another to the same: no rule is asked, its log is a copy under its own name."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from atamo_rules.hub.requests import reading
from atamo_rules.hub.requests.opening import fingerprint
from atamo_rules.hub.requests.request import Request, Terms
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.types import Json
from atamo_rules.model.work import Decided, Following

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.requests.live import Requests


MOST_KEPT = 10_000
"""Requests whose answers may be given to another."""


class Repeatable:
    """Complete requests whose answers may be given to others, by the fingerprint of what was asked."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def add(self, request: Request) -> None:
        """Let its answers do for others, if they are whole and its own; the oldest make room."""
        if request.state == "complete" and request.mode == "load" and not request.source:
            self._kept[request.print] = request.id
            self._kept.move_to_end(request.print)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def drop(self, request: Request) -> None:
        """Give its answers to nobody any more."""
        if self._kept.get(request.print) == request.id:
            del self._kept[request.print]

    def get(self, print: str) -> str | None:
        """The id of a request that asked the same."""
        return self._kept.get(print)


def same(requests: Requests, event: Event, generation: Generation, how: Terms) -> Request | None:
    """A complete request whose answers will do for this one, if `max_age` lets them."""
    if how.max_age <= 0 or how.mode == "feed":
        return None
    key = requests.repeatable.get(fingerprint(event, generation.digest, how))
    request = requests.open.get(key) if key is not None else None
    if request is None or request.state != "complete" or request.forgotten or request.ended is None:
        return None
    return request if requests.now() - request.ended <= how.max_age else None


async def repeated(requests: Requests, event: Event, source: Request, digest: str) -> tuple[Request, Decided]:
    """A request that is over as it begins, and the decision that keeps its frames; `digest` names the rules that would
    have been asked."""
    now, at = requests.now(), requests.hub.clock.now()
    ended = source.ended or now
    frames: list[Frame] = []
    async for frame in reading.frames(requests.hub.store, source.id):
        age = now - (frame.at.timestamp() if frame.at is not None else ended)
        frames.append(replace(frame, log=event.key, seq=0, at=at, cache="hit", age=max(0.0, age)))
    request = replace(
        source, id=event.key, opened=now, heard=now, ended=now, source=source.id, forgotten=False, late=0
    )
    what: dict[str, Json] = {"source": source.id, "age": str(round(max(0.0, now - ended), 3))}
    cause = f"event {event.key}"
    notes = (
        Note(at, "request.opened", event.key, event.who, {"type": event.type, "mode": "load"}, cause),
        Note(at, "cache.hit", event.key, event.who, what, cause),
        Note(at, "request.completed", event.key, event.who, {}, cause),
    )
    put = requests.afar.put(request)
    decision = Decision(event.key, event.type, digest, ())
    return request, Decided(decision, Following(frames=tuple(frames), puts=(put,), notes=notes))
