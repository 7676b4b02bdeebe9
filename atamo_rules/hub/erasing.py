"""Erasing what a message says, wherever the hub has it: in its store, in windows, in answers kept for others, in what
its rules emitted, in what proposals were tried on.

What still runs for it is cancelled first. What agents did, and what auditors wrote elsewhere, is not the hub's to take.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from atamo_rules.hub.audit.erased import KIND
from atamo_rules.hub.audit.search import Query, search
from atamo_rules.hub.joined import joined
from atamo_rules.hub.leftovers import ALL, UNFOLLOWED, copied, told_elsewhere, unfollowed, went_out
from atamo_rules.hub.proposals.proposals import BUCKET as PROPOSALS
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put, Selector

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

TRIES = 20
PAUSE = 0.05
"""How often, and after how many seconds, a message is looked at again that goes on while it is ended: a rule that
waited for what was cancelled may do something else instead."""
PAGE = 1000
"""Records that are asked for together."""


@dataclass(slots=True)
class Erased:
    """`events` are the keys of the messages that were erased, those that followed from others among them; `left` of
    those that were not, since something of them would not end; `joined` of others that a rule joined with an erased
    one, whose actions may say something of it.

    `kept` are sentences, each of something that may be kept still: of what, where, and why. `sent` are agents and
    actions by which something of a message went out of the hub."""

    events: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)


async def erase(hub: Hub, key: str, who: str = "", why: str = "") -> Erased:
    """Erase a message, and all that rules emitted because of it. One that is not there, or was erased before, is not in
    the result. An erasing that was cut off is gone on with by erasing again: the message itself goes last."""
    await hub.start()
    found = Erased()
    await _erase(hub, key, who, why, found)
    hub.calls.flights.forget()
    await _from_proposals(hub, frozenset(found.events))
    await hub.store.housekeeping()
    found.joined = [key for key in dict.fromkeys(found.joined) if key not in found.events]
    found.kept += await told_elsewhere(hub, dict.fromkeys((key, *found.events)))
    return found


async def _erase(hub: Hub, key: str, who: str, why: str, found: Erased) -> None:
    told = await hub.store.told(key)
    if told is None or told["state"] == "erased" or key in found.left:
        return
    told = await _ended(hub, key, who)
    own = await hub.store.audit(0, ALL, key)
    for emitted in await _emitted(hub, told, own):
        await _erase(hub, emitted, who, why, found)
    if unfollowed(told, own):
        found.kept.append(f"{key}: {UNFOLLOWED}")
    event = await hub.store.event(key)
    if event is not None:
        await hub.windows.release(event)
    made = await joined(hub, key, event, own)
    for ending in made.ends:
        await _erase(hub, ending, who, why, found)
    found.joined += made.joined
    if made.untold:
        found.kept.append(f"{key}: {made.untold}")
    found.sent = sorted({*found.sent, *went_out(told, own)})
    if await _forget_answers(hub, key):
        found.kept += await copied(hub, key)
    (found.events if await hub.store.erase(key, who, why) else found.left).append(key)
    hub.followers.forget()
    hub.tally.forget(key)


async def _ended(hub: Hub, key: str, who: str) -> Any:
    """What is told of a message once nothing runs for it any more; at the latest after a while."""
    for _ in range(TRIES):
        await hub.requests.cancel(key, "erased")
        await hub.cancel(Selector(event=key), who)
        told = await hub.store.told(key)
        if told is None or told["state"] not in ("accepted", "decided"):
            return told
        await asyncio.sleep(PAUSE)
    return told


async def _emitted(hub: Hub, told: Any, own: Sequence[AuditRecord]) -> list[str]:
    """The keys of the messages that rules emitted: each has the id of the action that did. What its actions were is
    told for as long as it is kept, and by the audit after it."""
    ids = [action["id"] for action in told.get("actions", ()) if action["verb"] == "emit"]
    found = [await hub.store.find(id) for id in ids]
    follows = [str(record.what["follows"]) for record in own if "follows" in record.what]
    return [key for key in dict.fromkeys((*found, *follows)) if key is not None]


async def _from_proposals(hub: Hub, keys: Collection[str]) -> None:
    """Take messages out of the examples that proposals were shown with."""
    for entry in await hub.store.entries(PROPOSALS):
        kept = _without(entry.value, keys)
        if kept != entry.value:
            put = Put(PROPOSALS, entry.key, kept, entry.revision)
            await hub.surely(lambda put=put: hub.store.put(put))  # type: ignore[misc]


def _without(value: Json, keys: Collection[str]) -> Json:
    """JSON without the objects in its lists that are about one of these messages."""
    if isinstance(value, dict):
        return {name: _without(one, keys) for name, one in value.items()}
    if isinstance(value, list):
        return [
            _without(one, keys) for one in value if not (isinstance(one, dict) and one.get("event") in keys)
        ]
    return value


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


async def _forget_answers(hub: Hub, key: str) -> bool:
    """Where the message is a request, which is what is given: what is left is how it ended, without a word of what was
    asked or answered, and nobody else is given its answers."""
    requests = hub.requests
    await requests.closed(key)
    request = await requests.find(key)
    if request is None:
        return False
    requests.repeatable.drop(request)
    parts = tuple(replace(part, why="") for part in request.parts)
    await requests.forgetting.forget(replace(request, forgotten=True, print="", why="", parts=parts))
    return True
