"""Where several hubs share a store: what one of them changes about people and rights is in force at all of them.

Each has keys, people, consents and tokens at hand, since every request asks about them; so each follows what the others
write of them. A key that is revoked at one opens nothing at the others either, as soon as they hear of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from atamo_rules.hub.people import consents, keyring, leaving, members
from atamo_rules.model.work import Entry
from atamo_rules.people.joining import KINDS
from atamo_rules.people.keys import read_key
from atamo_rules.people.tokens import read_consent

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

NAME = "\0who may what: "
"""How the names of listening tasks begin; no action is called so."""
SECRETS = "secrets"
"""The bucket of a vault that keeps tokens in the store, and takes them by `hear`."""


class Hearing:
    """What one hub hears of the others."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.takes: dict[str, Callable[[Entry], None]] = {
            keyring.BUCKET: self.key,
            members.BUCKET: self.person,
            consents.BUCKET: self.consent,
            leaving.BUCKET: self.here,
            SECRETS: self.token,
        }

    def begin(self) -> None:
        """Listen to the others, where there may be any."""
        if self.hub.store.caps.nodes:
            for bucket in self.takes:
                self.hub.spawn(self._listen(bucket), NAME + bucket)

    def end(self) -> None:
        """Listen no longer."""
        for bucket in self.takes:
            self.hub.underway.cancel(NAME + bucket)

    async def _listen(self, bucket: str) -> None:
        async for entry in self.hub.store.watch(bucket):
            self.takes[bucket](entry)

    def key(self, entry: Entry) -> None:
        """A key was made or revoked; none is ever good again, whatever comes late."""
        ring = self.hub.keyring
        if isinstance(entry.value, dict):
            key, known = read_key(entry.value), ring.keys.get(entry.key)
            if key != known and not (known is not None and known.revoked):
                ring.keys[entry.key] = key

    def person(self, entry: Entry) -> None:
        """Somebody was made, changed or taken away."""
        kind, _, name = entry.key.partition("/")
        value = entry.value if isinstance(entry.value, dict) else None
        if kind in KINDS and self.hub.members.kept.get((kind, name)) != value:
            self.hub.members.take(kind, name, value)

    def consent(self, entry: Entry) -> None:
        """Somebody agreed to something, or does no longer."""
        if isinstance(entry.value, dict):
            self.hub.consents.given[entry.key] = read_consent(entry.value)
        elif self.hub.consents.given.pop(entry.key, None) is not None:
            self.hub.consents.withdrawn += 1

    def here(self, entry: Entry) -> None:
        """Somebody came or left. People whom only another hub's people files name have not left this one."""
        if entry.value == leaving.HERE and entry.key not in self.hub.current.intake.people.users:
            return
        if isinstance(entry.value, str):
            self.hub.leaving.known[entry.key] = entry.value
        else:
            self.hub.leaving.known.pop(entry.key, None)

    def token(self, entry: Entry) -> None:
        """A token was set, sealed anew, or removed."""
        hear: Callable[[Entry], None] | None = getattr(self.hub.vault, "hear", None)
        if hear is not None:
            hear(entry)
