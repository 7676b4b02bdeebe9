"""Attempts of which nothing follows, as most, are settled together with those that end in the same turn of the loop.

What is true of the way in (`hub/entering.py`) is true of the way out: what a step works with is still at hand for the
next. The attempt that ends first keeps the turn for all of them; the others hand their outcome over, and are done.
Where the turn could not be kept, each is settled by itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from atamo_rules.hub.alerts import given_up
from atamo_rules.hub.requests.answering import settled
from atamo_rules.hub.whole import to_its_end
from atamo_rules.model.outcome import Again, Failed, Outcome
from atamo_rules.model.work import NOTHING, Kept, Lease

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

MOST = 256
"""Attempts of one transaction."""

Turn: TypeAlias = "list[tuple[Lease, Outcome]]"
"""The attempts that end in one turn, and how."""


class Settling:
    """The way out of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._turn: Turn | None = None
        self._most = 0
        """Attempts that this turn can take."""

    def join(self, lease: Lease, outcome: Outcome) -> bool:
        """Hand an outcome over to whoever keeps this turn; False where nobody does, or it is full."""
        turn = self._turn
        if turn is None or len(turn) >= self._most:
            return False
        turn.append((lease, outcome))
        return True

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Have it kept how an attempt ended of which nothing follows, and memory follow; see `Store.settle`. Who keeps
        a turn goes to its end, also when it is cancelled."""
        if self.join(lease, outcome):
            return
        turn = self._turn = [(lease, outcome)]
        self._most = min(MOST, self.hub.store.caps.max_batch)
        try:
            await to_its_end(asyncio.ensure_future(self._keep(turn)))
        finally:
            if self._turn is turn:  # it was cancelled before it began
                self._turn = None

    async def _keep(self, turn: Turn) -> None:
        """Begins as soon as everybody who runs in this turn had theirs."""
        if self._turn is turn:
            self._turn = None
        try:
            found = await self.hub.store.settle_all(turn)
        except Exception:  # it is told by those whom it concerns, each in trying again
            for lease, outcome in turn:
                self.hub.spawn(self._alone(lease, outcome), lease.work.action.id)
            return
        for (lease, outcome), kept in zip(turn, found, strict=True):
            if kept is not None:
                try:
                    self._follow(lease, outcome, kept)
                except Exception as error:  # the fault of one is nobody else's
                    self.hub.underway.fault(error)

    async def _alone(self, lease: Lease, outcome: Outcome) -> None:
        kept: Kept | None = await self.hub.surely(lambda: self.hub.store.settle(lease, outcome))
        if kept is not None:
            self._follow(lease, outcome, kept)

    def _follow(self, lease: Lease, outcome: Outcome, kept: Kept) -> None:
        """It was kept; its lease was not lost. Nothing begins with it: of `Hub.follow` only this is left to do."""
        hub, work = self.hub, lease.work
        if work.deadline is not None and not isinstance(outcome, Again):
            hub.attempts.unlimit(work)
        for event in kept.finished:
            hub.retiring.leave(event)
            hub.underway.over(event)
        if work.event in hub.requests.open or not hub.nodes.alone:  # another hub may keep its request
            hub.spawn(settled(hub, work, outcome, NOTHING))
        if isinstance(outcome, Failed) and work.waiting is None:
            hub.alarm(given_up(work, lease.attempt, outcome.why))
