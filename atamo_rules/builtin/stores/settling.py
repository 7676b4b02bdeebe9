"""Open actions end, or wait to be tried again, with all that follows from it in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.journal import Change, Moved, Outrun
from atamo_rules.builtin.stores.open_work import Item
from atamo_rules.hub import records
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.work import NOTHING, DeadLetter, Following, Kept, Lease

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.local import LocalStore


async def settle(
    store: LocalStore, lease: Lease, outcome: Outcome, following: Following = NOTHING
) -> Kept | None:
    """Keep how an attempt ended; nothing but a record of it where its lease is held no longer."""
    await _known(store, (lease,))
    change = store.draft.change()
    item = _draft(store, change, lease, outcome)
    if item is None:
        await store.commit(change)
        return None
    store.draft.follow(change, lease.work.event, following)
    try:
        await store.commit(change)
    except BaseException as error:
        store.work.restore(item, "leased")
        if isinstance(error, Outrun):
            return await settle(store, lease, outcome, following)
        raise
    if isinstance(outcome, Again):
        _again(store, item, outcome)
    else:
        store.work.over(item)
    return Kept("new", *store.followed(change))


async def settle_all(store: LocalStore, ended: Sequence[tuple[Lease, Outcome]]) -> list[Kept | None]:
    """Keep how attempts ended of which nothing follows, all or none of them."""
    await _known(store, [lease for lease, _ in ended])
    change = store.draft.change()
    items = [_draft(store, change, lease, outcome) for lease, outcome in ended]
    try:
        await store.commit(change)
    except BaseException as error:
        for item in items:
            if item is not None:
                store.work.restore(item, "leased")
        if isinstance(error, Outrun):
            return await settle_all(store, ended)
        raise
    over, found = set(change.finished), list[Kept | None]()
    for item, (lease, outcome) in zip(reversed(items), reversed(ended), strict=True):
        if item is None:
            found.append(None)
            continue
        if isinstance(outcome, Again):
            _again(store, item, outcome)
            found.append(_KEPT)
            continue
        store.work.over(item)
        event = lease.work.event
        if event in over:  # by the last of its actions that ended
            over.discard(event)
            found.append(Kept("new", (), (event,)))
        else:
            found.append(_KEPT)
    found.reverse()
    return found


_KEPT = Kept("new")


async def _known(store: LocalStore, leases: Sequence[Lease]) -> None:
    """Wait where somebody else is just ending one of these actions: that may fail, and then the attempt ends it. Taken
    for late, it would be made again once its lease is over."""
    work = store.work
    found = (work.items.get(lease.work.action.id) for lease in leases)
    writing = [item for item in found if item is not None and item.state == "writing"]
    if writing:
        await store.written(writing)


def _draft(store: LocalStore, change: Change, lease: Lease, outcome: Outcome) -> Item | None:
    """What a transaction keeps of the end of an attempt, whose action is nobody's until then. None where its lease is
    held no longer: then only that it came late."""
    item = store.work.leased(lease)
    if item is None:
        word = type(outcome).__name__.lower()
        change.notes.append(
            records.of_action("action.late", change.at, lease.work, attempt=lease.attempt, outcome=word)
        )
        return None
    work = lease.work
    match outcome:
        case Done(answer):
            store.draft.end(change, item, "done", answer=answer)
            store.draft.tell(change, "action.done", item)
        case Failed(why, error):
            store.draft.end(change, item, "failed", why)
            store.draft.tell(change, "action.failed", item, why=why, error=error)
            if work.waiting is None:
                store.draft.letter += 1
                errors = (*item.errors, why)
                letter = DeadLetter(store.draft.letter, work, error, why, item.attempts, errors, change.at)
                change.dead += ((letter, item.row),)
        case Again(why, after, error):
            wait = after or 0.0
            change.moved.append(Moved(item, "again", why, None, wait, (*item.errors, why)))
            text = str(round(wait, 3))
            store.draft.tell(change, "action.retry", item, why=why, error=error, wait=text)
    item.state = "writing"
    return item


def _again(store: LocalStore, item: Item, outcome: Again) -> None:
    """Have memory follow the end of an attempt that was kept, and is made again."""
    item.errors = (*item.errors, outcome.why)
    if outcome.after:
        store.work.delay(item, store.clock.passed() + outcome.after)
    else:
        store.work.ready(item)


async def expire(
    store: LocalStore, event: str, action: str, why: str, following: Following = NOTHING
) -> Kept | None:
    """Give up an action that is still open, whether it runs or waits."""
    item = store.work.items.get(action)
    if item is None or item.event != event:
        return None
    await store.written([item])
    if item.state == "over":
        return None
    change = store.draft.change()
    store.draft.end(change, item, "timeout", why)
    change.notes.append(records.of_action("action.timeout", change.at, item.work, why=why))
    store.draft.follow(change, event, following)
    before, item.state = item.state, "writing"
    try:
        await store.commit(change)
    except BaseException as error:
        store.work.restore(item, before)
        if isinstance(error, Outrun):
            return await expire(store, event, action, why, following)
        raise
    store.work.over(item)
    return Kept("new", *store.followed(change))
