"""The rules that an event is tried on, in their order: what an index answers without asking each of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from atamo_rules.engine.once import Once
from atamo_rules.model.event import Event
from atamo_rules.model.rule import DRAFT, Rule, Ruleset


@dataclass(frozen=True, slots=True)
class OfType:
    """The rules that events of a type may have a part in, drafts left out. `scoped` are the positions of those that are
    not for everybody; `alone` says that each is for everybody, and for no more than one event."""

    rules: tuple[Rule, ...]
    scoped: tuple[int, ...]
    alone: bool

    def considered(self, event: Event, stopped_by: Rule | None) -> int:
        """How many rules were tried: those for the event's user, up to one that stopped it."""
        end = len(self.rules) if stopped_by is None else self._after(stopped_by)
        if not self.scoped:
            return end
        refused = sum(
            not self.rules[at].scope.admits(event.user)
            for at in self.scoped[: bisect_right(self.scoped, end - 1)]
        )
        return end - refused

    def tried(self, event: Event, stopped_by: Rule | None) -> Iterable[Rule]:
        """The rules that were tried; without those that several events make fire, of which no single event decides."""
        rules = self.rules if stopped_by is None else self.rules[: self._after(stopped_by)]
        return rules if self.alone else _single(rules, event)

    def _after(self, rule: Rule) -> int:
        return bisect_right(self.rules, rule.place, key=lambda one: one.place)


def _single(rules: Iterable[Rule], event: Event) -> Iterator[Rule]:
    for rule in rules:
        if rule.scope.admits(event.user) and not (rule.time is not None and rule.time.joins):
            yield rule


NO_RULES = OfType((), (), True)


def _by_type(ruleset: Ruleset) -> dict[str, OfType]:
    found: dict[str, list[Rule]] = {}
    for rule in ruleset.rules:
        if rule.status == DRAFT:
            continue
        joins = rule.time is not None and rule.time.joins
        for type in dict.fromkeys(rule.time.events) if joins and rule.time is not None else (rule.event,):
            found.setdefault(type, []).append(rule)
    return {type: _of_type(tuple(rules)) for type, rules in found.items()}


def _of_type(rules: tuple[Rule, ...]) -> OfType:
    scoped = tuple([at for at, rule in enumerate(rules) if rule.scope.include or rule.scope.narrowed])
    joins = any(rule.time is not None and rule.time.joins for rule in rules)
    return OfType(rules, scoped, not scoped and not joins)


types_of: Once[Ruleset, dict[str, OfType]] = Once(_by_type)
"""The rules of each type of a ruleset, looked for once."""
