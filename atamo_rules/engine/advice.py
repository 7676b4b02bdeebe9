"""Why an index cannot find a rule, and what its author can write so that it can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atamo_rules.engine.index.conjuncts import conjuncts, disjuncts
from atamo_rules.engine.index.group import Kind, filed
from atamo_rules.engine.index.keys import SHORTEST
from atamo_rules.engine.index.plan import LOOP
from atamo_rules.engine.index.report import blind
from atamo_rules.engine.index.ways import ways
from atamo_rules.engine.lets import inlined
from atamo_rules.engine.shapes import nanoseconds
from atamo_rules.model.meaning import (
    Among,
    Any,
    Apply,
    Condition,
    Const,
    Constant,
    Get,
    Not,
    Test,
)
from atamo_rules.model.rule import DRAFT, Rule, Ruleset
from atamo_rules.model.types import Anything
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span

NARROW = (
    "narrow it down with `and`: a field that `is`, is `one of`, `starts with` or is above or below a constant"
)


MOST_SCANNING = 20.0
"""Microseconds of every event that rules which cannot be looked up may take before `verify` warns."""
MOST_NAMED = 5
"""Rules that one warning names."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What keeps a rule from being looked up, where it stands, and the remedy."""

    span: Span
    why: str
    help: str


def advice(rule: Rule) -> Advice:
    """For a rule that every event has to ask."""
    if isinstance(rule.condition, Constant):
        return Advice(
            rule.span, "it has no condition on the event", "give it a `when`, unless every event is meant"
        )
    found = [_of_part(part) for part in conjuncts(inlined(rule))]
    return min(found, key=lambda one: one[0])[1]


def _of_part(part: Condition) -> tuple[int, Advice]:
    """The advice on one conjunct, and how far it is from being of use: the least is what to change."""
    branches = disjuncts(part)
    if len(branches) > 1:
        for branch in branches:
            inner = conjuncts(branch)
            if not ways(inner):
                rank, told = min((_of_part(one) for one in inner), key=lambda one: one[0])
                why = f"one side of an `or` cannot be looked up, so neither can the others: {told.why}"
                return rank + 1, Advice(told.span, why, told.help)
    match part:
        case Test(left=Get(root="user")):
            remedy = "write `for user …`, `for group …` or `for organisation …` instead: those are looked up"
            return 1, Advice(part.span, "a condition on the user is not looked up", remedy)
        case Test(left=Get(root=root)) if root != "event":
            return 4, Advice(
                part.span, "a value that is worked out for each event cannot be looked up", NARROW
            )
        case Test(operator="eq" | "in", left=Apply(function="lower" | "upper", arguments=(Get() as get,)),
                  right=Const()):  # fmt: skip
            why = "a function of a field cannot be looked up"
            return 0, Advice(part.span, why, f"write `{get.span.text} is … ignoring case`, which can")
        case Test(
            operator="eq" | "in", left=Apply(function="domain", arguments=(Get() as get,)), right=Const()
        ):
            why = "a function of a field cannot be looked up"
            return 0, Advice(
                part.span, why, f'write `{get.span.text} ends with "@…" ignoring case`, which can'
            )
        case Test(operator="contains" | "regex" | "glob", left=Get(), right=Const()):
            why = f"it asks for no text of {SHORTEST} characters or more that must be there"
            return 2, Advice(part.span, why, f"ask for a longer part, or {NARROW}")
        case Test(left=Get(), right=Get()):
            return 5, Advice(part.span, "two fields of the event are compared, which no index knows", NARROW)
        case Test():
            return 4, Advice(
                part.span, "a value that is worked out for each event cannot be looked up", NARROW
            )
        case Not():
            return 6, Advice(part.span, "what most events are not tells none of them apart", NARROW)
        case Among() | Any():
            return 3, Advice(part.span, "nothing in it has to equal a constant", NARROW)
    return 7, Advice(part.span, "it is true of too many events to tell them apart", NARROW)


def scans(ruleset: Ruleset, most: float = MOST_SCANNING) -> Iterator[Diagnostic]:
    """For each event type on which the rules that every event asks take longer than `most` microseconds, a warning at
    the dearest of them."""
    for type, rules in scanned(ruleset).items():
        took = sum(nanoseconds for _, nanoseconds in rules) / 1000
        if took <= most:
            continue
        dearest, *others = (rule for rule, _ in rules)
        told = advice(dearest)
        count = "1 rule" if not others else f"{len(rules)} rules"
        named = ", ".join(f"`{rule.id}`" for rule in others[:MOST_NAMED])
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        yield codes.SCANNED.at(
            told.span,
            f"every `{type}` asks {count} that cannot be looked up, which takes about {took:.1f} µs; "
            f"the dearest is `{dearest.id}`",
            label=told.why,
            notes=[f"the other{' is' if len(others) == 1 else 's are'} {named}{more}"] if others else (),
            help=told.help,
        )


def scanned(ruleset: Ruleset) -> dict[str, list[tuple[Rule, float]]]:
    """The rules that every event of their type asks, and about how many nanoseconds each takes, the dearest first."""
    found: dict[str, list[tuple[Rule, float]]] = {}
    for rule in ruleset.rules:
        declared = ruleset.events.get(rule.event)
        kind = Kind(Anything() if declared is None else declared.type, bool(ruleset.tables))
        if rule.status != DRAFT and blind(filed(rule, kind)):
            took = max(LOOP, nanoseconds(inlined(rule)))
            found.setdefault(rule.event, []).append((rule, took))
    for rules in found.values():
        rules.sort(key=lambda one: -one[1])
    return found
