"""What windows made of a message: the ends of its waits, and messages that made a rule fire that had joined it.

Which windows a message moved is decided again, under the rules that decided it and under those of now; which rules
fired afterwards is in the audit at every level. What fires under the same key may say something of it: nobody keeps
which words of an action came from where.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
from atamo_rules.model.window import OVER, Window

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

PAGE = 1000
"""Records that are asked for together."""
HOLDING = ("then", "without", "collect")
"""The kinds of windows that keep what events say; the others keep moments, and values they count."""

GONE = "what it said was let go of before, so that others that a rule joined with it cannot be told"
LACKING = (
    "the rules that decided it are kept no longer, so that others that they joined with it cannot be told"
)


@dataclass(slots=True)
class Joined:
    """Keys of events: the `ends` of waits, which hold all that the message said, and others that it was `joined` with,
    whose actions may hold some of it. `untold` is why there may be more of these than can be told."""

    ends: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    untold: str = ""


async def joined(hub: Hub, key: str, event: Event | None, own: Sequence[AuditRecord]) -> Joined:
    """What windows made of a message, whose `own` records are handed in. What it said may be there no longer."""
    found = Joined()
    rules_of = _Rules(hub)
    rulesets = await rules_of.all({record.rules for record in own if record.kind == "event.decided"})
    if event is None:
        type = next((str(one.what.get("type")) for one in own if one.kind == "event.accepted"), "")
        mine, rules = frozenset[Place](), {rule for ruleset in rulesets for rule in _joining(ruleset, type)}
        if rules:
            found.untold = f"{GONE} (`{min(rules)}` joins `{type}`)"
    else:
        mine = frozenset(place for ruleset in rulesets for place in _places(ruleset, event))
        rules = {_rule_at(place) for place in mine}
    if rules_of.lacking:
        found.untold = LACKING
    after, end = (own[0].position if own else 0), not rules
    while not end:
        page = await search(lambda at, most: hub.store.audit(at, most), Query(), after, PAGE)
        after, end = page.cursor, page.end
        for record in page.records:
            fired = _fired(record) & rules
            if not fired or record.event == key:
                continue
            other = await hub.store.event(record.event)
            if other is None:
                continue
            if other.type == OVER and any(other.id == over_id(rule, key, micros(other.at)) for rule in fired):
                if other.key not in found.ends:
                    found.ends.append(other.key)
            elif other.key not in found.joined:
                under = await rules_of.all({record.rules})
                if any(_moved(one, rule, other, mine) for one in under for rule in fired):
                    found.joined.append(other.key)
    return found


class _Rules:
    """Rules by their digests, beside those of now; `lacking` says that some are kept no longer."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.known: dict[str, Ruleset | None] = {"": None}
        self.lacking = False

    async def all(self, digests: Collection[str]) -> list[Ruleset]:
        now = self.hub.current.ruleset
        self.known[now.digest] = now
        for digest in digests - self.known.keys():
            self.known[digest] = await self.hub.rules_of(digest)
            self.lacking = self.lacking or self.known[digest] is None
        meant = (self.known[digest] for digest in {now.digest, *digests})
        return [one for one in meant if one is not None]


def _joining(ruleset: Ruleset, type: str) -> Iterator[str]:
    """The rules that join events of a type with others."""
    for rule in ruleset.rules:
        if rule.time is not None and type in rule.time.events and _holds(rule.time.window):
            yield rule.id


def _fired(record: AuditRecord) -> frozenset[str]:
    """The rules that a record says have fired on its event."""
    if record.kind == "window.moved" and record.what.get("fires") is True:
        return frozenset({str(record.what.get("rule"))})
    if record.kind == "event.accepted" and record.what.get("type") == OVER:
        return frozenset({record.cause.removeprefix("rule ")})
    matched = record.what.get("matched") if record.kind == "event.decided" else None
    return frozenset(map(str, matched)) if isinstance(matched, list | tuple) else frozenset()


def _moved(ruleset: Ruleset, rule: str, event: Event, mine: Collection[Place]) -> bool:
    """Whether an event moved one of these windows of a rule."""
    return any(
        place in mine and _rule_at(place) == rule
        for one in _meant(ruleset, rule, event)
        for place in _places(ruleset, one)
    )


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
    joining = {rule for rule, window in windows if _holds(window)}
    return (place for place in ledger.read if _rule_at(place) in joining)


def _holds(window: Window | None) -> bool:
    """Whether a window keeps what events say."""
    return window is not None and window.kind in HOLDING


def _rule_at(place: Place) -> str:
    """The rule whose window a place is of."""
    return place.shelf.split(" ", 1)[0]
