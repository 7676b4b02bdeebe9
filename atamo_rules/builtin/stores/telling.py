"""What is told of an event: one JSON object, the same whatever keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub import records
from atamo_rules.model.decision import Action, Decision
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.types import Json


class ActionLine(Struct, gc=False):
    """How an action stands."""

    action: Action
    state: str
    attempts: int = 0
    why: str = ""
    answer: Json = None


@dataclass(slots=True)
class Outline:
    """What is told of a decision."""

    digest: str
    matched: Sequence[str]
    shadow: Sequence[str]
    problems: Sequence[Json]


def outline_of(decision: Decision, problems: Sequence[str] = ()) -> Outline:
    """The outline of a decision, with the problems that its rules met later."""
    return Outline(
        decision.digest,
        decision.matched,
        [fired.rule for fired in decision.fired if fired.shadow],
        [*records.problems(decision), *problems],
    )


NOBODYS: dict[str, Json] = {"type": "", "source": "", "user": None, "groups": [], "organisation": ""}
"""What is left of an event that was forgotten before it was erased."""


def tombstone(event: Event) -> dict[str, Json]:
    """What is left of an event that is erased: its type, and whose it was."""
    user = event.user
    if user is None:
        return {**NOBODYS, "type": event.type, "source": event.source}
    return {
        "type": event.type,
        "source": event.source,
        "user": user.name,
        "groups": [*sorted(user.groups)],
        "organisation": user.organisation,
    }


def erased(id: str, at: datetime, left: Mapping[str, Json]) -> dict[str, Any]:
    """All that is told of an event that was erased; `at` is when it was taken."""
    return {"id": id, "state": "erased", "time": jsonable(at), **left}


def told(
    event: Event,
    quarantined: bool,
    reasons: Sequence[str],
    outline: Outline | None,
    over: bool,
    lines: Sequence[ActionLine],
    frames: Sequence[Frame],
) -> dict[str, Any]:
    """All that is kept of an event."""
    made: dict[str, Any] = {
        "id": event.id,
        "type": event.type,
        "time": jsonable(event.at),
        "user": event.user.name if event.user else None,
        "conforms": event.conforms,
        "state": "finished" if over and outline else "decided" if outline else "accepted",
        "reasons": list(reasons),
    }
    if event.source:
        made["source"] = event.source
    if quarantined:
        made["state"] = "quarantined"
    if outline is not None:
        made["digest"] = outline.digest
        made["matched"] = list(outline.matched)
        made["shadow"] = list(outline.shadow)
        made["problems"] = list(outline.problems)
    made["actions"] = [
        {
            "id": line.action.id,
            "verb": line.action.verb,
            "target": line.action.target,
            "rule": line.action.rule,
            "because": line.action.because,
            "provider": line.action.provider,
            "state": line.state,
            "attempts": line.attempts,
            "why": line.why,
            "answer": line.answer,
        }
        for line in lines
    ]
    made["replies"] = [
        {"error": frame.body} if frame.kind == "error" else {"answer": frame.body}
        for frame in frames
        if frame.kind not in ("alert", "end")
    ]
    alerts = [frame.body for frame in frames if frame.kind == "alert"]
    if alerts:
        made["alerts"] = alerts
    return made
