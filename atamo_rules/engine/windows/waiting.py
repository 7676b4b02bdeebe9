"""The event that waits for another, as a state keeps it, and the event that its time makes when it is over."""

from __future__ import annotations

import hashlib
from typing import Any

from atamo_rules.engine.windows.state import Micros, moment
from atamo_rules.functions.printing import moment_text
from atamo_rules.functions.time import parse_moment
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.types import Json
from atamo_rules.model.window import OVER


def of_event(event: Event) -> dict[str, Json]:
    """What is kept of an event that waits."""
    user = event.user
    return {
        "key": event.key,
        "body": event.body,
        "at": moment_text(event.at),
        "user": [user.name, [*sorted(user.groups)], user.organisation] if user is not None else None,
        "hops": event.hops,
        "alerts": event.alerts,
    }


def over_id(rule: str, key: str, due: Micros) -> str:
    """The id of the event that stands for the end of the wait of an event, by its key."""
    return hashlib.sha256(f"{rule}\x00{key}\x00{due}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def over_event(rule: str, due: Micros, kept: Any) -> Event:
    """The event that stands for the end of a wait: with the body and the user of the event that waited. Its id is made
    of the rule, of that event and of the moment, so that whoever makes it twice makes the same."""
    user = kept["user"]
    return Event(
        over_id(rule, kept["key"], due),
        OVER,
        kept["body"],
        moment(due),
        User(user[0], frozenset(user[1]), user[2]) if user is not None else None,
        f"rule:{rule}",
        hops=int(kept["hops"]),
        alerts=bool(kept["alerts"]),
    )


def struck_event(rule: str, due: Micros) -> Event:
    """The event that stands for a moment of a schedule: nothing is in it, and nobody sent it."""
    return Event(over_id(rule, "", due), OVER, {}, moment(due), source=f"rule:{rule}")


def event_of(kept: Any) -> Event:
    """The event that waits, as conditions read it."""
    user = kept["user"]
    at = parse_moment(kept["at"])
    assert at is not None
    signed = User(user[0], frozenset(user[1]), user[2]) if user is not None else None
    return Event(
        kept["key"], "", kept["body"], at, signed, hops=int(kept["hops"]), alerts=bool(kept["alerts"])
    )
