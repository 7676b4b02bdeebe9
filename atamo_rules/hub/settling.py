"""Attempts of which nothing follows, as most, are settled together with those that end in the same turn of the loop.

What is true of the way in (`hub/entering.py`) is true of the way out: what a step works with is still at hand for the
next. Each attempt waits for the end of its turn in its own task, as for a transaction of its own; where the turn could
not be kept, each is settled by itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from atamo_rules.hub.whole import Durable
from atamo_rules.model.outcome import Outcome
from atamo_rules.model.work import NOTHING, Kept, Lease

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

MOST = 256
"""Attempts of one transaction."""


class Turn(Struct, eq=False):
    """The attempts that end in one turn, and how; `kept` is what the store said of each, None while it has said
    nothing."""

    most: int
    done: Durable
    ended: list[tuple[Lease, Outcome]] = []
    kept: list[Kept | None] | None = None
    faults: dict[int, Exception] = {}
    """By their places, of what one had to follow."""
    cancelled: bool = False


class Settling:
    """The way out of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._turn: Turn | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def settle(self, lease: Lease, outcome: Outcome) -> Kept | None:
        """Keep how an attempt ended of which nothing follows, and have memory follow; see `Store.settle`. Raises
        StoreUnavailable."""
        turn = self._turn
        if turn is None or len(turn.ended) >= turn.most:
            turn = self._turn = self._open()
        place = len(turn.ended)
        turn.ended.append((lease, outcome))
        await turn.done.ended()
        if turn.kept is not None:
            if place in turn.faults:
                raise turn.faults[place]
            return turn.kept[place]
        if turn.cancelled:
            raise asyncio.CancelledError
        alone: Kept | None = await self.hub.surely(lambda: self.hub.store.settle(lease, outcome))
        if alone is not None:
            self.hub.follow(alone, NOTHING)
        return alone

    def _open(self) -> Turn:
        """A turn that is kept as soon as everybody who runs in this one had theirs."""
        loop = asyncio.get_running_loop()
        turn = Turn(min(MOST, self.hub.store.caps.max_batch), Durable(loop=loop))
        task = loop.create_task(self._run(turn))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._over(task, turn))
        return turn

    async def _run(self, turn: Turn) -> None:
        if self._turn is turn:
            self._turn = None
        turn.kept = await self.hub.store.settle_all(turn.ended)
        for place, kept in enumerate(turn.kept):
            if kept is not None:
                try:
                    self.hub.follow(kept, NOTHING)
                except Exception as error:  # the fault of one is nobody else's
                    turn.faults[place] = error

    def _over(self, task: asyncio.Task[None], turn: Turn) -> None:
        """What it failed with is told by those whom it concerns, each in trying again."""
        self._tasks.discard(task)
        if self._turn is turn:  # it was cancelled before it began
            self._turn = None
        turn.cancelled = task.cancelled()
        if not turn.cancelled:
            task.exception()  # was seen
        turn.done.set_result(None)
