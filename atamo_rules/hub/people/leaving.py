"""People who were here and are here no more: what they asked ends, and nothing more is done as them.

Whoever a directory has had and has no longer is gone, whether they were taken away over HTTP or out of the people
files, while the hub ran or before it started: the store keeps who was here. Whoever is in the directory again is here
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from atamo_rules.hub.alerts import Alert
from atamo_rules.model.audit import Note
from atamo_rules.model.people import Directory, Who
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put
from atamo_rules.people.decide import everywhere
from atamo_rules.people.keys import Key, principal_of

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

BUCKET = "people.here"
HERE, LEFT = "here", "left"
LOCKED = (
    "no key opens this hub any more to anybody who may make keys: have the people files give the holder of one `admin` "
    "over everything again"
)


class Leaving:
    """Who was here, of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.known: dict[str, str] = {}
        """Everybody who was ever in the directory: `here`, or `left` once what they had begun was ended."""
        self.removed: set[str] = set()
        """Those who are being taken away over HTTP, which is audited there."""
        self.seen: Directory | None = None
        self.ruled = False
        """Whether there was a key of somebody who may make keys."""

    async def load(self) -> None:
        """Take who was here before."""
        for entry in await self.hub.store.entries(BUCKET):
            if isinstance(entry.value, str):
                self.known[entry.key] = entry.value
        self.ruled = bool(self.rulers())

    def gone(self, who: Who | None) -> bool:
        """Whether somebody was here, and is not any more. Groups do not leave."""
        return who is not None and who.kind == "user" and self.left(who.name)

    def left(self, name: str) -> bool:
        """Whether a user was here, and is not any more."""
        return name in self.known and name not in self.hub.current.intake.people.users

    async def back(self, name: str) -> None:
        """Somebody whom the directory does not have any more is let in by others: they say who is here."""
        if self.known.pop(name, None) is not None:
            await self.hub.surely(lambda: self.hub.store.put(Put(BUCKET, name, None)))

    def look(self) -> None:
        """Other people may be in force."""
        if self.hub.running and self.hub.current.intake.people is not self.seen:
            self.hub.spawn(self.follow())

    async def follow(self) -> None:
        """Remember who is here, and end what those had begun who have left since it was looked last."""
        hub, people = self.hub, self.hub.current.intake.people
        self.seen = people
        came = [name for name in people.users if self.known.get(name) != HERE]
        left = [name for name, state in self.known.items() if state == HERE and name not in people.users]
        self.known |= dict.fromkeys(came, HERE) | dict.fromkeys(left, LEFT)
        await self._keep(came, HERE)
        for name in left:
            if name not in self.removed:
                what: dict[str, Json] = {"kind": "users", "name": name, "kept": "files"}
                await hub.write([Note(hub.clock.now(), "people.removed", what=what)])
            self.removed.discard(name)
        if left:
            await self._end(frozenset(left))
            await self._keep(left, LEFT)  # the last: who is killed before ends and tells it at the next start
        ruled, self.ruled = self.ruled, bool(self.rulers())
        if ruled and not self.ruled:
            hub.alarm(Alert("people", LOCKED))
            await hub.note("hub.degraded", why=LOCKED)

    async def _keep(self, names: Iterable[str], state: str) -> None:
        puts = [Put(BUCKET, name, state) for name in names]
        await asyncio.gather(*(self.hub.surely(lambda put=put: self.hub.store.put(put)) for put in puts))  # type: ignore[misc]

    async def _end(self, names: frozenset[str]) -> None:
        """End the requests of people who have left: there is nobody to answer to."""
        for key in [key for key, one in self.hub.requests.open.items() if not one.over]:
            event = await self.hub.store.event(key)
            if event is not None and event.who in names:
                await self.hub.requests.cancel(key, f"`{event.who}` is here no more")

    # --- who may make keys ------------------------------------------------------------------------------

    def rulers(self, people: Directory | None = None, without: Iterable[str] = ()) -> list[Key]:
        """The keys that open now, to those who may make keys for everybody: without any, nobody mends the rest."""
        people, now = people or self.hub.current.intake.people, self.hub.clock.now()
        found = []
        for key in self.hub.keyring.keys.values():
            if key.id in without or not key.usable(now):
                continue
            here = key.holder not in self.known or key.holder in people.users
            who = principal_of(key, people) if here else None
            if who is not None and everywhere(who, "keys.manage"):
                found.append(key)
        return found
