"""The keys of a hub, in its store: made, found by what a client shows, revoked; and how often wrong ones were shown."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from atamo_rules.model.audit import Note
from atamo_rules.model.authority import Principal
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put
from atamo_rules.people import keys
from atamo_rules.people.keys import Key
from atamo_rules.people.roles import LOCAL

if TYPE_CHECKING:
    from atamo_rules.hub.clock import Clock
    from atamo_rules.hub.store import Store
    from atamo_rules.model.people import Directory

BUCKET = "keys"
USED = "keys.used"
SEEN_EVERY = timedelta(minutes=1)
"""How exact `last used` is: it is not written on every request."""
FAILURES, WINDOW = 20, 60.0
"""Wrong keys that one address may show within so many seconds before it is asked to wait."""
ADDRESSES = 10_000
"""Addresses whose failures are remembered; the oldest make room."""


class Keyring:
    """All keys of one hub. Without a single one, revoked ones counted, the hub is open to whoever reaches it: that is
    for one person on their own machine, and ends with the first key."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.keys: dict[str, Key] = {}
        self.used: dict[str, str] = {}
        self._seen: dict[str, datetime] = {}
        """The same as moments, of keys that were shown: each request asks."""
        self.failures = Failures()
        self.loaded = False
        self._came: dict[str, tuple[Key, Directory, Principal | None]] = {}
        """Who came with each key, as long as key and people are the same."""

    async def load(self) -> None:
        """Take what is kept."""
        for entry in await self.store.entries(BUCKET):
            if isinstance(entry.value, dict):
                self.keys[entry.key] = keys.read_key(entry.value)
        for entry in await self.store.entries(USED):
            self.used[entry.key] = str(entry.value)
        self.loaded = True

    @property
    def open(self) -> bool:
        """Whether nobody is asked who they are."""
        return not self.keys

    async def make(
        self, holder: str, by: str = "", shown: Callable[[str], None] | None = None, **more: Any
    ) -> tuple[str, Key]:
        """A new key and its text, which is told here and never again. `shown` is given the text before the key is kept:
        what it raises, and what ends the process there, leave no key that nobody has."""
        text, key = keys.make(holder, by=by, made=self.clock.now().isoformat(), **more)
        if shown is not None:
            shown(text)
        await self.keep(key)
        return text, key

    async def keep(self, key: Key) -> None:
        """Have a key open from here on. It is audited first, so that there is none that the audit does not tell."""
        what: dict[str, Json] = {
            "key": key.id, "holder": key.holder, "role": key.role, "over": key.over, "expires": key.expires,
            "by": key.by, "made_by": list(key.made_by), "parent": key.parent,
        }  # fmt: skip
        await self.store.write([Note(self.clock.now(), "key.created", who=key.by, what=what)])
        await self.store.put(Put(BUCKET, key.id, key.kept()))
        self.keys[key.id] = key

    async def revoke(self, id: str, by: str = "") -> Key | None:
        """Have a key open nothing any more; None when there is none of that id."""
        key = self.keys.get(id)
        if key is None:
            return None
        if not key.revoked:
            key = replace(key, revoked=self.clock.now().isoformat())
            await self.store.put(Put(BUCKET, id, key.kept()))
            what = {"key": id, "holder": key.holder}
            await self.store.write([Note(self.clock.now(), "key.revoked", who=by, what=what)])
            self.keys[id] = key
        return key

    async def principal(self, text: str, people: Directory) -> Principal | None:
        """Who shows a key; None when it opens nothing."""
        if self.open:
            return LOCAL
        now = self.clock.now()
        key = keys.find(text, self.keys, now)
        if key is None:
            return None
        last = self._seen.get(key.id)
        if last is None and key.id in self.used:  # by the process before
            last = self._seen[key.id] = datetime.fromisoformat(self.used[key.id])
        if last is None or now - last > SEEN_EVERY:
            self._seen[key.id], self.used[key.id] = now, now.isoformat()
            await self.store.put(Put(USED, key.id, now.isoformat()))
        came = self._came.get(key.id)
        if came is None or came[0] is not key or came[1] is not people:
            came = self._came[key.id] = (key, people, keys.principal_of(key, people))
        return came[2]


class Failures:
    """Counts wrong keys by the address they came from. A right key is never kept waiting by others' wrong ones: many
    clients may share one address, and what guards a key is its length."""

    def __init__(self) -> None:
        self.of: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, address: str, now: float) -> float:
        """Count one more; gives the seconds to wait once there are too many, else 0."""
        begun, count = self.of.pop(address, (now, 0))
        if now - begun >= WINDOW:
            begun, count = now, 0
        self.of[address] = (begun, count + 1)
        if len(self.of) > ADDRESSES:
            self.of.popitem(last=False)
        return 0.0 if count < FAILURES else WINDOW - (now - begun)
