"""What can be proved of a ruleset as a whole, and of each rule: what `verify` says beyond types and tests.

Every finding is proved or shown: that something cannot happen follows from the conditions and the types alone, and that
it can is an event that was asked of the engine. What can be neither is not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atamo_rules.model.meaning import All, Condition, Constant
from atamo_rules.model.rule import DRAFT, Rule, Ruleset
from atamo_rules.proof.beside import stopped, twice, unanswered
from atamo_rules.proof.loops import loops
from atamo_rules.proof.search import Effort
from atamo_rules.proof.space import Verdict
from atamo_rules.proof.witnesses import Witnesses
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label

MOST = 40
"""Parts of a condition of which it is asked whether fewer are enough."""


def proved(
    ruleset: Ruleset, said: Sequence[Diagnostic] = (), effort: Effort | None = None
) -> Iterator[Diagnostic]:
    """Everything that can be proved of a ruleset; what `said` says of a rule already is not said again. Once `effort`
    is spent, nothing more is found."""
    known = [one for one in said if one.code in (codes.NEVER_TRUE, codes.ALWAYS_TRUE)]
    by_event: dict[str, list[Rule]] = {}
    for rule in ruleset.rules:
        if rule.event in ruleset.events and not any(_about(one, rule) for one in known):
            by_event.setdefault(rule.event, []).append(rule)
    alive: dict[str, list[Rule]] = {}
    asked = {name: Witnesses(ruleset.events[name], effort) for name in by_event}
    for name, rules in by_event.items():
        for rule in rules:
            found = _dead(rule, asked[name]) or _always(rule, asked[name])
            if found is not None:
                yield found
            if rule.status != DRAFT and (found is None or found.code is not codes.NEVER_TRUE):
                alive.setdefault(name, []).append(rule)
    for name, rules in alive.items():
        yield from stopped(rules, asked[name])
        yield from twice(rules, asked[name])
        yield from unanswered(rules, asked[name], ruleset.cases)
    yield from loops([rule for rules in alive.values() for rule in rules], asked)


def _about(said: Diagnostic, rule: Rule) -> bool:
    """Whether something was said of a rule, or of a part of its condition."""
    span = said.span
    return any(
        span.source is place.source and place.start <= span.start and span.end <= place.end
        for place in (rule.span, rule.condition.span)
    )


def _dead(rule: Rule, asked: Witnesses) -> Diagnostic | None:
    """A rule whose condition no event satisfies, with the parts of it that are enough for that."""
    if asked.of(rule).verdict is not Verdict.NO:
        return None
    parts = _parts(rule.condition)
    core = list(parts)
    for part in parts if len(parts) <= MOST else ():
        fewer = [one for one in core if one is not part]
        if fewer and asked.never(rule, fewer):
            core = fewer
    *others, last = core
    return codes.NEVER_TRUE.at(
        last.span,
        f"`{rule.id}` can never act: no event satisfies {_together(core)}",
        also=[Label(one.span, "beside this") for one in others],
        help="change one of them, or join them with `or`" if others else "change it, or delete the rule",
    )


def _always(rule: Rule, asked: Witnesses) -> Diagnostic | None:
    if isinstance(rule.condition, Constant) or not asked.always(rule):
        return None
    return codes.ALWAYS_TRUE.at(
        rule.condition.span,
        f"the condition of `{rule.id}` always holds",
        help="drop the `when`, or change what it asks",
    )


def _parts(condition: Condition) -> tuple[Condition, ...]:
    """What the author joined with `and`."""
    if isinstance(condition, All):
        return tuple(one for part in condition.parts for one in _parts(part))
    return (condition,)


def _together(parts: Sequence[Condition]) -> str:
    said = [f"`{' '.join(one.span.text.split())}`" for one in parts]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]} together"
