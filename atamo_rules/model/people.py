"""Who sent an event, and to which groups and organisation they belonged at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atamo_rules.model.authority import Grant


@dataclass(frozen=True, slots=True)
class User:
    """A person or service. `groups` holds every group, nested ones included; organisation may be empty."""

    name: str
    groups: frozenset[str] = frozenset()
    organisation: str = ""

    @property
    def full(self) -> str:
        """The name that is theirs among all organisations: `acme/ann`, or `ann` of none."""
        own = self.name.replace("%", "%25").replace("/", "%2F")
        home = self.organisation.replace("%", "%25").replace("/", "%2F")
        return f"{home}/{own}" if home else own


@dataclass(frozen=True, slots=True)
class Who:
    """What `for` and `except` name: kind is user, group or organisation."""

    kind: str
    name: str

    def has(self, user: User | None) -> bool:
        """Whether the user is, or belongs to, what is named."""
        if user is None:
            return False
        if self.kind == "user":
            return user.name == self.name
        if self.kind == "group":
            return self.name in user.groups
        return user.organisation == self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events a rule sees: anybody's when `include` is empty, never those of `exclude`, and only those of `owner`
    where the rule belongs to somebody."""

    include: tuple[Who, ...] = ()
    exclude: tuple[Who, ...] = ()
    owner: Who | None = None

    @property
    def narrowed(self) -> bool:
        """Whether it keeps more from the rule than `include` tells."""
        return bool(self.exclude) or self.owner is not None

    def admits(self, user: User | None) -> bool:
        """Whether a rule of this scope sees events of this user; None is an event nobody signed."""
        if self.include and not any(who.has(user) for who in self.include):
            return False
        if self.owner is not None and not self.owner.has(user):
            return False
        return not (self.exclude and any(who.has(user) for who in self.exclude))


@dataclass(frozen=True, slots=True)
class Given:
    """A grant, and to whom it is given."""

    to: Who
    grant: Grant


@dataclass(frozen=True, slots=True)
class Directory:
    """Who the hub knows, by name; an unknown name is a user without groups and grants. Service accounts are users that
    are no people. `groups` and `organisations` are those that are declared or belonged to."""

    users: Mapping[str, User] = field(default_factory=dict, hash=False)
    services: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    grants: tuple[Given, ...] = ()
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict, hash=False)
    """What was written of each, by kind (`organisations`, `groups`, `users`, `services`) and name."""
    _homes: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """See `home`: made when it is first asked for, since a list of rules asks it for each."""

    def user(self, name: str) -> User:
        return self.users.get(name) or User(name)

    def grants_of(self, user: User) -> tuple[Grant, ...]:
        """What is granted to a user, or to anything they belong to."""
        return tuple(given.grant for given in self.grants if given.to.has(user))

    def home(self, group: str) -> str:
        """The organisation that all members of a group are of; empty where there is none such."""
        if not self._homes:
            found = {"": ""}  # no group is called so
            for user in self.users.values():
                for one in user.groups:
                    if found.setdefault(one, user.organisation) != user.organisation:
                        found[one] = ""
            self._homes.update(found)
        return self._homes.get(group, "")
