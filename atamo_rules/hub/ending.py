"""The end of a hub: nothing more is taken, what is open is waited for or left to the store, everything is stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub


async def drain(hub: Hub, seconds: float, *, park: bool) -> int:
    """See `Hub.drain`. Feeds would go on for ever: they are ended, or left for the next start to take up again."""
    if hub.house is not None:
        hub.house.cancel()
    hub.windows.end()
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    hub.nodes.end()
    if park:
        for action in list(hub.requests.enough):
            hub.underway.cancel(action)
    else:
        await hub.requests.stop_feeds("the hub is stopping")
        while loop.time() < until and not hub.broken.is_set() and (hub.underway.tasks or await mine(hub)):
            await asyncio.sleep(0.01)
    hub.stopping = True
    hub.requests.end()
    for lane in hub.lanes.values():
        lane.news.set()
        lane.tokens.end()
        if lane.pump is not None and lane.idle:
            lane.pump.cancel()
    await hub.underway.finish(max(0.0, until - loop.time()))
    pumps = [lane.pump for lane in hub.lanes.values() if lane.pump is not None]
    for pump in pumps:
        pump.cancel()
    await asyncio.gather(*pumps, return_exceptions=True)
    await hub.calls.end()
    return await unfinished(hub) + (await hub.store.depth()).delayed


async def mine(hub: Hub) -> int:
    """What is open and nobody else sees to."""
    return 0 if hub.store.caps.nodes else await unfinished(hub)


async def unfinished(hub: Hub) -> int:
    """How many actions are open, and how many events are still to be decided; what is not due yet is not waited for."""
    depth = await hub.store.depth()
    return depth.waiting + depth.running + depth.later + depth.pending
