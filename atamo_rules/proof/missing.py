"""Events for what no test shows yet: each outcome of each part of a condition, or that no event can have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atamo_rules.engine.conditions import joined
from atamo_rules.engine.coverage import Outcome
from atamo_rules.model.meaning import All, Any, Condition, Not
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.proof.formula import And, Formula, against, of_part
from atamo_rules.proof.space import Answer, Space


def answers(ruleset: Ruleset, missing: Sequence[Outcome]) -> Iterator[Answer | None]:
    """For each outcome an event that has it, if there can be one; None where rules with several events are asked."""
    rules = {rule.id: rule for rule in ruleset.rules}
    spaces: dict[str, Space] = {}
    for outcome in missing:
        rule = rules[outcome.rule]
        event = ruleset.events.get(rule.event)
        if event is None or (rule.time is not None and rule.time.joins):
            yield None
            continue
        if rule.event not in spaces:
            spaces[rule.event] = Space(event)
        formula = _reached(rule, rule.condition, outcome)
        yield None if formula is None else spaces[rule.event].can(formula)


def _reached(rule: Rule, node: Condition, outcome: Outcome) -> Formula | None:
    """What has to hold for a part of a condition to be asked, and to come out so; None where it is not in this one."""
    if parts := joined(node):
        for at, part in enumerate(parts):
            inner = _reached(rule, part, outcome)
            if inner is not None:
                before = (of_part(rule, one) for one in parts[:at])
                return And((*(before if isinstance(node, All) else map(against, before)), inner))
        return None
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return _reached(rule, node.part, outcome)
    if (node.span.start, node.span.end) != (outcome.span.start, outcome.span.end):
        return None
    whole = of_part(rule, node)
    return whole if outcome.held else against(whole)
