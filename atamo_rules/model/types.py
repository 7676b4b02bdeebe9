"""The types that fields, parameters and answers have, and the event and action types made of them.

A type says what a rule may rely on. What JSON Schema can say and these types cannot becomes `Anything` for
that field; the full schema still validates every event at the door.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from atamo_rules.model.people import Who
from atamo_rules.source.values import Json as Json


@dataclass(frozen=True, slots=True)
class Text:
    """A string. `format` is a JSON Schema format name (email, uri, uuid, ipv4, ipv6, ip) or empty."""

    format: str = ""
    shortest: int = 0
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number: `whole` has no fraction; `money` is a decimal amount. Bounds are inclusive."""

    whole: bool = False
    money: bool = False
    low: int | Decimal | None = None
    high: int | Decimal | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false; never equal to a number."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A closed list of values (JSON scalars, normally strings), in the author's order."""

    values: tuple[str | int | bool | Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A date-time (RFC 3339 text on the wire), or, with `date_only`, a calendar date."""

    date_only: bool = False


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time; ISO 8601 duration text on the wire, written `15 minutes` in rules."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array whose elements all have one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with free keys whose values all have one type."""

    value: Type


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value. Comparisons on it are false where the value is absent or of another type.

    `through_lists`: a path in it goes through lists wherever they stand, however deep, and means any element.
    `as_text`: what is in it is read as text: a number or truth value as it is printed, a list as several.
    """

    through_lists: bool = False
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a record. `optional` means it may be left out or be null: rules must guard it."""

    type: Type
    optional: bool = False
    about: str = ""
    default: Json = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known fields. `closed` refuses unknown ones at the door; else they are kept, unread."""

    members: Mapping[str, Member] = field(hash=False)
    closed: bool = False


Type: TypeAlias = "Text | Number | Boolean | OneOf | Moment | Duration | ListOf | MapOf | Anything | Record"


class Policy:
    """What happens to an event that breaks its type's schema, per event type."""

    REJECT = "reject"  # refused at the door, with the reasons
    FLAG = "flag"  # accepted, decided, and marked as not conforming in the decision and the audit
    QUARANTINE = "quarantine"  # accepted and kept, but no rule sees it
    ALL = (REJECT, FLAG, QUARANTINE)


@dataclass(frozen=True, slots=True)
class Completing:
    """When a request has answers enough: `all`, the `first`, `any` of `count`, or what is there `after` so many
    seconds. `within` is how long agents may take, `kept` how long the answers are kept then, in seconds; None is
    the hub's own."""

    policy: str = "all"
    count: int = 0
    after: float = 0.0
    within: float | None = None
    kept: float | None = None


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event or request that the hub takes.

    `type` is what rules may read (`Anything` for an event type without a schema); `schema` is the JSON Schema
    (2020-12 unless its `$schema` says draft-07) that validates bodies at the door, None when anything goes;
    `answer` is what a request is answered with. `invalid` is one of `Policy.ALL`. `foreign` says that the schema was
    written elsewhere, so that its formats are annotations and are not asserted. `completing` says when a request has
    answers enough, where its client does not.
    """

    name: str
    type: Record | Anything
    schema: Mapping[str, object] | bool | None = field(default=None, hash=False)
    request: bool = False
    answer: Record | Anything | None = None
    invalid: str = Policy.REJECT
    about: str = ""
    foreign: bool = False
    completing: Completing | None = None


@dataclass(frozen=True, slots=True)
class Sharing:
    """That an action only reads, so that equal calls may be one: its answer is `fresh` for so many seconds, and for
    `stale` more is given while the next is fetched. `by` says among whom: `user` (those as whom it is done),
    `organisation`, `everyone`, or the members of a group."""

    fresh: float = 0.0
    stale: float = 0.0
    by: str | Who = "user"


@dataclass(frozen=True, slots=True)
class ActionType:
    """Something an agent can be asked to do, by `verb` (send, track, ask, publish).

    A type that several agents may do has no `agent`; each that does it has one of its own under the type's name.
    `retry` is how often it is tried again where a rule says nothing; `example` are arguments that fit.
    """

    agent: str
    name: str
    verb: str
    parameters: Record | Anything
    answer: Record | Anything | None = None
    about: str = ""
    sharing: Sharing | None = None
    """Set for an action that was declared `safe`."""
    retry: int | None = None
    example: Json = field(default=None, hash=False)

    @property
    def id(self) -> str:
        return f"{self.agent}.{self.name}" if self.agent else self.name


def fields_of(type: Type, prefix: str = "") -> Iterator[tuple[str, Member]]:
    """Every dotted path of a record with its member, depth first, in declared order."""
    if isinstance(type, Record):
        for name, member in type.members.items():
            path = f"{prefix}.{name}" if prefix else name
            yield path, member
            yield from fields_of(member.type, path)
