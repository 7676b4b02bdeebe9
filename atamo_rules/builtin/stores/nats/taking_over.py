"""What a hub has begun when it is gone goes on with another: its leases are lost, its events are decided by others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.journal import Moved, Outrun
from atamo_rules.builtin.stores.nats.wire import Bundle
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub import records

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.nats.store import NatsStore

GOODBYE = 10.0
"""Seconds that the servers are given to take the last word of a hub."""


async def take_over(store: NatsStore, sessions: Sequence[str]) -> int:
    """Free what these sessions held, and take over the events that they were to decide; gives how many attempts were
    lost. Where two hubs take over from one at once, one of them does. While the store is `serving` the hub that takes
    over is told even if nothing was held: there may be clocks to run."""
    while True:
        standing = store.stream.standing
        gone = {session for session in sessions if session}
        items = [
            line.item
            for line in standing.lines.values()
            if line.session in gone and line.item.state == "elsewhere"
        ]
        change = store.draft.change()
        for item in items:
            item.state = "writing"
            change.moved.append(Moved(item, "waiting"))
            change.notes.append(records.of_action("action.lost", change.at, item.work, attempt=item.attempts))
        nothing = not items and not any(session in sessions for session in standing.undecided.values())
        if nothing and not store.serving:
            return 0
        try:
            await store.stream.hand(change, Bundle([], takes=tuple(sessions), to=store.stream.session))
        except StoreUnavailable as error:
            for item in items:
                store.work.restore(item, "elsewhere")
            if isinstance(error, Outrun):
                continue
            raise
        for item in items:
            store.work.ready(item)
        return len(items)


async def leave(store: NatsStore) -> None:
    """Leave what was not decided, and the clocks of what is open, to whoever is there, or comes next. Where the servers
    do not answer nobody is told: others find out by themselves."""
    if store.stream.cut_off:
        return
    change = store.draft.change()
    last = asyncio.create_task(store.stream.hand(change, Bundle([], takes=(store.stream.session,))))
    await asyncio.wait({last}, timeout=GOODBYE)
    if last.done():
        with suppress(StoreUnavailable):
            last.result()
        return
    last.cancel()  # it ends with the store
    last.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
