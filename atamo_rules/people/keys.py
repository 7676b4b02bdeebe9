"""API keys: made of chance, shown once, kept as a digest.

A key is `atm_ID_SECRET`: eight letters to know it again, and 256 random bits. Its SHA-256 is all that is kept. A slow
hash, as for passwords, would add nothing: it makes guessing dear where there is little to guess, and nobody guesses
2^256; it would only cost every request its time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hmac import compare_digest
from secrets import choice, token_urlsafe
from string import ascii_lowercase, digits
from typing import Any

from atamo_rules.model.authority import VERBS, Grant, Limits, Principal, Reach, Verb
from atamo_rules.model.people import Directory, User
from atamo_rules.people.roles import ROLES

MARK = "atm"
FIRST, HERE = "first start", "this machine"
"""Who made a key that nobody made who could come with it: a hub at its first start, whoever keeps its store."""
_ID = slice(len(MARK) + 1, len(MARK) + 9)
"""Where a key says its id."""
_NOBODY = hashlib.sha256(b"no key has this digest").hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key. `role` and `over` are what it gives of itself, beside what its holder has; `verbs` and
    `types` are the most it is for. `by` made it, with the key `parent` where they came with one; `made_by` are all
    others who may have it, by full name: whoever made it for its holder, whoever made the key it was made with, and so
    on. Times are RFC 3339; empty is never."""

    id: str
    digest: str
    holder: str
    organisation: str = ""
    role: str = ""
    over: str = ""
    verbs: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    made: str = ""
    by: str = ""
    made_by: tuple[str, ...] = ()
    parent: str = ""
    expires: str = ""
    revoked: str = ""
    about: str = ""

    def document(self) -> dict[str, Any]:
        """The key as it may be shown: without its digest."""
        made = {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }
        del made["digest"]
        return made

    def kept(self) -> dict[str, Any]:
        """The key as it is kept."""
        return {**self.document(), "digest": self.digest}

    def usable(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return not self.revoked and (not self.expires or datetime.fromisoformat(self.expires) > now)

    def grants(self) -> tuple[Grant, ...]:
        """What the key gives of itself."""
        if not self.role:
            return ()
        kind, _, name = self.over.partition(" ")
        reach = Reach(kind or "everything", name)  # type: ignore[arg-type]
        return (Grant(self.role, ROLES[self.role], reach, source=f"key {self.id}"),)

    def limits(self) -> Limits:
        """The most it is for."""
        verbs: frozenset[Verb] = frozenset(verb for verb in VERBS if verb in self.verbs)
        return Limits(verbs, self.types)


def make(holder: str, **more: Any) -> tuple[str, Key]:
    """A new key: its text, which is kept nowhere, and what is kept."""
    id = "".join(choice(ascii_lowercase + digits) for _ in range(8))
    text = f"{MARK}_{id}_{token_urlsafe(32)}"
    return text, Key(id, _digest(text), holder, **more)


def read_key(value: Mapping[str, Any]) -> Key:
    """A key as it was kept; one of before makers were kept is also its maker's."""
    by = value["by"]
    made_by = value.get("made_by", [by] if by not in ("", FIRST, HERE, value["holder"]) else [])
    lists = {"verbs": value["verbs"], "types": value["types"], "made_by": made_by}
    return Key(**{**value, **{name: tuple(one) for name, one in lists.items()}})


def find(text: str, keys: Mapping[str, Key], now: datetime) -> Key | None:
    """The usable key that a text is. Every refusal takes the same steps, so that its time tells nothing apart."""
    known = keys.get(text[_ID])  # what is no key is none of these digests
    same = compare_digest(_digest(text), known.digest if known is not None else _NOBODY)
    return known if same and known is not None and known.usable(now) else None


def principal_of(key: Key, people: Directory) -> Principal | None:
    """Who comes with a key: its holder as the people files have them now. A holder that they do not have is a user of
    the key's organisation and of no group. None for one who has changed to another organisation since."""
    user = people.users.get(key.holder) or User(key.holder, organisation=key.organisation)
    if user.organisation != key.organisation:
        return None
    grants = (*people.grants_of(user), *key.grants())
    return Principal(user, grants, key.limits(), key.id, key.made_by)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
