"""Requests and frames as their clients see them."""

from __future__ import annotations

from typing import Any

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.requests.request import Request
from atamo_rules.model.frame import Frame


def frame_json(frame: Frame) -> dict[str, Any]:
    """A frame; what says nothing is left out."""
    made: dict[str, Any] = {"req": frame.log, "seq": frame.seq, "kind": frame.kind}
    for name in ("agent", "action", "rule", "key"):
        if text := getattr(frame, name):
            made[name] = text
    made["body"] = frame.body
    if frame.at is not None:
        made["at"] = jsonable(frame.at)
    made["cache"] = frame.cache
    if frame.age is not None:
        made["age_s"] = round(frame.age, 3)
    if frame.late:
        made["late"] = True
    return made


def request_json(request: Request) -> dict[str, Any]:
    """How a request stands, without its frames."""
    made: dict[str, Any] = {
        "id": request.id,
        "type": request.type,
        "mode": request.mode,
        "policy": str(request.policy),
        "state": request.state,
        "expected": [part.name for part in request.parts],
        "answered": request.answered,
        "missing": [part.name for part in request.missing],
        "failed": [{"name": part.name, "why": part.why} for part in request.parts if part.state == "failed"],
    }
    if request.why:
        made["why"] = request.why
    return made
