"""What follows from rules that fired, as a transaction keeps it: work for agents, replies, events that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from atamo_rules.engine.decide import rule_of
from atamo_rules.hub.intake import Taken
from atamo_rules.model.audit import Note
from atamo_rules.model.decision import Action, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json
from atamo_rules.model.work import NOTHING, Arrival, Decided, Following, Work

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation

_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number")
HOPS = 16
"""How many times events may follow from events before the chain is cut, audited."""


def content_digest(event: Event) -> bytes:
    """SHA-256 over what an event says: the same key with another digest is another event."""
    content = [event.type, event.source, event.body]
    try:
        raw = _SORTED.encode(content)
    except OverflowError:  # a whole number beyond 64 bits
        raw = encode_sorted(content).encode()
    return sha256(raw).digest()


def arrival_of(taken: Taken, event: Event, at: datetime, decided: Decided | None = None) -> Arrival:
    """A message that was taken, to be kept, with what was decided of it."""
    return Arrival(event, content_digest(event), at, taken.reasons, not taken.decided, decided)


def consequences(
    fired: Iterable[Fired],
    event: Event,
    under: Generation,
    current: Generation,
    at: datetime,
    begin: Callable[[Action], float],
) -> Following:
    """What follows from rules that fired on an event. It is decided under one generation; events that are emitted come
    in by the doors of the current one. `begin` says for how long an action is leased at once, or 0."""
    work: list[Work] = []
    done: list[Action] = []
    arrivals: list[Arrival] = []
    frames: list[Frame] = []
    notes: list[Note] = []
    for one in fired:
        if one.shadow:
            continue
        for action in one.actions:
            if action.verb == "emit":
                done.append(action)
                _emit(action, event, current, at, arrivals, notes)
            elif action.verb == "reply":
                done.append(action)
                if action.error is None:
                    frames.append(Frame(event.key, "data", action.body, action=action.id, at=at))
                else:
                    frames.append(Frame(event.key, "error", action.error, action=action.id, at=at))
                what: dict[str, Json] = {"rule": action.rule, "action": action.id, "error": action.error}
                notes.append(Note(at, "reply.sent", event.key, event.who, what))
            else:
                asked = one.waiting is not None and one.waiting.action_id == action.id
                limit = action.within if asked else None
                deadline = None if limit is None else at + timedelta(seconds=float(limit))
                work.append(
                    Work(
                        event.key,
                        action,
                        event.who,
                        event.user.organisation if event.user is not None else "",
                        rule_of(under.ruleset, one.rule).digest,
                        at,
                        deadline,
                        one.waiting if asked else None,
                        event.alerts,
                        begin(action),
                    )
                )
    if not (work or done):
        return NOTHING
    return Following(tuple(work), tuple(done), tuple(arrivals), tuple(frames), notes=tuple(notes))


def _emit(
    action: Action,
    event: Event,
    current: Generation,
    at: datetime,
    arrivals: list[Arrival],
    notes: list[Note],
) -> None:
    """An emitted event comes in by the same door as any other, with its id, its user and its source given to it."""
    if event.hops + 1 > HOPS:
        what: dict[str, Json] = {"rule": action.rule, "type": action.action, "limit": HOPS}
        notes.append(Note(at, "event.hops", event.key, event.who, what))
        return
    source = f"rule:{action.rule}"
    taken = current.intake.enter(action.action, action.body, action.id, source, event.at, event.user)
    if taken.event is None:
        refused: dict[str, Json] = {"reasons": list(taken.refused), "rule": action.rule}
        notes.append(Note(at, "event.refused", taken.id, event.who, refused))
        return
    made = replace(taken.event, hops=event.hops + 1, alerts=event.alerts)
    arrivals.append(arrival_of(taken, made, at))
