"""What operators do with work that is open or was given up: cancel, pause, resume, redrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from atamo_rules.hub.requests.answering import cut_off
from atamo_rules.model.work import NOTHING, Hold, Kept, Selector, Work

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub


async def cancel(hub: Hub, which: Selector, who: str) -> int:
    """See `Hub.cancel`."""
    await hub.start()
    cancelled = await hub.store.cancel(which, who)
    for lease in cancelled.running:
        hub.underway.cancel(lease.work.action.id)
    hub.follow(Kept(finished=cancelled.finished), NOTHING)
    for work in cancelled.work:
        hub.attempts.unlimit(work)
        await cut_off(hub, work, who)
    return cancelled.count


async def pause(hub: Hub, what: Hold, who: str) -> None:
    """See `Hub.pause`."""
    await hub.start()
    await hub.store.pause(what, who)
    hub.holds.setdefault((what.kind, what.name), what)


async def resume(hub: Hub, what: Hold, who: str) -> None:
    """See `Hub.resume`."""
    await hub.start()
    await hub.store.resume(what, who)
    hub.holds.pop((what.kind, what.name), None)


async def redrive(
    hub: Hub, which: Selector, upto: int, edit: Callable[[Work], Work | None] | None, who: str
) -> int:
    """See `Hub.redrive`."""
    await hub.start()
    agents = {agent for agent, _ in await hub.store.dead_groups()}
    try:
        return await hub.store.redrive(which, upto, edit, who)
    finally:  # what was begun anew before it failed, or was given up, is done too
        for name in {*hub.current.agents, *agents}:
            hub.lane(name).start()
