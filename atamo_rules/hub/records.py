"""The words of the audit: what is recorded of each step that a store takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.types import Json
from atamo_rules.model.work import Arrival, DeadLetter, Hold, Work

CONFLICT = "an event of this id, with other content, was taken before"


def accepted(arrival: Arrival) -> list[Note]:
    """An event that was kept."""
    event, at = arrival.event, arrival.at
    what: dict[str, Json] = {"type": event.type, "source": event.source, "conforms": event.conforms}
    notes = [Note(at, "event.accepted", event.key, event.who, what)]
    if arrival.quarantined:
        notes.append(Note(at, "event.quarantined", event.key, event.who, {"reasons": list(arrival.reasons)}))
    return notes


def known(arrival: Arrival, same: bool) -> Note:
    """An event whose key was known: the same again, or another under the same name."""
    event = arrival.event
    if same:
        return Note(arrival.at, "event.duplicate", event.key, event.who)
    return Note(arrival.at, "event.refused", event.key, event.who, {"reasons": [CONFLICT]})


def decided(at: datetime, event: str, who: str, decision: Decision) -> Note:
    """What was decided of an event."""
    what: dict[str, Json] = {
        "digest": decision.digest,
        "matched": list(decision.matched),
        "shadow": [fired.rule for fired in decision.fired if fired.shadow],
        "stopped_by": decision.stopped_by,
        "problems": [problem for fired in decision.fired for problem in fired.problems],
    }
    return Note(at, "event.decided", event, who, what)


def finished(at: datetime, event: str) -> Note:
    """Nothing more follows from an event."""
    return Note(at, "event.finished", event)


def of_action(kind: Kind, at: datetime, work: Work, **more: Any) -> Note:
    """A step of an action: always with what it is, and as whom it is done: the event's user, where nobody else is
    named."""
    action = work.action
    acting = str(action.acting_as) if action.acting_as else f"user {work.who}" if work.who else ""
    what = {
        "action": action.id,
        "target": action.target,
        "rule": action.rule,
        "because": action.because,
        "as": acting,
        **more,
    }
    return Note(at, kind, work.event, work.who, what)


def of_letter(kind: Kind, at: datetime, letter: DeadLetter, who: str, **more: Any) -> Note:
    """A step of a dead letter, and who took it."""
    return of_action(kind, at, letter.work, letter=letter.number, error=letter.error, by=who, **more)


def of_hold(kind: Kind, at: datetime, what: Hold, who: str) -> Note:
    """A pause, or its end."""
    return Note(at, kind, "", who, {"what": what.kind, "name": what.name})
