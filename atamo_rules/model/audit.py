"""One step that a message took, or that the hub did: the closed list of kinds, and the record of one step.

Each kind has a level: `minimal` is what came in and how it ended, `decisions` adds what was decided and why, `full`
adds every attempt and every rule that nearly fired. A hub that keeps a lower level keeps those kinds only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from atamo_rules.model.blank import Blank
from atamo_rules.model.types import Json

Level: TypeAlias = Literal["minimal", "decisions", "full"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Rising: each keeps what the ones before it keep."""

Kind: TypeAlias = Literal[
    "hub.started",
    "hub.stopped",
    "hub.recovered",
    "hub.degraded",
    "rules.activated",
    "rules.rejected",
    "rules.submitted",
    "rules.verified",
    "rules.refused",
    "rules.approved",
    "rules.withdrawn",
    "rules.rolled_back",
    "agent.registered",
    "agent.removed",
    "source.opened",
    "source.broken",
    "provider.activated",
    "provider.rejected",
    "provider.broken",
    "provider.failed",
    "event.accepted",
    "event.duplicate",
    "event.refused",
    "event.quarantined",
    "event.decided",
    "event.unrouted",
    "event.hops",
    "event.finished",
    "event.erased",
    "rule.evaluated",
    "rule.resumed",
    "window.moved",
    "window.reset",
    "window.evicted",
    "action.created",
    "action.started",
    "action.done",
    "action.retry",
    "action.failed",
    "action.timeout",
    "action.lost",
    "action.late",
    "action.joined",
    "action.cancelled",
    "action.expired",
    "action.redriven",
    "action.discarded",
    "work.paused",
    "work.resumed",
    "breaker.opened",
    "breaker.closed",
    "reply.sent",
    "reply.late",
    "reply.delivered",
    "reply.undelivered",
    "reply.dropped",
    "request.opened",
    "request.partial",
    "request.completed",
    "request.degraded",
    "request.failed",
    "request.expired",
    "request.cancelled",
    "feed.joined",
    "feed.closed",
    "cache.hit",
    "cache.stale",
    "cache.negative",
    "alert.raised",
    "access.denied",
    "key.created",
    "key.revoked",
    "people.changed",
    "people.removed",
    "secret.set",
    "secret.used",
    "secret.missing",
    "secret.rotated",
    "secret.removed",
    "consent.given",
    "consent.withdrawn",
    "audit.checkpoint",
    "audit.gap",
    "audit.level",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(f"{kind.partition('.')[0]}." for kind in KINDS))
"""The first parts of the names of kinds, `event.` and so on: what shares one belongs together."""
"""The closed list of kinds."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Append-only; `position` rises by one, from 1, without a hole.

    `event` is an event id or empty; `who` a user name or empty. `cause` is what led here, by what it is and its id:
    `event e1`, `rule page_oncall`, `action 3f…`, or empty when it came from outside. `rules` is the digest of the
    ruleset that was in force for it, or empty where no rules had a part in it.
    """

    position: int
    at: datetime
    kind: Kind
    event: str = ""
    who: str = ""
    what: Mapping[str, Json] = field(default_factory=dict, hash=False)
    cause: str = ""
    rules: str = ""


class Note(Struct, frozen=True, gc=False):
    """A record that has no position yet: a store gives it one in the transaction that it belongs to.

    A Struct of msgspec, since every message makes seven; none can be part of a cycle, and so the cycle collector need
    not walk them.
    """

    at: datetime
    kind: Kind
    event: str = ""
    who: str = ""
    what: Mapping[str, Json] = {}
    cause: str = ""
    rules: str = ""
    blank: Blank | None = None
    """The blank that `what` was filled in by, if any; a store writes the record by it."""

    def saying(self, more: Mapping[str, Json]) -> Note:
        """The record that says more."""
        return replace(self, what={**self.what, **more}, blank=None)

    def placed(self, position: int) -> AuditRecord:
        """The record at its place."""
        return AuditRecord(
            position, self.at, self.kind, self.event, self.who, self.what, self.cause, self.rules
        )
