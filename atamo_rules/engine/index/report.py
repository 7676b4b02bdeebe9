"""How an index finds its rules: under which key each is filed, or why under none, and the cost that is estimated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from atamo_rules.engine.index.forms import terms
from atamo_rules.engine.index.group import Group, filed
from atamo_rules.engine.index.numbers import Cut
from atamo_rules.engine.index.places import ABSENT, ELEMENT, PART, PREFIX, RANGE, SUFFIX, VALUE, Key
from atamo_rules.engine.index.plan import ASK, LOOP, PROBE, TERM, Item, Plan, plan, threshold
from atamo_rules.model.meaning import Condition, Each, Step
from atamo_rules.model.rule import Rule

KEY, BITS, SCAN = "key", "bits", "scan"
"""Filed under a key; answered with all its like by bit vectors; asked for every event."""


@dataclass(frozen=True, slots=True)
class Filing:
    """How one rule is found. `keys` are what an event must have for the rule to be looked at, as an author would write
    it; empty where it is looked at for every event. `share` is the part of the type's events that are taken to have
    one, from 0 to 1. `cost` is what the rule adds to every event of its type, in nanoseconds of one core, estimated.

    `scope` are those whose events it is filed for; empty for everybody's. `note` is a sentence on why it has no key.
    `under` is the part of its condition that the keys are of. `blind` says that nothing in it can be looked up, so that
    every event asks it however many rules there are.
    """

    rule: str
    type: str
    tier: str
    keys: tuple[str, ...]
    share: float
    cost: float
    scope: tuple[str, ...] = ()
    note: str = ""
    under: Condition | None = None
    blind: bool = False


@dataclass(frozen=True, slots=True)
class TypeReport:
    """One event type: how many of its rules are found in each way, and what an event is taken to cost in nanoseconds,
    without what its matches cost. Of rules that are `for` somebody, the dearest group is counted."""

    type: str
    rules: int
    by_key: int
    by_bits: int
    scanned: int
    cost: float
    groups: int


@dataclass(frozen=True, slots=True)
class Report:
    """Every event type that has rules, and every rule, each in the order of their names."""

    types: tuple[TypeReport, ...]
    rules: tuple[Filing, ...]


def of_group(type: str, one: Group) -> tuple[list[Filing], float]:
    """The rules of one group, and what an event costs there. Planned again: nothing is kept for it."""
    alive = sorted(one.alive(), key=lambda rule: rule.place)
    items = [filed(rule, one.kind) for rule in alive]
    made = plan(items)
    return list(_filings(type, made, {rule.id: rule for rule in alive})), made.cost


def _filings(type: str, made: Plan, rules: dict[str, Rule]) -> Iterable[Filing]:
    places = {key.place for one in made.filed for key in one.keys}
    probes = sum(PROBE[place.kind] for place in places) / max(1, len(made.filed))
    for one in made.filed:
        keys = tuple(words(key) for key in one.keys)
        under = None if one.way is None else one.parts[one.way[0]]
        cost = ASK * one.share + probes
        yield Filing(one.id, type, KEY, keys, one.share, cost, _scope(rules[one.id]), under=under)
    for one in made.dense:
        cost = TERM * max(1, len(one.terms))
        yield Filing(one.id, type, BITS, (), 1.0, cost, _scope(rules[one.id]), _why(one), blind=blind(one))
    for one in made.scanned:
        yield Filing(one.id, type, SCAN, (), 1.0, LOOP, _scope(rules[one.id]), _why(one), blind=blind(one))


def blind(one: Item) -> bool:
    """Whether neither a key nor bit vectors can tell an event that a rule does not match it."""
    if one.ways:
        return False
    return not one.closed or any(not term.asks for term in one.terms or terms(one.parts))


def _scope(rule: Rule) -> tuple[str, ...]:
    return tuple(map(str, rule.scope.include))


def _why(one: Item) -> str:
    if not one.closed:
        return "asking its condition can fail, so it is asked as it is written"
    if one.way is None:
        return "no part of its condition asks a field for a certain value, beginning, end, part or range"
    if threshold(one) is not None or one.share < 0.15:
        return "there are so few rules on this type that asking each is quicker"
    return f"its most selective part, {' or '.join(map(words, one.keys))}, is expected to hold of many events"


def words(key: Key) -> str:
    """A key as an author would write it."""
    path = _path(key.place.steps) or "any field"
    fold = " ignoring case" if key.place.fold else ""
    if key.place.kind == RANGE:
        low, high = key.values
        return " and ".join(_bound(path, cut, side) for side, cut in (("low", low), ("high", high)) if cut)
    if key.place.kind == ABSENT:
        return f"{path} is absent"
    # A fraction is filed as a decimal and as the float that means it.
    values = [one for one in key.values if not isinstance(one, float)]
    shown = ", ".join(_shown(one) for one in values[:3]) + (", …" if len(values) > 3 else "")
    verb = {VALUE: "is", ELEMENT: "contains", PREFIX: "starts with", SUFFIX: "ends with", PART: "contains"}
    if len(values) == 1:
        return f"{path} {verb[key.place.kind]} {shown}{fold}"
    several = "is one of" if key.place.kind == VALUE else f"{verb[key.place.kind]} any of"
    return f"{path} {several} [{shown}]{fold}"


def _bound(path: str, cut: Cut, side: str) -> str:
    number, above = cut
    sign = (">" if above else ">=") if side == "low" else ("<=" if above else "<")
    return f"{path} {sign} {number}"


def _path(steps: tuple[Step, ...]) -> str:
    text = ""
    for step in steps:
        if isinstance(step, Each):
            continue
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
