"""Bytes to events: strict JSON, CloudEvents 1.0 envelopes or bare data, the door, and the type's policy."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeAlias

from msgspec import Struct

from atamo_rules.engine.door import Door, SchemaBroken
from atamo_rules.functions.time import parse_moment
from atamo_rules.hub.audit.seal import salts
from atamo_rules.model.event import Event, realm_of
from atamo_rules.model.given_json import exact
from atamo_rules.model.people import Directory, User
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import JsonRefused, decode, half_of_a_pair
from atamo_rules.model.types import EventType, Json, Policy

Admit: TypeAlias = Callable[[User | None, str, EventType | None], str]
"""Asked before a message is taken: its user, the name of its type and the type, if there is one; gives a sentence on
why it may not be sent, or nothing."""


LONGEST_ID = 256
_TEXTS = frozenset({"id", "source", "user", "time"})
"""Members of an envelope that are texts."""
_LOOKED_AT = _TEXTS | {"alerts"}
"""Members of an envelope that mean something to us, beside `type` and `data`."""
_PLAIN = frozenset({"id", "source", "user"})
"""Those of them of which there is nothing to say when they are short texts that can be printed."""
_CONTROL = re.compile(r"[\x00-\x1f]")


class Taken(Struct, frozen=True, gc=False):
    """What came of one message. `refused` are the reasons it was not taken; `reasons` why it breaks its schema.

    `status` is the HTTP status that a refusal deserves. `decided` is False for what is kept in quarantine.
    """

    id: str
    event: Event | None = None
    refused: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    decided: bool = True
    status: int = 202
    code: str = ""

    @property
    def key(self) -> str:
        """The event's name in the hub; the id where nothing was taken."""
        return self.event.key if self.event is not None else self.id


@dataclass(slots=True)
class Intake:
    """The doors of one ruleset's event types, each built when first needed.

    How a message is taken: at `now`; with `type_name` it is bare data; `user` is its sender where it names none itself,
    and `fallback_id` its id; `admit` says whether its sender may send it.
    """

    ruleset: Ruleset
    people: Directory = field(default_factory=Directory)
    doors: dict[str, Door] = field(default_factory=dict)
    salts: Iterator[str] = field(default_factory=lambda: salts())

    def take(
        self, raw: bytes, now: datetime, type_name: str | None = None, user: User | None = None,
        fallback_id: str = "", admit: Admit | None = None,
    ) -> Taken:  # fmt: skip
        """One message as bytes: an envelope, or with `type_name` bare data."""
        try:
            value = decode(raw)
        except JsonRefused as error:
            return Taken(fallback_id, None, (str(error),), status=400, code="malformed")
        return self.accept(value, now, type_name, user, fallback_id, admit)

    def given(
        self, value: Any, now: datetime, type_name: str | None = None, user: User | None = None,
        fallback_id: str = "", admit: Admit | None = None,
    ) -> Taken:  # fmt: skip
        """One message that another program has read as JSON, floats and all."""
        try:
            value = exact(value)
        except JsonRefused as error:
            return Taken(fallback_id, None, (str(error),), status=400, code="malformed")
        return self.accept(value, now, type_name, user, fallback_id, admit)

    def accept(
        self, value: Json, now: datetime, type_name: str | None = None, user: User | None = None,
        fallback_id: str = "", admit: Admit | None = None,
    ) -> Taken:  # fmt: skip
        """One message as strict JSON has it."""
        if type_name is not None:
            return self.enter(type_name, value, fallback_id, "", now, user, False, admit)
        type = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(type, str) or "data" not in value:
            hint = "an event is an object with `type` and `data`; bare data needs its type said beside it"
            return Taken(fallback_id, None, (hint,), status=400, code="envelope")
        trouble = _envelope(value)
        if trouble:
            return Taken(fallback_id, None, trouble, status=400, code="envelope")
        said: Mapping[str, Any] = value
        time, name = said.get("time"), said.get("user")
        return self.enter(
            type,
            said["data"],
            said.get("id") or fallback_id,
            said.get("source") or "",
            now if time is None else parse_moment(time) or now,
            user if name is None else self.people.user(name),
            said.get("alerts") is True,
            admit,
        )

    def enter(
        self, type_name: str, body: Json, id: str, source: str, at: datetime, user: User | None,
        alerts: bool = False, admit: Admit | None = None,
    ) -> Taken:  # fmt: skip
        """Data of a named type, through the door of that type."""
        type = self.ruleset.events.get(type_name)
        id = id or new_id()
        half = "" if user is None and id.isascii() and source.isascii() else _half(id, source, user)
        if half:
            return Taken(id.encode("utf-8", "replace").decode(), None, (half,), status=400, code="envelope")
        refusal = admit(user, type_name, type) if admit is not None else ""
        if refusal:
            return Taken(id, None, (refusal,), status=403, code="forbidden")
        if type is None:
            near = get_close_matches(type_name, self.ruleset.events, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            why = f"there is no event type `{type_name}`{hint}"
            return Taken(id, None, (why,), status=404, code="unknown-type")
        if not isinstance(body, dict):
            return Taken(id, None, ("the data of an event is an object",), status=422, code="invalid")
        try:
            door = self.doors.get(type_name) or self.door(type_name)
            reasons = door.reasons(body)
        except SchemaBroken as error:
            why = f"the schema of `{type_name}` cannot be used: {error}"
            return Taken(id, None, (why,), status=500, code="schema")
        if reasons and type.invalid == Policy.REJECT:
            return Taken(id, None, reasons, reasons, status=422, code="invalid")
        salt = next(self.salts)
        realm = realm_of(user) if admit is not None and user is not None else ""
        event = Event(id, type_name, door.filled(body), at, user, source, not reasons, 0, alerts, salt, realm)
        return Taken(id, event, (), reasons, not reasons or type.invalid == Policy.FLAG)

    def door(self, type_name: str) -> Door:
        """The door of a type. Raises SchemaBroken."""
        door = self.doors.get(type_name)
        if door is None:
            door = self.doors[type_name] = Door(self.ruleset.events[type_name])
        return door


def new_id() -> str:
    """A fresh event id (RFC 9562, version 4)."""
    return str(uuid.uuid4())


def _half(id: str, source: str, user: User | None) -> str:
    """Why what a program says of its message cannot be written, if it cannot."""
    said = f"{id}{source}{user.name}{user.organisation}" if user is not None else f"{id}{source}"
    if not said.isascii() and half_of_a_pair(said):
        return "its id, source or user holds half of a surrogate pair"
    return ""


def _envelope(value: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with a CloudEvents 1.0 envelope."""
    for name, given in value.items():
        if name in _LOOKED_AT and not (
            name in _PLAIN and type(given) is str and 0 < len(given) <= LONGEST_ID and given.isprintable()
        ):
            return _troubles(value)
    return ()


def _troubles(value: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for name, given in value.items():
        if name not in _TEXTS:
            continue
        if given is not None and (not isinstance(given, str) or not given):
            found.append(f"`{name}` is a text that is not empty")
        elif isinstance(given, str) and (len(given) > LONGEST_ID or _CONTROL.search(given)):
            found.append(f"`{name}` is at most {LONGEST_ID} characters, none of them a control character")
    if not isinstance(value.get("alerts", False), bool):
        found.append("`alerts` is true or false")
    time = value.get("time")
    if isinstance(time, str) and parse_moment(time) is None:
        found.append("`time` is written as in RFC 3339, such as 2026-01-31T09:00:00Z")
    return tuple(found)
