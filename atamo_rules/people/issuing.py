"""May somebody make a key for a user? Pure, total, and no where the key would do more than they may.

Whoever makes a key for somebody else may have it, so it takes what being that user takes: all that is granted to them,
what everybody may with what is their own, and `act.as` where the key may send.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from atamo_rules.model.authority import Deny, Principal, Resource, Verb
from atamo_rules.model.people import Directory, User
from atamo_rules.people.decide import decide, holds, within
from atamo_rules.people.keys import Key
from atamo_rules.people.roles import LOCAL, SELF

SENDING: frozenset[Verb] = frozenset({"event.send", "request.send"})


def refusal(who: Principal, user: User, key: Key, people: Directory) -> str:
    """Why somebody who manages keys of a user may not make this one for them; "" when they may."""
    if who == LOCAL:
        return ""
    limits = who.limits
    fits = not limits.verbs or (bool(key.verbs) and set(key.verbs) <= limits.verbs)
    if not fits or (limits.types and not within(key.types, limits.types)):
        return "a key with limits makes none with fewer"
    oneself = user.full == who.user.full
    for grant in key.grants() if oneself else (*people.grants_of(user), *key.grants()):
        if not holds(who, grant, user.organisation):
            return f"{who.name} has no {grant} to hand on"
    for verb, resource in () if oneself else _being(user, key):
        if isinstance(decide(who, verb, resource), Deny):
            return f"{who.name} has no {verb} over {user.name}, which this key would give"
    return ""


def _being(user: User, key: Key) -> Iterator[tuple[Verb, Resource]]:
    """What somebody may who comes as a user, whatever is granted to these: as far as a key leaves it."""
    verbs: set[Verb] = {verb for grant in SELF for verb in grant.verbs if not key.verbs or verb in key.verbs}
    if not key.verbs or SENDING & set(key.verbs):
        verbs.add("act.as")
    for verb in sorted(verbs):
        for type in key.types or ("",):
            yield verb, Resource("user", user.organisation, user.name, user.groups, type)


def others(who: Principal, user: User) -> tuple[str, ...]:
    """Everybody but a user who may have the key that somebody makes for them, by full name."""
    return tuple(sorted(who.persons - {user.full}))


def outlives(expires: str, parent: Key | None) -> bool:
    """Whether a key that ends so ("" is never) would be good longer than the one that it is made with."""
    if parent is None or not parent.expires:
        return False
    return not expires or datetime.fromisoformat(expires) > datetime.fromisoformat(parent.expires)


def descendants(id: str, keys: Mapping[str, Key]) -> list[Key]:
    """The keys that were made with one, with those, and so on; revoked ones lead on, and are none of them."""
    of: dict[str, list[Key]] = {}
    for key in keys.values():
        of.setdefault(key.parent, []).append(key)
    found, open = [], of.get(id, []) if id else []
    while open:
        found += open
        open = [child for key in open for child in of.get(key.id, ())]
    return [key for key in found if not key.revoked]
