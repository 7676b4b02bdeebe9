"""Who sent an event, and to which groups and organisation they belonged at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """A person or service. `groups` holds every group, nested ones included; organisation may be empty."""

    name: str
    groups: frozenset[str] = frozenset()
    organisation: str = ""


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
    """Whose events a rule sees: anybody's when `include` is empty, never those of `exclude`."""

    include: tuple[Who, ...] = ()
    exclude: tuple[Who, ...] = ()

    def admits(self, user: User | None) -> bool:
        """Whether a rule of this scope sees events of this user; None is an event nobody signed."""
        if self.include and not any(who.has(user) for who in self.include):
            return False
        return not any(who.has(user) for who in self.exclude)


@dataclass(frozen=True, slots=True)
class Directory:
    """The users the hub knows, by name; an unknown name is a user without groups."""

    users: Mapping[str, User] = field(default_factory=dict, hash=False)

    def user(self, name: str) -> User:
        return self.users.get(name) or User(name)
