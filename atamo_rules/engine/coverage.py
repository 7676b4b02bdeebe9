"""Which outcomes of which sub-conditions the tests have shown: each atom true and false, each row, each timeout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atamo_rules.engine import conditions
from atamo_rules.engine.cases import CaseResult
from atamo_rules.engine.coverage_joined import asked, conditions_of
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.render import Problem
from atamo_rules.model.meaning import All, Any, Condition, Constant, Not
from atamo_rules.model.rule import DRAFT, Ruleset
from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing a test could show: a sub-condition of a rule being true, or being false."""

    rule: str
    span: Span
    held: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """`covered` of `total` outcomes were shown; `missing` are the others, in the order of the rules."""

    covered: int
    total: int
    missing: tuple[Outcome, ...]

    @property
    def percent(self) -> int:
        """Whole percent, rounded down; 100 when there is nothing to show."""
        return 100 if not self.total else self.covered * 100 // self.total


def coverage(ruleset: Ruleset, results: Sequence[CaseResult]) -> Coverage:
    """What the tests have shown. A sub-condition counts as asked only where evaluation reaches it; one about several
    events where a test gives all of them, under one key. Schedules are left out: a moment that passes leaves nothing.
    """
    seen: set[tuple[str, int, int, bool]] = set()
    by_type: dict[str, list[CaseResult]] = {}
    for result in results:
        for type in {event.type for event in result.events}:
            by_type.setdefault(type, []).append(result)
    wanted: list[Outcome] = []
    for rule in ruleset.rules:
        if rule.status == DRAFT or (rule.time is not None and rule.time.schedule is not None):
            continue
        if rule.time is not None and rule.time.joins:
            atoms = [atom for part in conditions_of(rule) for atom in _atoms(part)]
            wanted += dict.fromkeys(
                Outcome(rule.id, atom.span, held) for atom in atoms for held in (True, False)
            )
            for result in results:
                if result.case.rule in ("", rule.id):
                    for condition, frame in asked(rule, result.events):
                        _ask(condition, frame, rule.id, seen)
            continue
        one = ready(rule)
        for atom in _atoms(rule.condition):
            wanted += [Outcome(rule.id, atom.span, True), Outcome(rule.id, atom.span, False)]
        for result in by_type.get(rule.event, ()):
            if result.case.rule not in ("", rule.id):
                continue
            for event in result.events:
                if event.type == rule.event and rule.scope.admits(event.user):
                    _ask(rule.condition, frame_of(one, event), rule.id, seen)
    missing = tuple(o for o in wanted if (o.rule, o.span.start, o.span.end, o.held) not in seen)
    return Coverage(len(wanted) - len(missing), len(wanted), missing)


def _atoms(node: Condition) -> list[Condition]:
    if parts := conditions.joined(node):
        return [atom for part in parts for atom in _atoms(part)]
    if isinstance(node, Not):
        return _atoms(node.part) if isinstance(node.part, All | Any | Not) else [node]
    return [] if isinstance(node, Constant) else [node]


def _ask(node: Condition, frame: Frame, rule: str, seen: set[tuple[str, int, int, bool]]) -> bool:
    """Evaluate as the engine does, stopping where it stops, and note every atom on the way."""
    if parts := conditions.joined(node):
        holding = (_ask(part, frame, rule, seen) for part in parts)
        return all(holding) if isinstance(node, All) else any(holding)
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        return not _ask(node.part, frame, rule, seen)
    try:
        held = conditions.condition(node)(frame)
    except Problem:
        held = False
    seen.add((rule, node.span.start, node.span.end, held))
    return held
