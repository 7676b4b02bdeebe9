"""One step that a message took, or that the hub did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias, get_args

from atamo_rules.model.types import Json

Kind: TypeAlias = Literal[
    "hub.started",
    "hub.recovered",
    "hub.stopped",
    "rules.activated",
    "rules.rejected",
    "event.accepted",
    "event.duplicate",
    "event.refused",
    "event.quarantined",
    "event.decided",
    "rule.resumed",
    "event.hops",
    "event.finished",
    "action.started",
    "action.done",
    "action.retry",
    "action.failed",
    "action.timeout",
    "action.lost",
    "action.late",
    "action.cancelled",
    "action.redriven",
    "action.discarded",
    "breaker.opened",
    "breaker.closed",
    "work.paused",
    "work.resumed",
    "reply.sent",
]
KINDS: tuple[str, ...] = get_args(Kind)
"""The closed list of kinds."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Append-only; `position` rises by one. `event` is an event id or empty; `who` a user name or empty."""

    position: int
    at: datetime
    kind: Kind
    event: str = ""
    who: str = ""
    what: Mapping[str, Json] = field(default_factory=dict, hash=False)


class Note(NamedTuple):
    """A record that has no position yet: a store gives it one in the transaction that it belongs to."""

    at: datetime
    kind: Kind
    event: str = ""
    who: str = ""
    what: Mapping[str, Json] = {}

    def placed(self, position: int) -> AuditRecord:
        """The record at its place."""
        return AuditRecord(position, *self)
