"""A journal that several hubs write and each follows: a change is a message of the stream, kept where it stands in it.

A hub hands its changes in without asking whether they hold. Every hub follows the stream and comes, at each message, to
the same answer (`standing`); what holds is written to the hub's view, and only then is the one who handed it in told.
So nothing is agreed on beside the order of the stream, which is NATS' to keep (Schneider, "Implementing fault-tolerant
services using the state machine approach", 1990).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from uuid import uuid4

from atamo_rules.builtin.stores.journal import Change, Loaded
from atamo_rules.builtin.stores.nats import housekeeping, shrinking
from atamo_rules.builtin.stores.nats.copies import fetch_copy
from atamo_rules.builtin.stores.nats.following import Follower
from atamo_rules.builtin.stores.nats.handing import Batch, Line, stopped
from atamo_rules.builtin.stores.nats.link import Link, Purged
from atamo_rules.builtin.stores.nats.place import Place
from atamo_rules.builtin.stores.nats.sending import send
from atamo_rules.builtin.stores.nats.standing import Standing
from atamo_rules.builtin.stores.nats.view import Opened, ViewKeeper, free_view, open_view, require_same
from atamo_rules.builtin.stores.nats.wire import Bundle, written
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.builtin.stores.sqlite.blobs import Blobs
from atamo_rules.builtin.stores.sqlite.store import RETAIN, SqliteJournal
from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.hub.clock import Clock
from atamo_rules.hub.store import Hear

PATIENCE = 10.0
"""Seconds without an answer of the servers after which nothing new is taken: what is on its way waits for them."""
PROVISIONAL = -(1 << 60)
"""Rows that this hub gives are no rows: those are given by the place in the stream."""

P = ParamSpec("P")
T = TypeVar("T")


class NatsJournal(SqliteJournal):
    """Keeps changes in a stream, and reads them in a view of it that is this hub's alone."""

    def __init__(self, place: Place, folder: Path, clock: Clock) -> None:
        super().__init__(folder / f"{place.stream}.db", clock, RETAIN, "normal")
        self.retain = RETAIN
        self.place = place
        self.folder = folder
        self.session = uuid4().hex
        self.link = Link(place)
        self.line = Line()
        self.before = ""
        """The session that followed this view before, which is over."""
        self.held: list[Item] = []
        """What others had begun when this was opened."""
        self.follower = Follower(self)
        self.failed: Callable[[StoreUnavailable], None] = lambda error: None
        """Is told of what it cannot go on for, once."""
        self.everywhere: Callable[[], int] = lambda: self.follower.place
        """Up to which place every hub that is there has followed."""
        self.sent: dict[int, Batch] = {}
        self.waits = 0.0
        """Since when the servers owe an answer, by the loop's clock; 0 when they do not."""
        self._tasks: list[asyncio.Task[None]] = []
        self._taken = False
        self._over: StoreUnavailable | None = None
        """What is said once it was closed."""

    @property
    def standing(self) -> Standing:
        return self.follower.standing

    @property
    def cut_off(self) -> bool:
        """Whether the servers have not answered for so long that nothing new is taken."""
        return bool(self.waits) and asyncio.get_running_loop().time() - self.waits > PATIENCE

    # --- open and close ---------------------------------------------------------------------------------

    def take(self) -> None:
        if self._taken:
            return
        try:
            self.path, self.lock = free_view(self.folder, self.place.stream)
        except OSError as error:
            raise StoreUnavailable(f"`{self.folder}` cannot be used: {error.strerror or error}") from None
        self._blobs = Blobs(self.path)
        self._taken = True

    async def open(self, hear: Hear) -> Loaded:
        self.take()
        try:
            last = await self.link.open()
        except BaseException:
            self.lock.give_back()
            raise
        try:
            opened = await self._caught_up_from(last)
            loaded = await self.follower.load()
        except BaseException:
            await self.link.close()
            self.lock.give_back()
            raise
        self.hear, self.before = hear, opened.session
        self.held, loaded.lost = loaded.lost, []
        self.begin(send(self))
        self.begin(self.follower.run())
        loaded.row, loaded.letter = PROVISIONAL, 0
        return loaded

    async def _caught_up_from(self, last: int) -> Opened:
        """The view, brought up to a place; what it has not followed and is purged a copy stands for, also where that
        is done meanwhile."""
        opened = await self._opened()
        for more in (True, True, False):
            if opened.seq + 1 < self.link.first:
                await self.on_thread(self.keeper.connection.close)
                last = (await self.link.look()).last
                await fetch_copy(self.link, self.path, last)
                opened = await self._opened()
            require_same(opened, self.path, self.place.stream, self.link.made, last)
            await self.follower.load()
            try:
                await self.follower.catch_up(opened.seq, last)
                break
            except Purged:
                if not more:
                    raise
                await self.link.look()
        return opened

    async def _opened(self) -> Opened:
        self._keeper, opened = await self.on_thread(
            open_view, self.path, self.place.stream, self.link.made, self.session
        )
        return opened

    @property
    def keeper(self) -> ViewKeeper:
        """What writes the view, once it is open."""
        return cast(ViewKeeper, self._keeper)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done beside until this is closed; what it raises breaks the store."""
        self._tasks.append(asyncio.get_running_loop().create_task(self._guarded(work)))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreUnavailable as error:
            self.fail(error)
        except Exception as error:
            self.fail(StoreUnavailable(f"`{self.path}` cannot be written: {error}"))

    def fail(self, error: StoreUnavailable) -> None:
        """It cannot go on: whoever waits is told."""
        if self.broken is None:
            self.broken = error
            self.failed(error)
        for batch in [*self.sent.values(), *self.line.rest()]:
            batch.failed(self.broken)

    async def close(self) -> None:
        await stopped(self._tasks[:2])  # that send and follow; what others wait for is told of it
        self._over = StoreUnavailable("the store was closed")
        self.fail(self._over)
        await stopped(self._tasks)
        await self.link.close()
        await super().close()

    @property
    def whole(self) -> bool:
        return self.broken is None or self.broken is self._over

    # --- writing ----------------------------------------------------------------------------------------

    async def commit(self, change: Change) -> None:
        await self.hand(change)

    async def hand(self, change: Change, bundle: Bundle | None = None) -> None:
        """Hand a change in, and wait for its end; with a `bundle` alone in it. Raises Outrun, StoreUnavailable."""
        if self.broken is not None:
            raise self.broken
        if bundle is None and change == Change(change.at):
            if self.line.last is None or self.line.last.over:
                await asyncio.sleep(0)
                return
        elif self.cut_off or self.line.full:
            raise Busy("the servers do not answer", 2.0)
        one, batch = self.line.put(change, written(change, self.standing.believed(change)), bundle)
        try:
            await one.done.ended()
        finally:
            batch.passed()

    async def caught_up(self) -> None:
        """Come back when all is followed that stands in the stream by now."""
        await self.hand(Change(self.clock.now()), Bundle([]))

    async def forget(self, now: datetime) -> int:
        return await housekeeping.forget(self, now)

    async def rewrite(self) -> None:
        await shrinking.rewrite(self)

    async def on_thread(self, call: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """Have something done on the one thread that writes the view."""
        return await asyncio.get_running_loop().run_in_executor(
            self.group.thread, partial(call, *given, **more)
        )
