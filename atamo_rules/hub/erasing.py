"""Erasing what a message says, wherever the hub has it: in its store, in windows, in answers kept for others, in what
its rules emitted.

What still runs for it is cancelled first. What agents did, and what auditors wrote elsewhere, is not the hub's to take.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atamo_rules.engine.decide import decide
from atamo_rules.engine.windows.state import micros
from atamo_rules.hub.audit.erased import KIND
from atamo_rules.hub.audit.search import Query, search
from atamo_rules.hub.windows.keeping import puts
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.event import Event
from atamo_rules.model.work import Selector

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

TRIES = 20
PAUSE = 0.05
"""How often, and after how many seconds, a message is tried again that goes on while it is ended: a rule that waited
for what was cancelled may do something else instead."""
PAGE = 1000
"""Records that are asked for together."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The keys of messages that were erased, those that followed from others among them, and of those that were not:
    something of them would not end."""

    events: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


async def erase(hub: Hub, key: str, who: str = "", why: str = "") -> Erased:
    """Erase a message, and all that rules emitted because of it. One that is not there, or was erased, is no part of
    what is given."""
    await hub.start()
    done: list[str] = []
    left: list[str] = []
    line = [key]
    while line:
        one = line.pop()
        told = await hub.store.told(one)
        if one in done or told is None or told["state"] == "erased":
            continue
        line += await _emitted(hub, told)
        event = await hub.store.event(one)
        (done if await _ended(hub, one, who, why) else left).append(one)
        if event is not None:
            await _release(hub, event)
        hub.followers.forget()
        hub.tally.forget(one)
    hub.calls.flights.forget()
    await hub.store.housekeeping()
    return Erased(tuple(done), tuple(left))


async def _ended(hub: Hub, key: str, who: str, why: str) -> bool:
    """End what runs for a message, and take what it says."""
    for _ in range(TRIES):
        await hub.requests.cancel(key, "erased")
        await hub.cancel(Selector(event=key), who)
        if await hub.store.erase(key, who, why):
            await _forget_answers(hub, key)
            return True
        await asyncio.sleep(PAUSE)
    return False


async def _emitted(hub: Hub, told: Any) -> list[str]:
    """The keys of the messages that rules emitted: each has the id of the action that did."""
    ids = [action["id"] for action in told.get("actions", ()) if action["verb"] == "emit"]
    found = [await hub.store.find(id) for id in ids]
    return [key for key in found if key is not None]


async def _release(hub: Hub, event: Event) -> None:
    """Let go of what windows hold under the keys of a message: they begin anew there."""
    ledger = hub.windows.book.ledger(micros(hub.clock.now()))
    decide(hub.current.ruleset, event, ledger=ledger)
    held = [place for place, state in ledger.read.items() if state is not None]
    for place in held:
        gone = {place: None}
        hub.windows.book.keep(gone)
        for put in puts(gone):
            await hub.surely(lambda put=put: hub.store.put(put))  # type: ignore[misc]


async def sent_by(hub: Hub, user: str) -> AsyncIterator[str]:
    """The keys of all messages of a user that the audit knows, oldest first."""
    await hub.start()
    query, after, end = Query(kind="event.accepted", who=user), 0, False
    while not end:
        found = await search(lambda at, most: hub.store.audit(at, most), query, after, PAGE)
        after, end = found.cursor, found.end
        for record in found.records:
            yield record.event


async def erasure_of(hub: Hub, key: str) -> AuditRecord | None:
    """The record that says by whom and when a message was erased."""
    query = Query(kind=KIND, event=key)
    found = await search(lambda at, most: hub.store.audit(at, most, key), query, 0, 1)
    return found.records[0] if found.records else None


async def _forget_answers(hub: Hub, key: str) -> None:
    """Where the message is a request: what is left is how it ended, without a word of what was asked or answered, and
    nobody else is given its answers."""
    requests = hub.requests
    request = await requests.find(key)
    if request is None:
        return
    if requests.kept.get(request.print) == request.id:
        del requests.kept[request.print]
    parts = tuple(replace(part, why="") for part in request.parts)
    await requests.forget(replace(request, forgotten=True, print="", why="", parts=parts))
