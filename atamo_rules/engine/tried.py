"""The rules that an event is tried on, in their order: what an index answers without asking each of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from atamo_rules.engine.once import Once
from atamo_rules.model.event import Event
from atamo_rules.model.rule import DRAFT, Rule, Ruleset


@dataclass(frozen=True, slots=True)
class OfType:
    """The rules that events of a type may have a part in, drafts left out. `scoped` are the positions of those that are
    not for everybody."""

    rules: tuple[Rule, ...]
    scoped: tuple[int, ...]

    def considered(self, event: Event, stopped_by: Rule | None) -> int:
        """How many rules were tried: those for the event's user, up to one that stopped it."""
        end = len(self.rules) if stopped_by is None else self._after(stopped_by)
        refused = sum(
            not self.rules[at].scope.admits(event.user)
            for at in self.scoped[: bisect_right(self.scoped, end - 1)]
        )
        return end - refused

    def tried(self, event: Event, stopped_by: Rule | None) -> Iterator[Rule]:
        """The rules that were tried; without those that several events make fire, of which no single event decides."""
        for rule in self.rules[: None if stopped_by is None else self._after(stopped_by)]:
            if rule.scope.admits(event.user) and not (rule.time is not None and rule.time.joins):
                yield rule

    def _after(self, rule: Rule) -> int:
        return bisect_right(self.rules, rule.place, key=lambda one: one.place)


def of_type(ruleset: Ruleset, type: str) -> OfType:
    """The rules of a type, looked for once."""
    return _types(ruleset).get(type, _NONE)


_NONE = OfType((), ())


def _by_type(ruleset: Ruleset) -> dict[str, OfType]:
    found: dict[str, list[Rule]] = {}
    for rule in ruleset.rules:
        if rule.status == DRAFT:
            continue
        joins = rule.time is not None and rule.time.joins
        for type in dict.fromkeys(rule.time.events) if joins and rule.time is not None else (rule.event,):
            found.setdefault(type, []).append(rule)
    return {
        type: OfType(
            tuple(rules),
            tuple(at for at, rule in enumerate(rules) if rule.scope.include or rule.scope.narrowed),
        )
        for type, rules in found.items()
    }


_types: Once[Ruleset, dict[str, OfType]] = Once(_by_type)
