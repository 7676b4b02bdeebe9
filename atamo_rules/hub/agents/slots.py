"""What one attempt has of its agent's lane: one of the calls at once, and a token where the agent has a rate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from atamo_rules.model.work import Lease

if TYPE_CHECKING:
    from atamo_rules.hub.agents.lanes import Lane


class Slot(Struct, eq=False):
    """It is held until the attempt is over, or needs no call of its own. `place` is where it waits for its token."""

    lane: Lane
    held: bool
    token: bool = False
    place: asyncio.Future[bool] | None = None

    async def turn(self, lease: Lease) -> bool:
        """Wait for the token, if it has none, and keep the lease meanwhile. False when there is nothing left to wait
        for."""
        lane, place = self.lane, self.place
        if self.token or place is None:
            return self.token
        while not place.done():
            await asyncio.wait({place}, timeout=lane.seconds / 2)
            if not place.done() and not await lane.hub.store.extend(lease, lane.seconds):
                return False
        self.token, self.place = place.result(), None
        return self.token

    def spend(self) -> None:
        """The agent is called."""
        tokens = self.lane.tokens
        tokens.spend(self.token)
        self.token = False
        if tokens.bucket is not None:
            self.lane.spent()

    def free(self) -> None:
        """Give it back, once."""
        if self.place is not None:
            place, self.place = self.place, None
            self.lane.tokens.leave(place)
        if self.token:
            self.token = False
            self.lane.tokens.give_back()
        if self.held:
            self.held = False
            self.lane.over()

    def lend(self) -> Callable[[], None]:
        """A call begins that others may share, and that goes on when its first caller leaves: it has the slot from here
        on, or one more where there is none. Gives what ends that."""
        self.spend()
        if not self.held:
            self.lane.running += 1
        self.held = False
        return self.lane.over
