"""What the rules of a generation want done about an event, as a transaction keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.hub import records
from atamo_rules.hub.consequences import consequences
from atamo_rules.model.contribution import Contribution
from atamo_rules.model.decision import Decision
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
    told = [
        *records.evaluated(at, event, decision, generation, reasons=hub.store.level == "full", ledger=ledger)
    ]
    following = consequences(
        decision.fired,
        event,
        generation,
        hub.current,
        at,
        lambda action: hub.reserve(action, event),
        told,
        beside=beside,
    )
    return Decided(decision, following)
