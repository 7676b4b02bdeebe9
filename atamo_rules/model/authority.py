"""What a decision about authority is made of: who asks, what for, about what, and the grants that may allow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from atamo_rules.model.people import User

Verb: TypeAlias = Literal[
    "event.send",
    "request.send",
    "act.as",
    "message.read",
    "message.cancel",
    "message.erase",
    "types.read",
    "rules.read",
    "rules.change",
    "rules.approve",
    "work.operate",
    "dead.read",
    "audit.read",
    "hub.read",
    "people.manage",
    "keys.manage",
    "secrets.manage",
]
VERBS: tuple[Verb, ...] = get_args(Verb)
"""The closed list of what may be allowed."""

ReachKind: TypeAlias = Literal["everything", "organisation", "group", "user", "own"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose things a grant is about: everybody's, those of one organisation, group or user, or one's own."""

    kind: ReachKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


OWN = Reach("own")
EVERYTHING = Reach("everything")


@dataclass(frozen=True, slots=True)
class Grant:
    """Some verbs over somebody's things, for some event types or all; `source` is where it was written."""

    role: str
    verbs: frozenset[Verb]
    over: Reach
    types: tuple[str, ...] = ()
    source: str = ""

    def __str__(self) -> str:
        types = f" of {', '.join(self.types)}" if self.types else ""
        return f"{self.role} over {self.over}{types}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key leaves of what its holder may: no more than these verbs and event types; empty means no limit."""

    verbs: frozenset[Verb] = frozenset()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Principal:
    """Whoever asks. `grants` are those that hold for it now; `key` is the id of the key it came with, and `made_by` the
    full names of all others who may have that key too, since they made it."""

    user: User
    grants: tuple[Grant, ...] = ()
    limits: Limits = Limits()
    key: str = ""
    made_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def persons(self) -> frozenset[str]:
        """Everybody who this may be, by full name."""
        return frozenset((self.user.full, *self.made_by)) - {""}


@dataclass(frozen=True, slots=True)
class Resource:
    """What is asked about. `owner` is the name of the user it belongs to, empty for nobody's; `groups` are those of
    its owner when it came to be; `tenant` is the organisation it belongs to, empty for the hub's own. What is `common`,
    such as event types, is of no organisation and open to all of them."""

    kind: str
    tenant: str = ""
    owner: str = ""
    groups: frozenset[str] = frozenset()
    type: str = ""
    common: bool = False


def belonging(kind: str, user: User | None, type: str = "") -> Resource:
    """A thing of a user, or of nobody."""
    if user is None:
        return Resource(kind, type=type)
    return Resource(kind, user.organisation, user.name, user.groups, type)


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes; by which grant."""

    grant: Grant
    reason: str


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and why, in a sentence for the audit: who is refused is told less."""

    reason: str


Roles: TypeAlias = Mapping[str, frozenset[Verb]]
