"""What a hub hands in goes to the stream, one bundle after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.nats.parts import cut
from atamo_rules.builtin.stores.nats.wire import packed
from atamo_rules.errors import Busy

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.nats.journal import NatsJournal


async def send(journal: NatsJournal) -> None:
    """Send what stands in the line of a journal, for ever; each until it is known to be in the stream."""
    loop, number = asyncio.get_running_loop(), 0
    while True:
        batch = await journal.line.next()
        number += 1
        journal.sent[number] = batch
        journal.waits = loop.time()
        try:
            for id, headers, data in cut(journal.session, number, packed(batch.bundle), journal.link.room):
                await journal.link.publish(id, headers, data)
                journal.waits = loop.time()
        except Busy as error:
            del journal.sent[number]
            batch.failed(error)
        finally:
            journal.waits = 0.0
        batch.acknowledged.set()
