"""The stream begins behind a copy: when what stands in it is much more than what it comes to, and when something was
erased.

A hub that is there and has not come so far is waited for. One that is not there, or only just begins, finds that the
stream begins later, and goes on from the copy.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.journal import Change
from atamo_rules.builtin.stores.nats.copies import begin_copy, put_copy, take_copy
from atamo_rules.builtin.stores.nats.wire import Bundle
from atamo_rules.errors import Busy, StoreUnavailable

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.nats.journal import NatsJournal

LEAST = 256 << 20
"""Bytes of a stream that is never shortened by itself."""
TIMES = 1
"""How many times the size of a view it may grow beyond that; shortening it writes as much as one view."""
PATIENCE = 60.0
"""Seconds that those have who are there and have not come so far."""
BETWEEN = 0.1


async def shrink(journal: NatsJournal) -> bool:
    """Shorten a stream that is much larger than what it comes to; whether there was something to let go of. Raises
    Busy where it cannot be done now: nothing depends on it."""
    link = journal.link
    try:
        there = await link.look()
        least = max(LEAST, TIMES * journal.path.stat().st_size)
        if there.bytes < least or journal.everywhere() - there.first < (there.last - there.first) / 2:
            return False
        seq = await copy(journal)
        await link.purge(min(seq, journal.everywhere()))
    except (StoreUnavailable, OSError, sqlite3.Error) as error:
        raise Busy(f"the stream `{journal.place.stream}` cannot be shortened: {error}") from None
    return True


async def rewrite(journal: NatsJournal) -> None:
    """Have every view written anew, and the stream begin behind a copy of this one: what was let go of is in none.
    Who has not come so far in time begins with the copy. Raises StoreUnavailable."""
    await journal.hand(Change(journal.clock.now()), Bundle([], anew=True))
    await journal.link.purge(await copy(journal, keep=1))


async def copy(journal: NatsJournal, keep: int = 2) -> int:
    """Have a copy beside the stream, one of `keep`, and all who are there as far as it is, if they come there in time;
    gives its place. Raises StoreUnavailable, OSError, sqlite3.Error."""
    begun = await journal.on_thread(begin_copy, journal.path)
    await put_copy(journal.link, await asyncio.to_thread(take_copy, begun), begun.seq, keep)
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while journal.everywhere() < begun.seq and loop.time() < end:
        await asyncio.sleep(BETWEEN)
    return begun.seq
