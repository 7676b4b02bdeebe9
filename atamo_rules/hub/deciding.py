"""What the rules of a generation want done about an event, as a transaction keeps it: decided, told, and what follows.

Each of the three may be done for several events, one right after the other, before the next is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.hub import records
from atamo_rules.hub.beginning import reserve
from atamo_rules.hub.consequences import consequences
from atamo_rules.model.audit import Note
from atamo_rules.model.contribution import Contribution
from atamo_rules.model.decision import Action, Decision
from atamo_rules.model.event import Event
from atamo_rules.model.work import Decided

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub


def decided(
    hub: Hub,
    event: Event,
    generation: Generation,
    at: datetime,
    ledger: Ledger | None = None,
    decision: Decision | None = None,
    beside: tuple[Contribution, ...] = (),
) -> Decided:
    """A decision, or what follows from one that time made, with what providers beside the rules want, and slots taken
    for what may begin at once."""
    if decision is None:
        decision = generation.decide(event, ledger)
    if beside:
        decision = replace(decision, contributions=beside)
    told = account(hub, event, decision, generation, at, ledger)
    return concluded(hub, event, decision, generation, at, told)


def account(
    hub: Hub,
    event: Event,
    decision: Decision,
    generation: Generation,
    at: datetime,
    ledger: Ledger | None = None,
) -> list[Note]:
    """What the audit says of a decision."""
    reasons = hub.store.level == "full"
    return records.evaluated(at, event, decision, generation, reasons=reasons, ledger=ledger)


def concluded(
    hub: Hub, event: Event, decision: Decision, generation: Generation, at: datetime, told: Sequence[Note]
) -> Decided:
    """A decision with what follows from it, behind what the audit says of it."""

    def begin(action: Action) -> float:
        return reserve(hub, action, event)

    fired, beside = decision.fired, decision.contributions
    following = consequences(fired, event, generation, hub.retiring.current, at, begin, told, beside=beside)
    return Decided(decision, following)
