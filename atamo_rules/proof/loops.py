"""Rules that may make one another act for ever: each emits an event on which the next one acts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from atamo_rules.model.meaning import Const, MakeRecord, Test
from atamo_rules.model.rule import LIVE, Plan, Rule
from atamo_rules.model.types import Record
from atamo_rules.proof.formula import And, Lit, of_rule, plain_atom
from atamo_rules.proof.space import Verdict
from atamo_rules.proof.witnesses import Witnesses
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label

MOST = 2_000
"""Ways from one rule to the next that are looked at."""


def loops(rules: Sequence[Rule], asked: Mapping[str, Witnesses]) -> Iterator[Diagnostic]:
    """Each rule that may come back to itself by what it emits, once for all the rules on that way. A rule with clauses
    about time is not gone through: it acts when its time has come, and no more often than it may."""
    by_event: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.status == LIVE and rule.time is None:
            by_event.setdefault(rule.event, []).append(rule)
    left = MOST
    ways: dict[str, list[Rule]] = {}
    for rule in (one for beside in by_event.values() for one in beside):
        for plan in _emits(rule.plans):
            for next in by_event.get(plan.action, ()):
                left -= 1
                if left < 0:
                    return
                if next not in ways.get(rule.id, ()) and _acts_on(next, plan.arguments, asked):
                    ways.setdefault(rule.id, []).append(next)
    told: set[str] = set()
    for rule in rules:
        way = [] if rule.id in told else _back(rule, ways)
        if way:
            told |= {one.id for one in way}
            names = " → ".join(f"`{one.id}`" for one in (*way, way[0]))
            (first, *_) = _emits(rule.plans)
            yield codes.LOOP.at(
                first.span,
                f"these rules may go round for ever: {names}"
                if len(way) > 1
                else f"`{rule.id}` may act on what it emits itself, for ever",
                also=[Label(one.span, f"`{one.id}` emits, too") for one in way[1:]],
                notes=["the hub ends such a chain after 16 steps, and tells"],
                help="ask in one of them for what ends it, or say `at most` how often",
            )


def _emits(plans: Sequence[Plan]) -> Iterator[Plan]:
    for plan in plans:
        if plan.verb == "emit":
            yield plan
        yield from _emits(plan.on_timeout)


def _acts_on(rule: Rule, arguments: MakeRecord, asked: Mapping[str, Witnesses]) -> bool:
    """Whether a rule may act on an event with these fields, as far as they are written out."""
    space = asked[rule.event].space
    type = space.event.type
    known: list[Lit] = []
    for key, term, _ in arguments.entries:
        member = type.members.get(key) if isinstance(type, Record) else None
        if member is not None and isinstance(term, Const) and (kind := _kind(term.value)):
            test = Test("eq", term, term, kind, span=term.span)
            known.append(Lit(plain_atom(test, (key,), member.type), True))
    return space.can(And((of_rule(rule), *known))).verdict is not Verdict.NO


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number" if isinstance(value, int | Decimal) else ""


def _back(rule: Rule, ways: Mapping[str, Sequence[Rule]]) -> list[Rule]:
    """The shortest way from a rule back to itself, beginning with it; empty where there is none."""
    line: list[list[Rule]] = [[rule]]
    seen: set[str] = set()
    for way in line:
        for next in ways.get(way[-1].id, ()):
            if next is rule:
                return way
            if next.id not in seen:
                seen.add(next.id)
                line.append([*way, next])
    return []
