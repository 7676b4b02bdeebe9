"""What erasing a message leaves, as far as a hub can know it: what auditors were told, what agents were sent, and what
nobody can tell any more. Whoever has promised to erase it has to hear of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from atamo_rules.hub.audit.erased import KIND, kept_hash
from atamo_rules.hub.requests.opening import BUCKET
from atamo_rules.model.audit import AuditRecord

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

ALL = 10_000_000
"""More records than any message has: read them all."""
INSIDE = ("emit", "reply")
"""Verbs by which nothing leaves the hub."""
UNFOLLOWED = (
    "its actions are kept no longer, and the audit's level was too low to tell them: what rules emitted because of it, "
    "and agents that were sent something of it, cannot be told"
)


def unfollowed(told: Any, own: Sequence[AuditRecord]) -> bool:
    """Whether rules matched a message whose actions neither the store nor the audit can tell."""
    if told["state"] != "forgotten" or any(one.kind in ("action.created", "rule.evaluated") for one in own):
        return False
    return any(record.kind == "event.decided" and record.what.get("matched") for record in own)


def went_out(told: Any, own: Iterable[AuditRecord]) -> Iterator[str]:
    """The agents and their actions that were, or may have been, sent something of a message."""
    for action in told.get("actions", ()):
        if action["verb"] not in INSIDE and action.get("attempts"):
            yield str(action["target"])
    for record in own:
        if record.kind in ("action.started", "action.done", "action.failed", "action.lost"):
            yield str(record.what["target"])


async def copied(hub: Hub, key: str) -> list[str]:
    """A sentence for each request that asked the same, and was given the answers of this one. Those that other hubs
    keep are in the store alone."""
    given = [one.id for one in hub.requests.open.values() if one.source == key and not one.forgotten]
    for entry in await hub.store.entries(BUCKET) if hub.store.caps.nodes else ():
        one = entry.value
        if isinstance(one, Mapping) and one.get("source") == key and not one["forgotten"]:
            given.append(entry.key)
    said = f"it asked the same as {key} and was given its answers: erase it too, if so"
    return [f"{name}: {said}" for name in dict.fromkeys(given)]


async def told_elsewhere(hub: Hub, keys: Iterable[str]) -> list[str]:
    """A sentence for each auditor that was told what is hollow since, and does not let go of it by itself."""
    last, hollow = 0, 0
    for key in keys:
        for record in await hub.store.audit(0, ALL, key):
            hollow += kept_hash(record.what) is not None
            if record.kind == KIND:
                last = record.position
    return [*_sentences(hub, last, hollow)] if hollow else []


def _sentences(hub: Hub, last: int, hollow: int) -> Iterator[str]:
    records = f"{hollow} record{'s' * (hollow != 1)}"
    for listener in hub.audience.listeners:
        name = type(listener.auditor).__name__
        if not getattr(listener.auditor, "erases", False):
            yield f"the auditor `{name}` was told {records} that the hub has erased since: look where it wrote them"
        elif listener.at < last:
            yield f"the auditor `{name}` has not let go of {records} yet: standard error of the hub says why"
