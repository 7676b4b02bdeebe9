"""What an operator does to open and dead work, and to what is kept: cancel, pause, resume, redrive, discard, erase."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from atamo_rules.builtin.stores.journal import Erasure, Moved, Outrun
from atamo_rules.builtin.stores.open_work import Item, State, item_of
from atamo_rules.hub import records
from atamo_rules.model.types import Json
from atamo_rules.model.work import Cancelled, Hold, Lease, Put, Selector, Work

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.local import LocalStore

PAUSED = "paused"
"""The bucket of what is paused."""
AT_ONCE = 500
"""Dead letters of one transaction."""


async def cancel(store: LocalStore, which: Selector, who: str) -> Cancelled:
    """End open actions for good."""
    await store.written(store.work.chosen(which))
    items = [item for item in store.work.chosen(which) if item.state != "writing"]
    if not items:
        return Cancelled(0)
    change = store.draft.change()
    running: list[Lease] = []
    before: list[tuple[Item, State]] = []
    for item in items:
        if item.state == "leased":
            running.append(Lease(item.work, item.attempts, item.token, item.errors))
        store.draft.end(change, item, "cancelled", f"cancelled{f' by {who}' if who else ''}")
        change.notes.append(records.of_action("action.cancelled", change.at, item.work, by=who))
        before.append((item, item.state))
        item.state = "writing"
    try:
        await store.commit(change)
    except BaseException as error:
        for item, state in before:
            store.work.restore(item, state)
        if isinstance(error, Outrun):
            return await cancel(store, which, who)
        raise
    works = tuple(item.work for item in items)
    for item in items:
        store.work.over(item)
    return Cancelled(len(items), tuple(running), tuple(change.finished), works)


async def pause(store: LocalStore, what: Hold, who: str) -> None:
    """Give out no more actions of something."""
    change = store.draft.change()
    what = dataclasses.replace(what, by=who, at=change.at)
    kept: dict[str, Json] = {"by": who, "at": change.at.isoformat(), "why": what.why}
    change.puts = (Put(PAUSED, f"{what.kind} {what.name}", kept),)
    change.notes.append(records.of_hold("work.paused", change.at, what, who))
    before = next((one for one in store.work.pauses if one == what), None)
    store.work.pauses.add(what)  # nothing begins behind the record of the pause
    try:
        await store.commit(change)
    except BaseException:
        if before is None:
            store.work.resume(what)
        raise
    store.work.pauses.discard(what)
    store.work.pauses.add(what)  # an equal one that was there before is of somebody else
    store.followed(change)


async def resume(store: LocalStore, what: Hold, who: str) -> None:
    """Go on with it."""
    change = store.draft.change()
    change.puts = (Put(PAUSED, f"{what.kind} {what.name}", None),)
    change.notes.append(records.of_hold("work.resumed", change.at, what, who))
    await store.commit(change)
    store.work.resume(what)
    store.followed(change)


def hold_of(key: str, kept: Mapping[str, Any]) -> Hold:
    """What a key of the bucket of pauses names, and what is kept of it."""
    kind, _, name = key.partition(" ")
    assert kind in ("agent", "rule", "organisation")
    at = datetime.fromisoformat(kept["at"]) if "at" in kept else None
    return Hold(kind, name, kept.get("by", ""), at, kept.get("why", ""))  # type: ignore[arg-type]


async def redrive(
    store: LocalStore,
    which: Selector,
    upto: int,
    edit: Callable[[Work], Work | None] | None,
    who: str,
) -> int:
    """Have dead letters done again."""
    done, after = 0, 0
    while letters := await store.journal.dead(which, after, upto, AT_ONCE):
        began, after = after, letters[-1][0].number
        change = store.draft.change()
        again: list[Item] = []
        for letter, row in letters:
            work = letter.work if edit is None else edit(letter.work)
            if work is None or letter.work.action.id in store.work.items:
                continue
            change.undead += (letter.number,)
            change.open[work.event] = change.open.get(work.event, 0) + 1
            work = replace(work, due=change.at)  # what `within` says begins anew, too
            if work.action.body == letter.work.action.body:
                item = item_of(row, replace(work, lease=0.0))
                change.moved.append(Moved(item, "waiting"))
                change.renewed += (item,)
                again.append(item)
            else:
                edited = replace(work.action, id=_another_id(work.action.id, letter.number))
                store.draft.row += 1
                item = item_of(store.draft.row, replace(work, action=edited, lease=0.0))
                change.added.append(item)
            change.notes.append(records.of_letter("action.redriven", change.at, letter, who, again=item.id))
        try:
            await store.commit(change)
        except Outrun:
            after = began
            continue
        for item in again:
            store.work.add(item)
        store.followed(change)
        done += len(change.undead)
    return done


async def discard(store: LocalStore, which: Selector, upto: int, who: str) -> int:
    """Take dead letters away for good."""
    done = 0
    while letters := await store.journal.dead(which, 0, upto, AT_ONCE):
        change = store.draft.change()
        for letter, _ in letters:
            change.undead += (letter.number,)
            change.notes.append(records.of_letter("action.discarded", change.at, letter, who))
        with suppress(Outrun):
            await store.commit(change)
            done += len(letters)
    return done


async def erase(store: LocalStore, event: str, who: str, why: str) -> bool:
    """Let go of all that an event says, once nothing of it is open."""
    told = await store.journal.told(event)
    state = told["state"] if told is not None else ""
    if state not in ("finished", "quarantined", "forgotten"):
        return state == "erased"
    change = store.draft.change()
    change.erased = (Erasure(event, who, why),)
    try:
        await store.commit(change)
    except Outrun:
        return await erase(store, event, who, why)
    return True


def _another_id(id: str, letter: int) -> str:
    """The key of an edited action: its agent must not take it for a repetition of the first."""
    return sha256(f"{id}\x00edited\x00{letter}".encode()).hexdigest()[:32]
