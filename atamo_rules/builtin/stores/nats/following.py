"""One hub follows the stream: what holds at its place is written to the view, is heard, and is in memory after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from msgspec import DecodeError

from atamo_rules.builtin.stores.journal import Change, Loaded, Outrun
from atamo_rules.builtin.stores.nats.handing import Batch
from atamo_rules.builtin.stores.nats.link import Delivered
from atamo_rules.builtin.stores.nats.parts import Newer, Parts
from atamo_rules.builtin.stores.nats.standing import Standing
from atamo_rules.builtin.stores.nats.unwired import change_of
from atamo_rules.builtin.stores.nats.view import Mark, letters, load
from atamo_rules.builtin.stores.nats.wire import Bundle, unpacked
from atamo_rules.builtin.stores.sqlite import forgetting, values
from atamo_rules.builtin.stores.sqlite.erasing import rewrite
from atamo_rules.builtin.stores.sqlite.rows import Prepared, prepare
from atamo_rules.errors import Busy, StoreUnavailable

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.nats.journal import NatsJournal


class Follower:
    """`foreign` is told of each change of another hub, and of its session, once it is kept, and `left` of the events
    that it is to decide in the place of one that is gone; of none before `run`."""

    def __init__(self, journal: NatsJournal) -> None:
        self.journal = journal
        self.standing = Standing()
        self.foreign: Callable[[Change, str], None] = lambda change, session: None
        self.left: Callable[[Bundle, Sequence[str]], None] = lambda bundle, events: None
        self._numbers: dict[str, int] = {}
        self._parts = Parts()
        self.place = 0
        """Of the last message that was followed."""
        self._live = False

    async def load(self) -> Loaded:
        """What is open at the place of the view. Actions that others hold are among the lost."""
        loaded: Loaded
        loaded, self.standing, self._numbers = await self.journal.on_thread(
            load, self.journal.keeper, self.journal.clock.now()
        )
        self.journal._heard = self.journal.keeper.position
        return loaded

    async def catch_up(self, after: int, last: int) -> None:
        """Follow from a place to another, with nobody listening."""
        self.place = after
        if after >= last:
            return
        async with aclosing(self.journal.link.messages(after)) as messages:
            async for message in messages:
                await self._follow(message)
                self.place = message.seq
                if message.seq >= last:
                    return

    async def run(self) -> None:
        """Follow from there on."""
        self._live = True
        async with aclosing(self.journal.link.messages(self.place)) as messages:
            async for message in messages:
                await self._follow(message)
                self.place = message.seq

    async def _follow(self, message: Delivered) -> None:
        stream = self.journal.place.stream
        try:
            whole = self._parts.add(message.seq, message.headers, message.data)
            if whole is None:
                return
            session, number, data = whole
            if number <= self._numbers.get(session, 0):
                return  # it was sent again by somebody who could not know that it had come
            batch = self.journal.sent.get(number) if session == self.journal.session else None
            bundle = unpacked(data) if batch is None else batch.bundle  # it is what was packed
        except Newer as error:
            raise StoreUnavailable(f"message {message.seq} of `{stream}`: {error}") from None
        except (KeyError, ValueError, DecodeError) as error:
            raise StoreUnavailable(f"message {message.seq} of `{stream}` cannot be read: {error!r}") from None
        if batch is not None:
            await batch.acknowledged.wait()  # in the stream is not yet on the disk
        mark = Mark(self._parts.before(message.seq), session, number, bundle.takes, bundle.to)
        await self._apply(bundle, mark, batch)
        self._numbers[session] = number
        self.journal.sent.pop(number, None) if batch is not None else None

    async def _apply(self, bundle: Bundle, mark: Mark, batch: Batch | None) -> None:
        kept: list[Change] = []
        fates: list[BaseException | None] = []
        standing = self.standing
        for place, wire in enumerate(bundle.changes):
            holds = standing.holds(wire) and all([await self._erasable(one[0]) for one in wire.erased])
            fates.append(None if holds else Outrun("another hub was faster"))
            if holds:
                change = batch.ones[place].change if batch is not None else change_of(wire, standing.item)
                standing.number(change)
                kept.append(change)
        prepared = [prepare(change) for change in kept]
        await self._write(prepared, mark, bundle)
        for change in kept:
            standing.follow(change, mark.session)
        if any(change.erased for change in kept):
            standing.letters = await self.journal.on_thread(letters, self.journal.keeper.connection)
        left = standing.take(bundle)
        for session in bundle.takes:
            self._parts.forget(session)
        self.journal._written(prepared)
        if batch is not None:
            await batch.ended(fates)
        elif self._live:
            for change in kept:
                self.foreign(change, mark.session)
        if self._live and bundle.takes:
            self.left(bundle, left)

    async def _erasable(self, event: str) -> bool:
        told = await self.journal.told(event)
        return told is not None and told["state"] in ("finished", "quarantined", "forgotten")

    async def _write(self, prepared: list[Prepared], mark: Mark, bundle: Bundle) -> None:
        """Into the view; where there is no room, again until there is: what stands in the stream cannot be refused."""
        while True:
            try:
                await self.journal.on_thread(self._on_thread, prepared, mark, bundle)
                return
            except Busy:
                await asyncio.sleep(1.0)

    def _on_thread(self, prepared: list[Prepared], mark: Mark, bundle: Bundle) -> None:
        self.journal.keeper.mark = mark
        connection = self.journal.keeper.connection
        if bundle.over:
            now = values.moment(bundle.over)
            for walk in (forgetting.Logs(), forgetting.Events(self.journal.retain), forgetting.Windows()):
                while not walk.ended:
                    walk.turn(connection, now)
        self.journal._write(prepared)
        if bundle.anew:
            self.journal._blobs.sweep(connection)
            rewrite(connection)
