"""The rules of one event type and one scope, in layers: a large index that stays, and small ones of what came since.

Nothing here is ever changed. A rule that comes makes a new youngest layer, and one that goes is named in what its layer
no longer counts; whoever holds the old group goes on with it. Layers are joined when the younger has grown to a good
part of the older (the logarithmic method of Bentley and Saxe, 1980), so that a rule is filed again only a few times
however many come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from atamo_rules.engine.index.buckets import Matching
from atamo_rules.engine.index.build import Pause, build, nothing
from atamo_rules.engine.index.keys import conjuncts
from atamo_rules.engine.index.plan import Item, item
from atamo_rules.engine.lets import inlined
from atamo_rules.model.meaning import Filled, Lookup, MakeRecord, Meant
from atamo_rules.model.rule import LIVE, Rule
from atamo_rules.model.types import Type
from atamo_rules.source.span import Span

RECENT = 48
"""Rules in the youngest layer, which is a loop."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the rules of a type have in common: the event's type, and whether asking a condition can fail, as it can
    where there are decision tables."""

    type: Type
    fallible: bool


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """An index of some rules. `framed` are those that it finds and does not ask, because they read more than the body;
    `special` those that need a second look, also because of `except`, `stop` or their status; `gone` are no longer
    rules."""

    rules: dict[str, Rule]
    match: Matching
    framed: frozenset[str]
    special: frozenset[str]
    orders: frozenset[int]
    gone: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.rules) - len(self.gone)

    def has(self, id: str) -> bool:
        return id in self.rules and id not in self.gone

    def alive(self) -> list[Rule]:
        """The rules that still are, in no certain order."""
        return [rule for id, rule in self.rules.items() if id not in self.gone]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Layers, the oldest first, and one function for all of them: the ids that match, in the order of the rules.

    `plain` says that what it names needs no second look.
    """

    kind: Kind
    layers: tuple[Layer, ...]
    match: Matching
    plain: bool

    def __len__(self) -> int:
        return sum(map(len, self.layers))

    def find(self, id: str) -> tuple[Rule, bool, bool]:
        """A rule that is in the group, whether it is still to be asked, and whether it needs a second look at all.
        Raises KeyError."""
        for one in reversed(self.layers):
            if one.has(id):
                return one.rules[id], id in one.framed, id in one.special
        raise KeyError(id)

    def has(self, id: str) -> bool:
        return any(one.has(id) for one in self.layers)

    def alive(self) -> list[Rule]:
        """Every rule, in no certain order."""
        return [rule for one in self.layers for rule in one.alive()]

    def with_rule(self, rule: Rule) -> Group:
        """The group with one more rule. It has no rule of that id."""
        layers = list(self.layers)
        pool = [rule]
        if layers and len(layers[-1].rules) < RECENT:
            pool += layers.pop().alive()
        while len(pool) >= RECENT and layers and len(layers[-1]) < 2 * len(pool):
            pool += layers.pop().alive()
        return group(self.kind, (*layers, layer(pool, self.kind)))

    def without(self, id: str) -> Group:
        """The group without a rule; itself where it has none of that id."""
        layers = list(self.layers)
        for at, one in enumerate(layers):
            if not one.has(id):
                continue
            gone = one.gone | {id}
            if len(gone) == len(one.rules):
                del layers[at]
            elif len(one.rules) <= RECENT or len(gone) > max(RECENT, len(one.rules) // 4):
                layers[at] = layer((rule for rule in one.alive() if rule.id != id), self.kind)
            else:
                layers[at] = replace(one, gone=gone)
            return group(self.kind, tuple(layers))
        return self

    def settled(self, pause: Pause = nothing) -> Group:
        """The same rules in one layer; itself where that would hardly be better."""
        young = sum(len(one.rules) for one in self.layers[1:]) + sum(len(one.gone) for one in self.layers[:1])
        if young <= max(RECENT, len(self) // 20):
            return self
        return fresh(self.alive(), self.kind, pause)


def fresh(rules: Iterable[Rule], kind: Kind, pause: Pause = nothing, *, lasting: bool = False) -> Group:
    """A group of one layer."""
    found = list(rules)
    return group(kind, (layer(found, kind, pause, lasting=lasting),) if found else ())


def layer(rules: Iterable[Rule], kind: Kind, pause: Pause = nothing, *, lasting: bool = False) -> Layer:
    """An index of some rules."""
    ordered = sorted(rules, key=lambda rule: rule.place)
    items = []
    for number, rule in enumerate(ordered):
        if not number % 16:
            pause()
        items.append(filed(rule, kind))
    built = build(items, kind.type, pause, lasting=lasting)
    special = frozenset(
        rule.id
        for rule in ordered
        if rule.stop or rule.status != LIVE or rule.scope.exclude or rule.id in built.framed
    )
    orders = frozenset(rule.order for rule in ordered)
    return Layer({rule.id: rule for rule in ordered}, built.match, built.framed, special, orders)


def filed(rule: Rule, kind: Kind) -> Item:
    """A rule as it is filed. What may fail has to be asked as its author wrote it, and is found for every event."""
    closed = not ((kind.fallible or rule.lets) and may_fail(rule))
    parts = conjuncts(inlined(rule)) if closed else [rule.condition]
    return item(rule.id, rule.order, parts, closed=closed)


def may_fail(rule: Rule) -> bool:
    """Whether asking a rule can fail: it looks something up in a table, or fills a template."""
    left: list[Any] = [rule.condition, *(term for _, term in rule.lets)]
    while left:
        node = left.pop()
        if isinstance(node, Lookup | MakeRecord | Filled):
            return True
        if isinstance(node, Meant):
            left += [getattr(node, one.name) for one in fields(node) if one.name != "span"]
        elif isinstance(node, tuple):
            left += [part for part in node if not isinstance(part, str | Span)]
    return False


def group(kind: Kind, layers: tuple[Layer, ...]) -> Group:
    """A group of layers."""
    return Group(kind, layers, _matching(layers), not any(one.special for one in layers))


def _matching(layers: tuple[Layer, ...]) -> Matching:
    """The function of layers; that of the one, where one is all there is."""
    if not layers:
        return _none
    if len(layers) == 1 and not layers[0].gone:
        return layers[0].match
    orders = frozenset(order for one in layers for order in one.orders)
    return _merging([(one.match, one.gone) for one in layers], _order(layers) if len(orders) > 1 else None)


def _merging(
    parts: list[tuple[Matching, frozenset[str]]], order: Callable[[str], tuple[int, str]] | None
) -> Matching:
    def match(body: Any) -> list[str]:
        out: list[str] = []
        for of, gone in parts:
            found = of(body)
            out += [id for id in found if id not in gone] if gone else found
        if len(out) > 1:
            out.sort(key=order)
        return out

    return match


def _order(layers: tuple[Layer, ...]) -> Callable[[str], tuple[int, str]]:
    def place(id: str) -> tuple[int, str]:
        return next(one.rules[id] for one in reversed(layers) if one.has(id)).place

    return place


def _none(body: Any) -> list[str]:
    return []
