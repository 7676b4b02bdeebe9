"""The rules of one event type and one scope, in layers: a large index that stays, and small ones of what came since.

Nothing here is ever changed. A rule that comes makes a new youngest layer, and one that goes is named in what its layer
no longer counts; whoever holds the old group goes on with it. Layers are joined when the younger has grown to a good
part of the older (the logarithmic method of Bentley and Saxe, 1980), so that a rule is filed again only a few times
however many come.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

from atamo_rules.engine.index.buckets import Matching
from atamo_rules.engine.index.build import GENERATED, PASSING, Built, build, looped
from atamo_rules.engine.index.conjuncts import conjuncts
from atamo_rules.engine.index.pausing import Pause, nothing, paused
from atamo_rules.engine.index.plan import Item, item
from atamo_rules.engine.index.rests import Warming
from atamo_rules.engine.lets import inlined
from atamo_rules.model.meaning import Filled, Lookup, MakeRecord, Meant
from atamo_rules.model.people import User
from atamo_rules.model.rule import LIVE, Rule
from atamo_rules.model.types import Type
from atamo_rules.source.span import Span

RECENT = 64
"""Rules in the youngest layer, which is a loop."""
TIMES = 4
"""A layer is joined to younger ones once they are this part of it: a quarter."""
NONE: frozenset[str] = frozenset()
Found: TypeAlias = "tuple[Rule, bool]"
"""A rule whose key the event has, and whether it is still to be asked, because it reads more than the body."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the rules of a type have in common: the event's type, and whether asking a condition can fail, as it can
    where there are decision tables."""

    type: Type
    fallible: bool


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """An index of some rules. `framed` are those that it finds and does not ask, because they read more than the body;
    `special` those that need a second look, also because of `except`, `stop` or their status.

    `gone` and `going` are no longer rules; the second set is small, so that one more costs little. `items` are the
    rules as they are filed, kept where they will soon be filed again.
    """

    rules: dict[str, Rule]
    match: Matching
    framed: frozenset[str]
    special: frozenset[str]
    orders: frozenset[int]
    items: tuple[Item, ...] = ()
    functions: tuple[Warming, ...] = ()
    gone: frozenset[str] = NONE
    going: frozenset[str] = NONE

    def __len__(self) -> int:
        return len(self.rules) - len(self.gone) - len(self.going)

    def has(self, id: str) -> bool:
        return id in self.rules and id not in self.going and id not in self.gone

    def alive(self) -> list[Rule]:
        """The rules that still are, in no certain order."""
        return [rule for id, rule in self.rules.items() if self.has(id)]

    def without(self, id: str) -> Layer:
        """The layer with one rule less, which it has."""
        if len(self.going) < RECENT:
            return replace(self, going=self.going | {id})
        return replace(self, gone=self.gone | self.going | {id}, going=NONE)


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

    def reached(self, body: Any, user: User | None) -> list[Found]:
        """The rules that an event reaches, in order, less those that `except` or their owner keep from the user."""
        out: list[Found] = []
        layers = self.layers
        for id in self.match(body):
            one = layers[0] if len(layers) == 1 else self._layer(id)
            rule = one.rules[id]
            if id not in one.special or rule.scope.admits(user):
                out.append((rule, id in one.framed))
        return out

    def _layer(self, id: str) -> Layer:
        """The layer that has a rule of the group."""
        return next(one for one in reversed(self.layers) if one.has(id))

    def has(self, id: str) -> bool:
        return any(one.has(id) for one in self.layers)

    def alive(self) -> list[Rule]:
        """Every rule, in no certain order."""
        return [rule for one in self.layers for rule in one.alive()]

    def with_rule(self, rule: Rule, pause: Pause = nothing) -> Group:
        """The group with one more rule. It has no rule of that id."""
        layers = list(self.layers)
        pool: list[Pair] = []
        if layers and layers[-1].items and len(layers[-1].rules) < RECENT:
            pool = _pairs(layers.pop(), self.kind)
        insort(pool, (rule, filed(rule, self.kind)), key=lambda pair: pair[0].place)
        if len(pool) < RECENT:
            return group(self.kind, (*layers, _loop(pool)))
        # Not the oldest: that is filed again by `settled`, in its own time.
        while len(layers) > 1 and len(layers[-1]) < TIMES * len(pool):
            pool += _pairs(layers.pop(), self.kind)
        pool.sort(key=lambda pair: pair[0].place)
        return group(self.kind, (*layers, _layer(pool, self.kind, PASSING, pause, kept=True)))

    def without(self, id: str) -> Group:
        """The group without a rule; itself where it has none of that id."""
        for at, one in enumerate(self.layers):
            if one.has(id):
                if len(one) == 1:
                    left: tuple[Layer, ...] = ()
                elif one.items and len(one.rules) <= RECENT:
                    left = (_loop([pair for pair in _pairs(one, self.kind) if pair[0].id != id]),)
                else:
                    left = (one.without(id),)
                return group(self.kind, (*self.layers[:at], *left, *self.layers[at + 1 :]))
        return self

    def settled(self, pause: Pause = nothing, effort: int = GENERATED) -> Group:
        """The same rules in one layer; itself where that would hardly be better."""
        young = sum(len(one.rules) for one in self.layers[1:])
        gone = sum(len(one.rules) - len(one) for one in self.layers[:1])
        if young + gone <= max(RECENT, len(self) // 20):
            return self
        return fresh(self.alive(), self.kind, pause, effort)


Pair: TypeAlias = "tuple[Rule, Item]"


def _pairs(one: Layer, kind: Kind) -> list[Pair]:
    """The rules of a layer that still are, as they are filed, in their order."""
    if one.items:
        return [(one.rules[item.id], item) for item in one.items if one.has(item.id)]
    return [(rule, filed(rule, kind)) for rule in sorted(one.alive(), key=lambda rule: rule.place)]


def fresh(rules: Iterable[Rule], kind: Kind, pause: Pause = nothing, effort: int = GENERATED) -> Group:
    """A group of one layer."""
    pairs: list[Pair] = []
    for rule in paused(sorted(rules, key=lambda rule: rule.place), pause):
        pairs.append((rule, filed(rule, kind)))
    return group(kind, (_layer(pairs, kind, effort, pause),) if pairs else ())


def _layer(
    pairs: Sequence[Pair], kind: Kind, effort: int, pause: Pause = nothing, *, kept: bool = False
) -> Layer:
    """An index of some rules, which are in their order."""
    built = build([item for _, item in pairs], kind.type, pause, effort)
    return _described(pairs, built, kept=kept)


def _loop(pairs: Sequence[Pair]) -> Layer:
    """A few rules that were not planned at all."""
    return _described(pairs, looped([item for _, item in pairs]), kept=True)


def _described(pairs: Sequence[Pair], built: Built, *, kept: bool) -> Layer:
    special = frozenset(
        rule.id
        for rule, _ in pairs
        if rule.stop or rule.status != LIVE or rule.scope.narrowed or rule.id in built.framed
    )
    orders = frozenset([rule.order for rule, _ in pairs])
    items = tuple([item for _, item in pairs]) if kept else ()
    return Layer(
        {rule.id: rule for rule, _ in pairs},
        built.match,
        built.framed,
        special,
        orders,
        items,
        built.functions,
    )


def filed(rule: Rule, kind: Kind) -> Item:
    """A rule as it is filed. What may fail has to be asked as its author wrote it, and is found for every event."""
    closed = not ((kind.fallible or rule.lets) and may_fail(rule))
    parts = conjuncts(inlined(rule) if rule.lets else rule.condition) if closed else [rule.condition]
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
    if len(layers) == 1 and len(layers[0]) == len(layers[0].rules):
        return layers[0].match
    orders = frozenset(order for one in layers for order in one.orders)
    parts = [(one.match, one.gone, one.going) for one in layers]
    return _merging(parts, _order(layers) if len(orders) > 1 else None)


def _merging(
    parts: list[tuple[Matching, frozenset[str], frozenset[str]]],
    order: Callable[[str], tuple[int, str, str]] | None,
) -> Matching:
    def match(body: Any) -> list[str]:
        out: list[str] = []
        for of, gone, going in parts:
            found = of(body)
            if found and (gone or going):
                found = [id for id in found if id not in gone and id not in going]
            out += found
        if len(out) > 1:
            out.sort(key=order)
        return out

    return match


def _order(layers: tuple[Layer, ...]) -> Callable[[str], tuple[int, str, str]]:
    def place(id: str) -> tuple[int, str, str]:
        return next(one.rules[id] for one in reversed(layers) if one.has(id)).place

    return place


def _none(body: Any) -> list[str]:
    return []
