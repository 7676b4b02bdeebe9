"""Open actions begin: leases for those that may, each with its attempt kept before it runs; and what is overdue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.bells import rung
from atamo_rules.builtin.stores.journal import Moved, Outrun
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.hub import records
from atamo_rules.model.work import Lease

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.local import LocalStore


async def claim(
    store: LocalStore, agent: str, limit: Callable[[], int], wait: float, lease: float
) -> list[Lease]:
    """The next actions of an agent, as many as it has room for; waits for them for `wait` seconds."""
    end = store.clock.passed() + wait
    while True:
        bell = store.bells.at(agent)
        await give_up_overdue(store)
        now = store.clock.passed()
        room = limit()
        items = store.work.take(agent, room, now)
        if items:
            begun = await _begin(store, items, lease)
            if begun is None:
                continue
            return begun
        if now >= end or room < 1:
            return []
        due = store.work.next()
        await rung(bell, (end if due is None else min(end, due)) - now)


async def _begin(store: LocalStore, items: list[Item], seconds: float) -> list[Lease] | None:
    """Leases of all of them; None when another process has some."""
    change = store.draft.change()
    for item in items:
        item.state = "writing"
        item.attempts += 1
        change.moved.append(Moved(item, "running"))
        change.notes.append(records.of_action("action.started", change.at, item.work, attempt=item.attempts))
    try:
        await store.commit(change)
    except BaseException as error:
        mine = [item for item in items if item.state == "writing"]
        for item in mine:
            item.attempts -= 1
        store.work.back(mine)
        if isinstance(error, Outrun):
            return None
        raise
    until = store.clock.passed() + seconds
    return [store.work.lease(item, until) for item in items if item.state != "over"]


async def give_up_overdue(store: LocalStore) -> None:
    """Actions whose lease is out of time may begin again."""
    lost = list(store.work.overdue(store.clock.passed()))
    if not lost:
        return
    change = store.draft.change()
    for item in lost:
        item.state = "writing"
        change.moved.append(Moved(item, "waiting"))
        change.notes.append(records.of_action("action.lost", change.at, item.work, attempt=item.attempts))
    try:
        await store.commit(change)
    except Outrun:
        pass
    finally:
        for item in lost:
            if item.state == "writing":
                store.work.ready(item)
