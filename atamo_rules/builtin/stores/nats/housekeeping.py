"""What is over leaves every view at one place of the stream."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.journal import Change
from atamo_rules.builtin.stores.nats.wire import Bundle
from atamo_rules.builtin.stores.sqlite import spans
from atamo_rules.builtin.stores.sqlite.belonging import OPEN
from atamo_rules.builtin.stores.sqlite.forgetting import fold
from atamo_rules.builtin.stores.sqlite.schema import Connection

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.nats.journal import NatsJournal

_OVER = f"""
select exists (select 1 from logs where until < ?1 and expired is null)
or exists (select 1 from state where bucket = 'windows' and value is null)
or exists (select 1 from events where at < ?2 and state in ('decided', 'quarantined') and not {OPEN})
"""


async def forget(journal: NatsJournal, now: datetime) -> int:
    """Have all hubs let go of what is over by now; the rest of keeping house is each one's own."""
    if journal.broken is not None:
        return 0
    gone, connection = 0, journal.keeper.connection
    before = (now - journal.retain).timestamp()
    if await journal.on_thread(_something_over, connection, now.timestamp(), before):
        await journal.hand(Change(now), Bundle([], over=now.isoformat()))
        gone = 1
    await journal.on_thread(fold, connection)
    for _ in range(spans.AT_ONCE):
        if not (made := await journal.on_thread(spans.extend, connection)):
            break
        gone += made
    return gone + await journal.on_thread(journal._blobs.sweep, connection)


def _something_over(connection: Connection, now: float, before: float) -> bool:
    return bool(connection.execute(_OVER, (now, before)).fetchone()[0])
