"""Events, work and answers as the JSON that the file holds, and back again exactly."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from atamo_rules.model.contribution import RULES
from atamo_rules.model.decision import Action, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.people import User, Who
from atamo_rules.model.strict_json import decode, encode
from atamo_rules.model.types import Json
from atamo_rules.model.work import Work

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def text(value: Any) -> str:
    """A JSON value as text."""
    try:
        return _ENCODER.encode(value).decode()
    except (OverflowError, UnicodeError, TypeError):
        return clean(encode(value))  # whole numbers beyond 64 bits, or an agent's text that is not quite one


def clean(written: str) -> str:
    """A text that can be written in UTF-8. What agents and the system say may hold halves of characters."""
    return written if written.isascii() else written.encode("utf-8", "replace").decode()


def read(written: str | None) -> Any:
    """The value of a text."""
    return None if written is None else decode(written)


def of_event(event: Event, at: str) -> str:
    """An event; `at` is its time as text."""
    user = event.user
    who = None if user is None else [user.name, sorted(user.groups), user.organisation]
    return text([
        event.id, event.type, event.body, at, who, event.source, event.conforms, event.hops,
        event.alerts, event.salt, *([event.realm] if event.realm else []),
    ])  # fmt: skip


def to_event(written: str) -> Event:
    """The event that was written."""
    id, type, body, at, who, source, conforms, hops, alerts, salt, *realm = read(written)
    user = None if who is None else User(who[0], frozenset(who[1]), who[2])
    return Event(id, type, body, moment(at), user, source, conforms, hops, alerts, salt, *realm)


def of_action(action: Action) -> list[Json]:
    """An action, as a list."""
    acting = action.acting_as
    return [
        action.id, action.verb, action.agent, action.action, action.body, action.rule, action.because, action.index,
        None if acting is None else [acting.kind, acting.name],
        None if action.within is None else str(action.within),
        action.error, action.retry, *_tail(action),
    ]  # fmt: skip


def _tail(action: Action) -> list[Json]:
    """What most actions have nothing of."""
    after = None if action.after is None else str(action.after)
    if action.provider != RULES:
        return [after, action.provider]
    return [] if after is None else [after]


def to_action(read: Any) -> Action:
    """The action of a list."""
    id, verb, agent, name, body, rule, because, index, acting, within, error, retry, *tail = read
    after, provider = [*tail, None, None][:2]
    return Action(
        id, verb, agent, name, body, rule, because, index,
        None if acting is None else Who(*acting),
        None if within is None else Decimal(within),
        error,
        retry,
        None if after is None else Decimal(after),
        provider or RULES,
    )  # fmt: skip


def of_work(work: Work, at: str) -> str:
    """Work; `at` is its time as text. How long it was leased at first is not kept: another process leases it anew."""
    waiting = work.waiting
    return text([
        of_action(work.action), work.event, work.who, work.organisation, work.digest, at,
        None if work.deadline is None else work.deadline.isoformat(),
        None if waiting is None else [waiting.rule, waiting.index, waiting.action_id, waiting.answers],
        work.alerts, work.rules, *([] if work.due is None else [work.due.isoformat()]),
    ])  # fmt: skip


def to_work(written: str) -> Work:
    """The work that was written."""
    action, event, who, organisation, digest, at, deadline, waiting, alerts, rules, *due = read(written)
    if waiting is not None:
        rule, index, id, answers = waiting
        waiting = Waiting(rule, index, id, tuple((alias, answer) for alias, answer in answers))
    limit = None if deadline is None else moment(deadline)
    made = to_action(action)
    return Work(
        event,
        made,
        who,
        organisation,
        digest,
        moment(at),
        limit,
        waiting,
        alerts,
        0.0,
        rules,
        *map(moment, due),
    )


def of_frame(frame: Frame, at: datetime) -> str:
    """A frame without its place."""
    taken = frame.at or at
    age = None if frame.age is None else str(frame.age)
    return text(
        [
            frame.kind, frame.body, frame.agent, frame.action, frame.key, taken.isoformat(), frame.rule,
            frame.cache, age, frame.late,
        ]
    )  # fmt: skip


def to_frame(log: str, seq: int, written: str) -> Frame:
    """The frame that was written."""
    kind, body, agent, action, key, at, rule, cache, age, late = read(written)
    how_old = None if age is None else float(age)
    return Frame(log, kind, body, agent, action, key, moment(at), seq, rule, cache, how_old, late)


def moment(written: str) -> datetime:
    """A moment as it was written, in UTC."""
    return datetime.fromisoformat(written).astimezone(UTC)
