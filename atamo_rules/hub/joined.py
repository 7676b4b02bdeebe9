"""What windows made of a message: the ends of its waits, and messages that made a rule fire that had joined it.

The audit tells which windows a message moved. What fires under the same key after it may say something of it: nobody
keeps which words of an action came from where.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from atamo_rules.engine.decide import decide
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.state import Place, micros
from atamo_rules.engine.windows.waiting import over_id
from atamo_rules.hub.audit.search import Query, search
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.window import OVER

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

PAGE = 1000
"""Records that are asked for together."""
HOLDING = ("then", "without", "collect")
"""The kinds of windows that keep what events say; the others keep moments, and values they count."""


@dataclass(slots=True)
class Joined:
    """Keys of events: the `ends` of waits, which hold all that the message said, and others that it was `joined` with,
    whose actions may hold some of it."""

    ends: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)


async def joined(hub: Hub, event: Event) -> Joined:
    """What windows made of a message that is kept still, under the rules of now."""
    found = Joined()
    moved = [one for one in await hub.store.audit(0, PAGE, event.key) if one.kind == "window.moved"]
    rules = {str(one.what.get("rule")) for one in moved}
    if not rules:
        return found
    ruleset = hub.current.ruleset
    mine = frozenset(_places(ruleset, event))
    after, end = moved[0].position, False
    while not end:
        page = await search(lambda at, most: hub.store.audit(at, most), Query(), after, PAGE)
        after, end = page.cursor, page.end
        for record in page.records:
            rule = _fired(record)
            if rule not in rules or record.event == event.key:
                continue
            other = await hub.store.event(record.event)
            if other is None:
                continue
            if other.type == OVER and other.id == over_id(rule, event.key, micros(other.at)):
                found.ends.append(other.key)
            elif other.key not in found.joined and any(
                place in mine and _rule_at(place) == rule
                for one in _meant(ruleset, rule, other)
                for place in _places(ruleset, one)
            ):
                found.joined.append(other.key)
    return found


def _fired(record: AuditRecord) -> str:
    """The rule that a record says has fired on its event by what it had joined."""
    if record.kind == "window.moved" and record.what.get("fires") is True:
        return str(record.what.get("rule"))
    if record.kind == "event.accepted" and record.what.get("type") == OVER:
        return record.cause.removeprefix("rule ")
    return ""


def _meant(ruleset: Ruleset, rule: str, event: Event) -> Iterator[Event]:
    """An event as the windows of a rule took it: the end of a collection has what its last event said."""
    if event.type != OVER:
        yield event
        return
    for one in ruleset.rules:
        if one.id == rule and one.time is not None:
            yield from (replace(event, type=name) for name in one.time.events)


def _places(ruleset: Ruleset, event: Event) -> Iterator[Place]:
    """Where the windows that join several messages keep what an event says."""
    ledger = Ledger(micros(event.at))
    decide(ruleset, event, ledger=ledger)
    windows = ((one.id, one.time.window) for one in ruleset.rules if one.time is not None)
    joining = {rule for rule, window in windows if window is not None and window.kind in HOLDING}
    return (place for place in ledger.read if _rule_at(place) in joining)


def _rule_at(place: Place) -> str:
    """The rule whose window a place is of."""
    return place.shelf.split(" ", 1)[0]
