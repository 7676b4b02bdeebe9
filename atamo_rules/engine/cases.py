"""Tests of rule files, run: given events decided, asked agents answered by mocks, expectations compared."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.engine.decide import rule_of
from atamo_rules.engine.expecting import Failure, unmet
from atamo_rules.engine.playing import BEGIN, Play, given, pass_to
from atamo_rules.engine.windows.shelves import schedules
from atamo_rules.model.case import Case, Expected
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a test went. `vacuous` is why it says nothing, or empty; `events` are all it decided."""

    case: Case
    failures: tuple[Failure, ...]
    fired: frozenset[str]
    events: tuple[Event, ...]
    vacuous: str = ""

    @property
    def passed(self) -> bool:
        return not self.failures and not self.vacuous


def run_case(ruleset: Ruleset, case: Case) -> CaseResult:
    """Run one test: the rule it stands in alone, or, at top level, the whole ruleset. Never raises."""
    run = Play(ruleset, case)
    only = {case.rule} if case.rule else None
    run.book.keep(schedules(ruleset, BEGIN, run.book.get, only))
    failures: list[Failure] = []
    now = BEGIN
    number = 0
    expected = False
    for step in case.steps:
        if isinstance(step, Expected):
            until = max(run.clock, BEGIN + step.at) if step.at is not None else run.clock
            if expected and until > run.clock:
                run.actions.clear()
                run.problems.clear()
            pass_to(until, run)
            now = max(now, until) if step.at is not None else now
            failures.extend(unmet(step, run))
            expected = True
            continue
        if expected:
            # Expectations are about what was done since the events before them, or since an earlier expectation.
            run.actions.clear()
            run.problems.clear()
            expected = False
        now = BEGIN + step.at if step.at is not None else now
        for _ in range(min(step.times, 10_000)):
            number += 1
            given(step, number, now, run)
            now += step.every
    return CaseResult(case, tuple(failures), frozenset(run.fired), tuple(run.events), _vacuous(run))


def _vacuous(run: Play) -> str:
    """Why a test that expects nothing shows nothing, or empty."""
    case = run.case
    if any(step.all for step in case.steps if isinstance(step, Expected)):
        return ""
    if case.rule:
        rule = rule_of(run.ruleset, case.rule)
        if rule.time is not None and rule.time.schedule is not None:
            return "" if run.clock > BEGIN else "no time passes: write `at 09:00 expect nothing`"
        wanted = (rule.time.events if rule.time is not None else ()) or (rule.event,)
        if not any(event.type in wanted for event in run.events):
            return f"no event of type `{rule.event}` is given, so `{rule.id}` could never act"
        if not any(event.type in wanted and rule.scope.admits(event.user) for event in run.events):
            return f"`{rule.id}` is not for the user of this event, so its condition was never asked"
        return ""
    types = {rule.event for rule in run.ruleset.rules}
    return "" if any(event.type in types for event in run.events) else "no rule is on the given event types"
