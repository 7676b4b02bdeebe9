"""Where each rule is filed in the index, and which rules every event asks: for authors, and never for deciding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from atamo_rules.engine.index.forms import terms
from atamo_rules.engine.index.group import Kind, filed
from atamo_rules.engine.index.keys import ELEMENT, PART, PREFIX, RANGE, SUFFIX, VALUE, Place, keys_of
from atamo_rules.engine.index.plan import Item, plan
from atamo_rules.engine.shapes import nanoseconds
from atamo_rules.model.meaning import Condition, Step
from atamo_rules.model.rule import DRAFT, Rule, Ruleset
from atamo_rules.model.types import Anything

KEY, BITS, LOOP = "key", "bit vectors", "loop"
LEAST = 130.0
"""Nanoseconds that asking any rule takes, the call and all."""

VERBS = {
    VALUE: "is",
    ELEMENT: "contains",
    PREFIX: "starts with",
    SUFFIX: "ends with",
    PART: "has the part",
    RANGE: "is in the range",
}


@dataclass(frozen=True, slots=True)
class Filing:
    """Where one rule is.

    `tier` is KEY (found by looking a value of the event up), BITS (one of many that bit vectors answer together) or
    LOOP (asked one after another). `under` is the part of its condition that it is filed by, None for the others;
    `places` are the indexes it is in, in words. `always` says that every event asks it, and that this is not merely
    because rules are so few that asking them is quickest; `nanoseconds` is what asking it takes, about.
    """

    rule: Rule
    tier: str
    under: Condition | None
    places: tuple[str, ...]
    always: bool
    nanoseconds: float


@dataclass(frozen=True, slots=True)
class TypeFiling:
    """The rules that one event type reaches, in their order. Rules `for` some users are filed apart, for each."""

    type: str
    filings: tuple[Filing, ...]

    @property
    def scanned(self) -> tuple[Filing, ...]:
        """The rules that no event can leave out, the dearest first."""
        found = [one for one in self.filings if one.always]
        return tuple(sorted(found, key=lambda one: -one.nanoseconds))

    def tier(self, name: str) -> int:
        """How many rules are in a tier."""
        return sum(one.tier == name for one in self.filings)


def filings(ruleset: Ruleset) -> tuple[TypeFiling, ...]:
    """Where the rules of a ruleset are, by event type; drafts are nowhere."""
    by_type: dict[str, list[Rule]] = {}
    for rule in ruleset.rules:
        if rule.status != DRAFT:
            by_type.setdefault(rule.event, []).append(rule)
    out = []
    for type, rules in by_type.items():
        declared = ruleset.events.get(type)
        kind = Kind(Anything() if declared is None else declared.type, bool(ruleset.tables))
        found: dict[str, Filing] = {}
        for group in _groups(rules):
            for one in _of_group(group, kind):
                known = found.get(one.rule.id)
                if known is None or (one.always and not known.always):
                    found[one.rule.id] = one
        out.append(TypeFiling(type, tuple(found[rule.id] for rule in rules)))
    return tuple(out)


def _groups(rules: Iterable[Rule]) -> list[list[Rule]]:
    """The rules that are filed together: those for everybody, and those for each user, group or organisation."""
    groups: dict[object, list[Rule]] = {}
    for rule in rules:
        for who in dict.fromkeys(rule.scope.include) or (None,):
            groups.setdefault(who, []).append(rule)
    return list(groups.values())


def _of_group(rules: list[Rule], kind: Kind) -> Iterator[Filing]:
    by_id = {rule.id: rule for rule in rules}
    made = plan([filed(rule, kind) for rule in rules])
    for item in made.filed:
        assert item.way is not None
        part, way = item.way
        places = dict.fromkeys(words(key.place) for key in item.keys or keys_of(way))
        yield _filing(by_id[item.id], KEY, item.parts[part], tuple(places), False)
    for item in made.dense:
        yield _filing(by_id[item.id], BITS, None, (), _blind(item))
    for item in made.scanned:
        yield _filing(by_id[item.id], LOOP, None, (), not item.ways)


def _blind(item: Item) -> bool:
    """Whether bit vectors know nothing of some way in which the rule can hold."""
    return not item.ways and any(not term.asks for term in item.terms or terms(item.parts))


def _filing(rule: Rule, tier: str, under: Condition | None, places: tuple[str, ...], always: bool) -> Filing:
    return Filing(rule, tier, under, places, always, max(LEAST, nanoseconds(rule.condition)))


def words(place: Place) -> str:
    """An index in words: the path, and how it is asked."""
    case = " ignoring case" if place.fold else ""
    return f"{path(place.steps)} {VERBS[place.kind]} …{case}"


def path(steps: tuple[Step, ...]) -> str:
    """A path as authors write it; lists in it are passed through."""
    out = ""
    for step in steps:
        if isinstance(step, int):
            out += f"[{step}]"
        elif isinstance(step, str):
            out += f".{step}" if out else step
    return out or "event"
