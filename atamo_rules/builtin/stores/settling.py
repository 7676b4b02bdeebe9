"""Open actions end, or wait to be tried again, with all that follows from it in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.journal import Moved, Outrun
from atamo_rules.hub import records
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.work import NOTHING, DeadLetter, Following, Kept, Lease

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.local import LocalStore


async def settle(
    store: LocalStore, lease: Lease, outcome: Outcome, following: Following = NOTHING
) -> Kept | None:
    """Keep how an attempt ended; nothing but a record of it where its lease is held no longer."""
    item = store.work.leased(lease)
    change = store.draft.change()
    if item is None:
        word = type(outcome).__name__.lower()
        change.notes.append(
            records.of_action("action.late", change.at, lease.work, attempt=lease.attempt, outcome=word)
        )
        await store.commit(change)
        return None
    work, errors, wait = lease.work, item.errors, 0.0
    match outcome:
        case Done(answer):
            store.draft.end(change, item, "done", answer=answer)
            store.draft.tell(change, "action.done", item)
        case Failed(why, error):
            store.draft.end(change, item, "failed", why)
            store.draft.tell(change, "action.failed", item, why=why, error=error)
            errors = (*item.errors, why)
            if work.waiting is None:
                store.draft.letter += 1
                letter = DeadLetter(store.draft.letter, work, error, why, item.attempts, errors, change.at)
                change.dead += ((letter, item.row),)
        case Again(why, after, error):
            errors, wait = (*item.errors, why), after or 0.0
            change.moved.append(Moved(item, "again", why, None, wait, errors))
            text = str(round(wait, 3))
            store.draft.tell(change, "action.retry", item, why=why, error=error, wait=text)
    store.draft.follow(change, work.event, work.who, following)
    item.state = "writing"
    try:
        await store.commit(change)
    except BaseException as error:
        store.work.restore(item, "leased")
        if isinstance(error, Outrun):
            return await settle(store, lease, outcome, following)
        raise
    if isinstance(outcome, Again):
        item.errors = errors
        if wait > 0:
            store.work.delay(item, store.clock.passed() + wait)
        else:
            store.work.ready(item)
    else:
        store.work.over(item)
    return Kept("new", *store.followed(change))


async def expire(
    store: LocalStore, event: str, action: str, why: str, following: Following = NOTHING
) -> Kept | None:
    """Give up an action that is still open, whether it runs or waits."""
    item = store.work.items.get(action)
    if item is None or item.work.event != event:
        return None
    await store.written([item])
    if item.state == "over":
        return None
    change = store.draft.change()
    store.draft.end(change, item, "timeout", why)
    change.notes.append(records.of_action("action.timeout", change.at, item.work, why=why))
    store.draft.follow(change, event, item.work.who, following)
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
