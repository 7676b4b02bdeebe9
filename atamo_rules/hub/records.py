"""The words of the audit: what is recorded of each step that a store takes, and what led to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from atamo_rules.engine.account import Evaluated, account, considered
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.functions.printing import moment_text
from atamo_rules.hub.audit.form import Same
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.blank import Blank
from atamo_rules.model.contribution import RULES
from atamo_rules.model.decision import Action, Decision
from atamo_rules.model.event import Event
from atamo_rules.model.types import Json
from atamo_rules.model.via import DIRECT
from atamo_rules.model.window import OVER
from atamo_rules.model.work import Arrival, DeadLetter, Hold, Work

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation

RULES_ALONE: list[Json] = [RULES]
"""One list for all records: it is nearly always this one, and a list in each is what the cycle collector would walk."""
MOST_SAME = 4096
"""Different things that records of one kind say, and that are kept to be said again."""
CONFLICT = "an event of this id, with other content, was taken before"


def accepted(arrival: Arrival) -> list[Note]:
    """An event that was kept."""
    event, at = arrival.event, arrival.at
    arrived = _arrived(event.type, event.conforms)
    what, blank = arrived.filled(arrival.seal, event.source), arrived if arrival.seal else None
    if not arrival.seal:
        del what["digest"]
    if arrival.via is not DIRECT:
        what, blank = {**what, **arrival.via.facts()}, None
    if event.type == OVER:
        cause = event.source.replace(":", " ", 1)  # the rule whose time it is
    else:  # an emitted event has the id of the action that emitted it
        cause = f"action {event.id}" if event.hops else ""
    notes = [Note(at, "event.accepted", event.key, event.who, what, cause, "", blank)]
    if arrival.quarantined:
        reasons: dict[str, Json] = {"reasons": list(arrival.reasons)}
        notes.append(Note(at, "event.quarantined", event.key, event.who, reasons, f"event {event.key}"))
    return notes


@lru_cache(MOST_SAME)
def _arrived(type: str, conforms: bool) -> Blank:
    return Blank({"type": type, "conforms": conforms}, "digest", "source")


def known(arrival: Arrival, same: bool) -> Note:
    """An event whose key was known: the same again, or another under the same name."""
    event = arrival.event
    cause = f"event {event.key}"
    if same:
        return Note(arrival.at, "event.duplicate", event.key, event.who, {**arrival.via.facts()}, cause)
    what: dict[str, Json] = {"reasons": [CONFLICT], **arrival.via.facts()}
    return Note(arrival.at, "event.refused", event.key, event.who, what, cause)


def decided(at: datetime, event: str, who: str, decision: Decision) -> Note:
    """What was decided of an event."""
    matched: list[str] = []
    shadow: list[str] = []
    rare = bool(decision.contributions)
    for one in decision.fired:
        (shadow if one.shadow else matched).append(one.rule)
        if one.problems or one.provider != RULES:
            rare = True
    providers = decision.providers if rare else _RULES
    what: Mapping[str, Json] = _decided(
        decision.digest, tuple(matched), tuple(shadow), decision.stopped_by, providers
    )
    found = problems(decision) if rare else []
    if found:
        what = {**what, "problems": found}
    return Note(at, "event.decided", event, who, what, f"event {event}", decision.digest)


_RULES = (RULES,)


@lru_cache(MOST_SAME)
def _decided(
    digest: str,
    matched: tuple[str, ...],
    shadow: tuple[str, ...],
    stopped_by: str,
    providers: tuple[str, ...],
) -> Same:
    return Same({
        "digest": digest,
        "matched": [*matched],
        "shadow": [*shadow],
        "stopped_by": stopped_by,
        "problems": [],
        "providers": RULES_ALONE if len(providers) == 1 else [*providers],
    })  # fmt: skip


def problems(decision: Decision) -> list[Json]:
    """Sentences about what a decision could not have done."""
    made: list[Json] = [problem for fired in decision.fired for problem in fired.problems]
    for one in decision.contributions:
        made += [f"provider {one.provider}: {why}" for why in (one.why, *one.problems) if why]
    return made


def evaluated(
    at: datetime,
    event: Event,
    decision: Decision,
    generation: Generation,
    *,
    reasons: bool,
    ledger: Ledger | None = None,
) -> list[Note]:
    """With `reasons` each rule that fired or nearly did, and the sub-conditions that decided it; and that none
    matched. What it did to windows is told of each."""
    key, who, digest = event.key, event.who, decision.digest
    cause = f"event {key}"
    notes: list[Note] = []
    if reasons:
        for one in account(generation.ruleset, event, decision):
            notes.append(Note(at, "rule.evaluated", key, who, _said(one), cause, digest))
    moved = ledger.told if ledger is not None else ()
    for step in moved:
        what: dict[str, Json] = {
            "rule": step.rule,
            "window": step.sentence,
            "by": [*step.by],
            "fires": step.fires,
        }
        notes.append(Note(at, "window.moved", key, who, what, cause, digest))
    acts = False
    for said in decision.contributions:
        acts = acts or bool(said.actions)
        if said.why or said.problems:
            why: dict[str, Json] = {"provider": said.provider, "state": said.digest, "why": said.why}
            why["problems"] = list(said.problems)
            notes.append(Note(at, "provider.failed", key, who, why, cause, digest))
    if not (decision.fired or acts or moved):
        what = {"considered": considered(generation.ruleset, event, decision)}
        notes.append(Note(at, "event.unrouted", key, who, what, cause, digest))
    return notes


def _said(one: Evaluated) -> Mapping[str, Json]:
    """What is said of a rule, which is nearly always what was said of it before: it is the very same object then
    (`engine.account`)."""
    if one.problems:
        return one.facts()
    known = _SAID.get(id(one))
    if known is None or known[0] is not one:
        if len(_SAID) >= MOST_SAME:
            _SAID.clear()
        # It holds the object: as long as that is known, its id is its own.
        known = _SAID[id(one)] = one, Same(one.facts())
    return known[1]


_SAID: dict[int, tuple[Evaluated, Same]] = {}


def created(at: datetime, event: Event, action: Action, digest: str, follows: str = "") -> Note:
    """An action that a rule wants done; `follows` is the key of the event that it emits."""
    who = event.who
    what, blank = _of(action, who, "verb", action.verb)
    note = Note(at, "action.created", event.key, who, what, f"rule {action.rule}", digest, blank)
    if action.after is None and not follows:
        return note
    more: dict[str, Json] = {}
    if action.after is not None:
        more["due"] = moment_text(at + timedelta(seconds=float(action.after)))
    if follows:
        more["follows"] = follows
    return note.saying(more)


def replied(at: datetime, event: Event, action: Action, digest: str) -> Note:
    """What a rule answers."""
    what: dict[str, Json] = {"rule": action.rule, "action": action.id, "error": action.error}
    return Note(at, "reply.sent", event.key, event.who, what, f"action {action.id}", digest)


def erased(at: datetime, event: str, who: str, why: str, records: Mapping[str, Json]) -> Note:
    """An event of which nothing is left but its steps. `records` are those that are hollow since, by position."""
    what: dict[str, Json] = {"by": who, "why": why, "records": dict(records)}
    return Note(at, "event.erased", event, "", what, f"user {who}" if who else "")


def finished(at: datetime, event: str) -> Note:
    """Nothing more follows from an event."""
    return Note(at, "event.finished", event, "", _NO_MORE, f"event {event}")


_NO_MORE = Same({})


def of_action(kind: Kind, at: datetime, work: Work, **more: Any) -> Note:
    """A step of an action: always with what it is, and as whom it is done: the event's user, where nobody else is
    named. How an attempt ends follows from that attempt; that one begins, from the action or the attempt before."""
    attempt = more.pop("attempt", None)
    if attempt is None:
        action, who = work.action, work.who
        what, blank = _of(action, who)
        note = Note(at, kind, work.event, who, what, f"action {action.id}", work.rules, blank)
    else:
        note = of_attempt(kind, at, work, attempt, attempt - 1 if kind == "action.started" else attempt)
    return note.saying(more) if more else note


def of_attempt(kind: Kind, at: datetime, work: Work, attempt: int, before: int) -> Note:
    """As `of_action`, of an attempt; `before` is that from which it follows, 0 for the action itself."""
    action, who = work.action, work.who
    what, blank = _of(action, who, "attempt", attempt)
    cause = f"attempt {action.id}/{before}" if before else f"action {action.id}"
    return Note(at, kind, work.event, who, what, cause, work.rules, blank)


def of_letter(kind: Kind, at: datetime, letter: DeadLetter, who: str, **more: Any) -> Note:
    """A step of a dead letter, and who took it."""
    return of_action(kind, at, letter.work, letter=letter.number, error=letter.error, by=who, **more)


def of_hold(kind: Kind, at: datetime, what: Hold, who: str) -> Note:
    """A pause, or its end."""
    why: dict[str, Json] = {"why": what.why} if what.why else {}
    return Note(at, kind, "", who, {"what": what.kind, "name": what.name, **why})


def _of(action: Action, who: str, name: str = "", more: str | int = "") -> tuple[dict[str, Json], Blank]:
    """What every record of an action says, and under a name one thing more."""
    acting = str(action.acting_as) if action.acting_as else f"user {who}" if who else ""
    blank = _step(action.agent, action.action, action.rule, action.because, action.provider, name, more)
    return blank.filled(action.id, acting), blank


@lru_cache(MOST_SAME)
def _step(
    agent: str, action: str, rule: str, because: str, provider: str, name: str, more: str | int
) -> Blank:
    target = Action("", "", agent, action, None, rule, because, 0).target
    said: dict[str, Json] = {"target": target, "rule": rule, "because": because, "provider": provider}
    return Blank({**said, name: more} if name else said, "action", "as")
