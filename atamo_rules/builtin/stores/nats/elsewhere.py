"""How memory follows what another hub has done: its work counts as held elsewhere, what it ended is over here, its news
wakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.drafting import seconds_until
from atamo_rules.builtin.stores.journal import Change, Moved
from atamo_rules.builtin.stores.nats.standing import OVER
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.builtin.stores.operating import PAUSED, hold_of

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.local import LocalStore


def follow(store: LocalStore, change: Change) -> None:
    """Have memory follow a transaction of another hub."""
    now = store.clock.passed()
    for item in change.added:
        if item.attempts:
            store.work.elsewhere(item)
        else:
            due = item.work.due
            store.work.add(item, 0.0 if due is None else seconds_until(due, store.clock.now()), now)
    for moved in change.moved:
        if moved.item not in change.added:
            _moved(store, moved, store.work.items.get(moved.item.id, moved.item), now)
    for put in change.puts:
        if put.bucket == PAUSED:
            if put.value is None:
                store.work.resume(hold_of(put.key, {}))
            else:
                hold = hold_of(put.key, put.value)  # type: ignore[arg-type]
                store.work.pauses.discard(hold)
                store.work.pauses.add(hold)
        store.bells.ring(f"bucket {put.bucket}")
    for name in {*(frame.log for frame in change.frames), *change.closed}:
        store.bells.ring(f"log {name}")
    for one in change.incoming:
        if one.known == "new":
            follow(store, one.change)


def _moved(store: LocalStore, moved: Moved, item: Item, now: float) -> None:
    item.attempts, item.errors = moved.item.attempts, moved.item.errors
    if moved.state in OVER:
        store.work.over(item)
    elif moved.state == "running":
        store.work.elsewhere(item)
    else:
        store.work.add(item, moved.wait, now)
