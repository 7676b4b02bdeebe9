"""Numbers and digests that a whole hub shares, as each organisation is told them instead.

Positions of records and numbers of dead letters are blinded (`people.blinding`), under a key that the store keeps, so
that a cursor goes on after a restart and at every hub that shares it. The digest of all rules gives way to one of what
the organisation's own events may meet: it stays as it is while others change theirs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from secrets import token_bytes
from typing import TYPE_CHECKING

from atamo_rules.model.people import Directory, Who
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.work import Put
from atamo_rules.people.blinding import Blind

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.store import Store

BUCKET = "numbering"
KEY = "key"
SEEN = "rules.seen"
"""Where the store keeps, by the digest of all rules, the digests that organisations are told."""
MOST = 10_000
"""Digests of rules that are remembered; the oldest make room."""


class Numbering:
    """The blinds of one hub."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.key = token_bytes(32)
        self.blinds: dict[str, Blind] = {}
        self.seen: OrderedDict[str, Mapping[str, str]] = OrderedDict()
        """By the digest of all rules: that of those without an owner, under the empty name, and those of each
        organisation that has rules of its own."""

    async def load(self, now: Generation) -> None:
        """Take what is kept; the first of the hubs that share a store makes the key."""
        made = self.key.hex()
        if await self.store.put(Put(BUCKET, KEY, made, 0)) is None:
            entry = await self.store.get(BUCKET, KEY)
            made = str(entry.value) if entry is not None else made
        self.key, self.blinds = bytes.fromhex(made), {}
        for entry in await self.store.entries(SEEN):
            if isinstance(entry.value, dict):
                self.seen.setdefault(
                    entry.key, {organisation: str(digest) for organisation, digest in entry.value.items()}
                )
        await self.keep(now)

    def blind(self, organisation: str) -> Blind:
        """How the numbers of all are told to one organisation."""
        known = self.blinds.get(organisation)
        if known is None:
            known = self.blinds[organisation] = Blind(self.key, organisation)
        return known

    def take(self, now: Generation) -> None:
        """Remember what organisations are told of the rules that are in force."""
        if now.digest not in self.seen and now.intake.people.organisations:
            self.seen[now.digest] = seen(now.ruleset, now.intake.people)
            while len(self.seen) > MOST:
                self.seen.popitem(last=False)

    async def keep(self, now: Generation) -> None:
        """`take`, and keep it for the next process."""
        self.take(now)
        told = self.seen.get(now.digest)
        if told is not None and self.store.caps.durable:
            await self.store.put(Put(SEEN, now.digest, dict(told), 0))

    async def forget(self, digests: Iterable[str]) -> None:
        """Let go of these digests: nothing that is kept was decided under them."""
        for digest in digests:
            del self.seen[digest]
            await self.store.put(Put(SEEN, digest, None))

    def digest(self, digest: str, organisation: str) -> str:
        """What an organisation is told in place of a digest of all rules; nothing where that is not known any more."""
        told = self.seen.get(digest)
        if told is None:
            return ""
        return sha256(f"{told['']}\0{told.get(organisation, '')}".encode()).hexdigest()


def seen(ruleset: Ruleset, people: Directory) -> dict[str, str]:
    """The digest of everything but rules that have an owner, under the empty name; and, by organisation, that of the
    rules which its own people have submitted."""
    owned: dict[str, list[str]] = {}
    common: list[str] = []
    for rule in ruleset.rules:
        if rule.scope.owner is None:
            common.append(rule.digest)
        else:
            for organisation in homes(rule.scope.owner, people):
                owned.setdefault(organisation, []).append(f"{rule.id} {rule.digest}")
    parts = (
        common, sorted(ruleset.events.items()), sorted((name, one.schema) for name, one in ruleset.events.items()),
        sorted(ruleset.actions.items()), sorted(ruleset.agents.items()), sorted(ruleset.tables.items()),
    )  # fmt: skip
    return {"": _digest(*parts), **{organisation: _digest(rules) for organisation, rules in owned.items()}}


def homes(owner: Who, people: Directory) -> frozenset[str]:
    """The organisations whose people an owner is, or holds."""
    match owner.kind:
        case "organisation":
            return frozenset({owner.name})
        case "user":
            return frozenset({people.user(owner.name).organisation} - {""})
        case _:
            members = (user.organisation for user in people.users.values() if owner.name in user.groups)
            entry = people.entries.get("groups", {}).get(owner.name, {})
            return frozenset({*members, str(entry.get("organisation", ""))} - {""})


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
