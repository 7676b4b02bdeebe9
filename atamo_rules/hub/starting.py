"""The beginning of a hub: its store is opened, and what a process before left open goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from atamo_rules.hub import archive
from atamo_rules.hub.agents import credentials
from atamo_rules.hub.housekeeping import keep_house

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub


async def start(hub: Hub) -> None:
    """See `Hub.start`."""
    left = hub.left = await hub.store.open(hub.audience.hear)
    await hub.audience.begin()
    await credentials.load(hub)
    for hold in await hub.store.paused():
        hub.holds.setdefault((hold.kind, hold.name), hold)
    await archive.keep(hub.store, hub.current)
    for digest in left.rules:
        before = hub.current if digest == hub.current.digest else await archive.revive(hub, digest)
        if before is not None:
            hub.retiring.revive(before)
    await hub.requests.recover(left.gone)
    await hub.windows.take_up(left.gone)
    if hub.proposals is not None:
        await hub.proposals.begin()
    # Not before: what submitted rules have counted is no stranger's.
    hub.windows.begin()
    if left.open or left.pending:
        await hub.note("hub.recovered", pending=len(left.pending), open=left.open, lost_attempts=left.lost)
        # Also of agents that the rules of now do not have: nothing stands in their lines for ever.
        for name in {*hub.current.agents, *left.agents}:
            hub.lane(name).start()
    for work in left.deadlines:
        hub.attempts.limit(work)
    for key in left.pending:
        hub.spawn(hub.decide_kept(key))
    hub.paced()
    hub.nodes.begin()
    hub.house = asyncio.get_running_loop().create_task(keep_house(hub))
    hub.running = True
    hub.leaving.look()
