"""Who is there: every hub says so each second, and whoever is not heard for some time is taken to be gone.

Only the moment at which work goes on depends on it: a hub that was merely slow finds in the stream that its leases are
lost. Time is counted in a hub's own beats that came back, so that one which is cut off from the servers takes nobody
else to be gone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from atamo_rules.builtin.stores.nats.handing import stopped
from atamo_rules.builtin.stores.nats.taking_over import take_over
from atamo_rules.errors import StoreUnavailable

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.nats.store import NatsStore

EVERY = 1.0


class Beats:
    """The beats of this hub, and of the others as they are heard."""

    def __init__(self, store: NatsStore, grace: float) -> None:
        self.store = store
        self.grace = grace
        self._silent: dict[str, int] = {}
        self._places: dict[str, int] = {}
        """Up to where the others have followed the stream, as each has said last."""
        self._known: set[str] = set()
        """Others that were there, and of which it is not known that they have ended."""
        self._task: asyncio.Task[None] | None = None
        self._subscription: Any = None

    async def begin(self, known: frozenset[str]) -> None:
        """Say that this hub is there, and listen to others; `known` keep something, and may be gone by now."""
        self._known.update(known)
        client = self.store.stream.link.client
        self._subject = f"{self.store.stream.place.stream}.beat"
        self._subscription = await client.subscribe(self._subject, cb=self._heard)
        self._task = asyncio.get_running_loop().create_task(self._beat())

    async def end(self) -> None:
        """Be there no longer."""
        if self._task is not None:
            await stopped([self._task])

    def know(self, session: str) -> None:
        """Somebody is there, or was when it wrote what has come by now."""
        self._known.add(session)

    def forget(self, gone: frozenset[str]) -> None:
        """Somebody has taken over from these."""
        self._known -= gone
        for session in gone:
            self._places.pop(session, None)

    def everywhere(self) -> int:
        """The place of the stream up to which every hub has followed that is there, or may be."""
        return min([self.store.stream.follower.place, *(self._places.get(one, 0) for one in self._known)])

    @property
    def first(self) -> bool:
        """Whether this hub is the first of those that are there: it does what one of them is to do."""
        return all(self.store.stream.session < other for other in self._known)

    async def _beat(self) -> None:
        stream, link = self.store.stream, self.store.stream.link
        while self.store.stream.broken is None:  # who cannot go on is gone for the others
            if link.client.is_connected:  # what is said late would be a lie
                await link.client.publish(self._subject, f"{stream.session} {stream.follower.place}".encode())
            await asyncio.sleep(min(EVERY, self.grace / 4))
            await self._take_over()

    async def _heard(self, message: Any) -> None:
        session, _, place = message.data.decode().partition(" ")
        if session != self.store.stream.session:
            self._silent[session] = 0
            self._places[session] = int(place or 0)
            self.know(session)
            return
        for other in self._others():
            self._silent[other] = self._silent.get(other, 0) + 1

    def _others(self) -> set[str]:
        """The sessions that have, or may have, something to do."""
        standing = self.store.stream.standing
        holding = {line.session for line in standing.lines.values()} | {*standing.undecided.values()}
        return (holding | self._known) - {"", self.store.stream.session}

    async def _take_over(self) -> None:
        """From whoever was silent for too long."""
        most = self.grace / min(EVERY, self.grace / 4)
        gone = tuple(session for session in self._others() if self._silent.get(session, 0) > most)
        if gone:
            for session in gone:
                self._silent.pop(session, None)
            try:
                await take_over(self.store, gone)
            except StoreUnavailable:
                return
