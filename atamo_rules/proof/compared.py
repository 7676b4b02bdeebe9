"""What a change of a rule's condition changes: an event that it acts on now and did not before, one the other way
round, or that there is neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.proof.formula import And, against, of_rule
from atamo_rules.proof.search import Effort
from atamo_rules.proof.space import Answer, Space, Verdict


class Moved(NamedTuple):
    """The events that a rule acts on now and did not before, and those that it acted on before and does not now."""

    rule: str
    more: Answer
    less: Answer

    @property
    def same(self) -> bool:
        """Whether it is proved to act on the same events."""
        return self.more.verdict is self.less.verdict is Verdict.NO


def moved(then: Ruleset, now: Ruleset, effort: Effort | None = None) -> Iterator[Moved]:
    """The rules whose condition changed, by what they were and are asked of the events of today's types. A rule that is
    on another event now, or reads several, is left out: it cannot be compared so."""
    before = {rule.id: rule for rule in then.rules}
    spaces: dict[str, Space] = {}
    for rule in now.rules:
        old = before.get(rule.id)
        if old is None or not _comparable(old, rule) or rule.event not in now.events:
            continue
        if rule.event not in spaces:
            spaces[rule.event] = Space(now.events[rule.event], effort=effort)
        space = spaces[rule.event]
        yield Moved(
            rule.id,
            space.can(And((of_rule(rule), against(of_rule(old))))),
            space.can(And((of_rule(old), against(of_rule(rule))))),
        )


def _comparable(then: Rule, now: Rule) -> bool:
    joins = any(one.time is not None and one.time.joins for one in (then, now))
    asks = then.condition != now.condition or then.lets != now.lets
    return then.event == now.event and asks and not joins
