"""A request that has the answers of another: no rule is asked, its log is a copy under its own name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atamo_rules.hub.requests import reading
from atamo_rules.hub.requests.request import Request
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.types import Json
from atamo_rules.model.work import Decided, Following

if TYPE_CHECKING:
    from atamo_rules.hub.requests.live import Requests


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
