"""One message that came in."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import force_setattr

from atamo_rules.model.people import User
from atamo_rules.model.types import Json


class Event(Struct, frozen=True, gc=False):
    """An event or request. `body` was checked at the door and is never changed; `at` is an aware UTC time.

    `source` is the sender's own name for where it comes from (CloudEvents `source`). `conforms` is False for an event
    that breaks its type's schema and was let in by the policy `flag`. `hops` counts rule-to-rule emits. `alerts` says
    that its sender wants to be told of actions that were given up. `salt`, in hex, is what the digest of its body in
    the audit is made with; it is kept with the body, and erased with it. `realm` says among whose ids its id is unique
    (`realm_of`); it is empty where the whole hub shares its ids.
    """

    id: str
    type: str
    body: Json
    at: datetime
    user: User | None = None
    source: str = ""
    conforms: bool = True
    hops: int = 0
    alerts: bool = False
    salt: str = ""
    realm: str = ""
    key: str = ""
    """Its name in the hub: realm, source and id, as far as it has them. CloudEvents makes ids unique only within a
    source, and two senders need know nothing of each other's. No two triples of realm, source and id have the same key:
    `id` where there is nothing else, `source#id` where there is no realm, else `@realm#source#id`."""
    who: str = ""
    """The name of the user it came from; empty when nobody is named. It follows from the others, as the key does."""

    def __post_init__(self) -> None:
        plain = not self.realm and not self.source and "#" not in self.id
        force_setattr(self, "key", self.id if plain else _key(self.realm, self.source, self.id))
        if self.user is not None or self.who:
            force_setattr(self, "who", self.user.name if self.user is not None else "")

    def __repr__(self) -> str:
        said = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in _UNSAID)
        return f"Event({', '.join(said)})"


_UNSAID = frozenset({"salt", "who"})


def realm_of(user: User) -> str:
    """Among whose ids those of a user are unique. Users of an organisation have a realm of their own, so that nobody
    can take an id before they use it; all others share the hub's, which is empty."""
    return f"{_part(user.organisation)}/{_part(user.name)}" if user.organisation else ""


def within(key: str, organisation: str) -> bool:
    """Whether an event of a key came from somebody of an organisation."""
    return key.startswith((f"@{_escaped(_part(organisation))}/", f"@{_escaped(organisation)}#"))


def _part(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")


def _key(realm: str, source: str, id: str) -> str:
    source = _escaped(source)
    if realm:
        return f"@{_escaped(realm)}#{source}#{id}"
    return f"{source.replace('@', '%40', 1) if source.startswith('@') else source}#{id}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("#", "%23")
