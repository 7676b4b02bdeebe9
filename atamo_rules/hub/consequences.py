"""What follows from rules that fired, as a transaction keeps it: work for agents, replies, events that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from atamo_rules.engine.decide import by_id
from atamo_rules.hub import records
from atamo_rules.hub.audit.seal import content_of, seal
from atamo_rules.hub.intake import Taken
from atamo_rules.model.audit import Note
from atamo_rules.model.contribution import Contribution
from atamo_rules.model.decision import Action, Fired, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.types import Json
from atamo_rules.model.via import DIRECT, Via
from atamo_rules.model.work import NOTHING, Arrival, Decided, Following, Work

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.windows.claim import Claim

HOPS = 16
"""How many times events may follow from events before the chain is cut, audited."""


def arrival_of(
    taken: Taken,
    event: Event,
    at: datetime,
    decided: Decided | None = None,
    via: Via = DIRECT,
    claim: Claim[Any] | None = None,
    *,
    digested: bool = True,
) -> Arrival:
    """A message that was taken, as it is to be kept: with its decision, and what that decision rests on; without its
    digest for a store that needs none (`Caps.compares`)."""
    content = content_of(event.type, event.source, event.body)
    digest, sealed = sha256(content).digest() if digested else b"", seal(content, event.salt)
    ground, rests = (claim.ground, claim.grounds) if claim is not None else (None, ())
    return Arrival(event, digest, at, taken.reasons, not taken.decided, decided, sealed, via, ground, rests)


def consequences(
    fired: Iterable[Fired],
    event: Event,
    under: Generation,
    current: Generation,
    at: datetime,
    begin: Callable[[Action], float],
    told: Iterable[Note] = (),
    *,
    late: bool = False,
    beside: Iterable[Contribution] = (),
) -> Following:
    """What follows from rules that fired on an event. It is decided under one generation; events that are emitted come
    in by the doors of the current one. `begin` says for how long an action is leased at once, or 0; `told` are records
    that come before those of what follows; `late` says that whoever asked has no more answers pushed; `beside` is what
    providers beside the rules want."""
    work: list[Work] = []
    done: list[Action] = []
    arrivals: list[Arrival] = []
    frames: list[Frame] = []
    notes = list(told)
    rules, who, user = under.ruleset.digest, event.who, event.user
    for action, digest, waiting in _wanted(fired, beside, under):
        if action.verb == "emit":
            done.append(action)
            follows = _emit(action, event, current, at, arrivals, notes)
            notes.append(records.created(at, event, action, rules, follows))
        elif action.verb == "reply":
            done.append(action)
            if action.error is None:
                frames.append(Frame(event.key, "data", action.body, at=at, rule=action.rule, late=late))
            else:
                frames.append(Frame(event.key, "error", action.error, at=at, rule=action.rule, late=late))
            notes.append(records.created(at, event, action, rules))
            notes.append(records.replied(at, event, action, rules))
        else:
            notes.append(records.created(at, event, action, rules))
            limit = action.within if waiting is not None else None
            deadline = None if limit is None else at + timedelta(seconds=float(limit))
            due = None if action.after is None else at + timedelta(seconds=float(action.after))
            work.append(
                Work(
                    event.key,
                    action,
                    who,
                    user.organisation if user is not None else "",
                    digest,
                    at,
                    deadline,
                    waiting,
                    event.alerts,
                    begin(action) if due is None else 0.0,
                    rules,
                    due,
                )
            )
    if not (work or done or notes):
        return NOTHING
    return Following(tuple(work), tuple(done), tuple(arrivals), tuple(frames), notes=tuple(notes))


def _wanted(
    fired: Iterable[Fired], beside: Iterable[Contribution], under: Generation
) -> list[tuple[Action, str, Waiting | None]]:
    """Every action that is to be done, with the digest of whatever asked for it, and what its rule does after it where
    that waits for its answer."""
    wanted: list[tuple[Action, str, Waiting | None]] = []
    for one in fired:
        if one.actions and not one.shadow:
            digest, waiting = by_id(under.ruleset)[one.rule].digest, one.waiting
            for action in one.actions:
                asked = waiting is not None and waiting.action_id == action.id
                wanted.append((action, digest, waiting if asked else None))
    for said in beside:
        for action in said.actions:
            wanted.append((action, said.digest, None))
    return wanted


def _emit(
    action: Action,
    event: Event,
    current: Generation,
    at: datetime,
    arrivals: list[Arrival],
    notes: list[Note],
) -> str:
    """An emitted event comes in by the same door as any other, with its id, its user and its source given to it; gives
    its key, or nothing where none was made."""
    if event.hops + 1 > HOPS:
        what: dict[str, Json] = {"rule": action.rule, "type": action.action, "limit": HOPS}
        notes.append(Note(at, "event.hops", event.key, event.who, what, f"rule {action.rule}"))
        return ""
    source = f"rule:{action.rule}"
    taken = current.intake.enter(action.action, action.body, action.id, source, event.at, event.user)
    if taken.event is None:
        refused: dict[str, Json] = {"reasons": list(taken.refused), "rule": action.rule}
        notes.append(Note(at, "event.refused", taken.id, event.who, refused, f"action {action.id}"))
        return ""
    made = replace(taken.event, hops=event.hops + 1, alerts=event.alerts)
    arrivals.append(arrival_of(taken, made, at))
    return made.key
