"""Tests of rule files, run: given events decided, asked agents answered by mocks, expectations compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from atamo_rules.engine.decide import decide, elapse, resume, rule_of
from atamo_rules.engine.examples import example
from atamo_rules.engine.operators import OPERATORS, TYPES
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.shelves import schedules
from atamo_rules.engine.windows.state import micros
from atamo_rules.model.case import Answer, Case, Expectation, Expected, GivenEvent, Match
from atamo_rules.model.decision import Action, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json
from atamo_rules.source.span import Span

HOPS = 16
"""Emitted events follow one another at most so far."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""When every test begins: tests see a virtual clock."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met: where it stands, and what came instead, in lines to be read."""

    span: Span
    message: str
    got: tuple[str, ...] = ()


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


@dataclass(slots=True)
class _Run:
    ruleset: Ruleset
    case: Case
    actions: list[Action] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    fired: set[str] = field(default_factory=set)
    unanswered: list[str] = field(default_factory=list)
    book: Book = field(default_factory=Book)
    clock: datetime = BEGIN
    later: list[tuple[datetime, Action]] = field(default_factory=list)
    """Actions that wait, and until when."""


def run_case(ruleset: Ruleset, case: Case) -> CaseResult:
    """Run one test: the rule it stands in alone, or, at top level, the whole ruleset. Never raises."""
    run = _Run(ruleset, case)
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
            _pass(until, run)
            now = max(now, until) if step.at is not None else now
            failures.extend(_expect(step, run))
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
            _given(step, number, now, run)
            now += step.every
    return CaseResult(case, tuple(failures), frozenset(run.fired), tuple(run.events), _vacuous(run))


def _given(step: GivenEvent, number: int, now: datetime, run: _Run) -> None:
    type = run.ruleset.events[step.type]
    body = example(type.type, step.body)
    _decide(Event(f"test-{number}", step.type, body, now, step.user), run)


def _pass(until: datetime, run: _Run, *, before: bool = False) -> None:
    """Let time pass: what waits for it happens, up to a moment, or `before` it."""
    while places := run.book.take(micros(until), 1, before=before):
        (place,) = places
        state = run.book.get(place)
        assert state is not None
        ledger = run.book.ledger(state.wake)
        ends = list(elapse(run.ruleset, place, state, ledger))
        run.book.keep(ledger.written)
        run.book.enter(place)
        for event, decision in ends:
            run.clock = max(run.clock, event.at)
            run.events.append(event)
            _act(event, decision.fired, run)
    run.clock = max(run.clock, until)
    run.actions += [action for due, action in run.later if due < until or (due == until and not before)]
    run.later = [one for one in run.later if one[0] > until or (one[0] == until and before)]


def _decide(event: Event, run: _Run) -> None:
    _pass(event.at, run, before=True)
    run.events.append(event)
    ledger = run.book.ledger(micros(run.clock))
    fired = decide(run.ruleset, event, only=run.case.rule, ledger=ledger).fired
    run.book.keep(ledger.written)
    _act(event, fired, run)


def _act(event: Event, found: tuple[Fired, ...], run: _Run) -> None:
    for fired in found:
        run.fired.add(fired.rule)
        if not fired.shadow:
            _follow(fired, event, run)


def _follow(fired: Fired, event: Event, run: _Run) -> None:
    """Take a rule's actions, answer what it asks, and go on with the rest."""
    while True:
        run.problems.extend(fired.problems)
        for action in fired.actions:
            if action.after is not None:
                run.later.append((run.clock + timedelta(seconds=float(action.after)), action))
                continue
            run.actions.append(action)
            if action.verb == "emit" and event.hops < HOPS and not run.case.rule:
                at = event.at + timedelta(0)
                _decide(
                    Event(action.id, action.action, action.body, at, event.user, hops=event.hops + 1), run
                )
        waiting = fired.waiting
        if waiting is None:
            return
        asked = fired.actions[-1]
        answer = next((a for a in run.case.answers if _named(asked, a.target, run)), None)
        if answer is None:
            run.unanswered.append(asked.target)
            return
        failed = answer.timeout or answer.error is not None
        fired = resume(run.ruleset, event, waiting, _answered(answer, asked, run), timeout=failed)


def _named(action: Action, target: str, run: _Run) -> bool:
    """Whether an action is what a test calls it: `agent.action`, or the type of action that the agent does."""
    return target == action.target or (action.target in run.ruleset.messages and target == action.action)


def _answered(answer: Answer, asked: Action, run: _Run) -> Json:
    offered = run.ruleset.actions.get(asked.target)
    if offered is None or offered.answer is None or answer.body is None:
        return answer.body
    return example(offered.answer, answer.body)


def _expect(step: Expected, run: _Run) -> list[Failure]:
    if not step.all:
        if not run.actions:
            return []
        return [Failure(step.span, "expected nothing, but something was done", _told(run))]
    failures: list[Failure] = []
    for expectation in step.all:
        message = _unmet(expectation, run)
        if message:
            failures.append(Failure(expectation.span, message, _told(run)))
    return failures


def _unmet(expectation: Expectation, run: _Run) -> str:
    """Why an expectation is not met, or empty."""
    what = expectation.target or expectation.kind
    if expectation.kind == "rule":
        fired = expectation.target in run.fired
        if expectation.times == 0:
            return f"the rule `{what}` fired" if fired else ""
        return "" if fired else f"the rule `{what}` did not fire"
    same = [action for action in run.actions if _is(action, expectation, run)]
    wrong: list[str] = []
    met = 0
    for action in same:
        differs = [text for text in (_differs(match, action.body) for match in expectation.matches) if text]
        met += not differs
        wrong.extend(differs)
    times = expectation.times
    if times is None:
        if met:
            return ""
        if same:
            return f"`{what}` was done, but {'; '.join(dict.fromkeys(wrong))}"
        return f"`{what}` was not done"
    if met == times:
        return ""
    wanted = {0: "not at all", 1: "once"}.get(times, f"{times} times")
    return f"expected `{what}` {wanted}, and it was done {met} times"


def _is(action: Action, expectation: Expectation, run: _Run) -> bool:
    match expectation.kind:
        case "reply":
            return action.verb == "reply" and action.error is None
        case "error":
            return action.verb == "reply" and action.error is not None
        case "emit":
            return action.verb == "emit" and action.action == expectation.target
        case _:
            return action.verb not in ("emit", "reply") and _named(action, expectation.target, run)


_BY = {"is": "eq", "contains": "contains", "starts with": "prefix", "ends with": "suffix", "matches": "regex",
       "is like": "glob", "is in network": "cidr", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
       "is one of": "in"}  # fmt: skip
_NEGATED = {"is not": "is", "does not contain": "contains", "does not start with": "starts with",
            "does not end with": "ends with", "does not match": "matches", "is not like": "is like",
            "is not in network": "is in network", "is not one of": "is one of", "is absent": "is present",
            "is not null": "is null", "does not exist": "exists", "is not empty": "is empty",
            **{f"is not {kind}": f"is {kind}" for kind in ("a text", "a number", "a boolean", "a list", "an object")},
            }  # fmt: skip
_MISSING = object()
_STATES: Mapping[str, Callable[[Any], bool]] = {
    "exists": lambda found: found is not _MISSING,
    "is null": lambda found: found is None,
    "is present": lambda found: found is not _MISSING and found is not None,
    "is empty": lambda found: isinstance(found, str | list | dict) and not found,
    **{f"is {'an' if kind == 'object' else 'a'} {kind}": check for kind, check in TYPES.items()},
}
"""What is asked of a value that may be `_MISSING`."""


def _differs(match: Match, body: Json) -> str:
    """What is wrong with one field of an action's body, or empty."""
    name = ".".join(str(key) for key in match.path)
    found: Any = body
    for key in match.path:
        if isinstance(found, dict) and key in found:
            found = found[str(key)]
        elif isinstance(found, list) and isinstance(key, int) and key < len(found):
            found = found[key]
        else:
            found = _MISSING
            break
    operator = _NEGATED.get(match.operator, match.operator)
    negated = operator != match.operator
    if operator in _STATES:
        good = _STATES[operator](found)
    elif found is _MISSING:
        return f"`{name}` is missing"
    elif operator == "is between":
        low, high = match.value if isinstance(match.value, list) and len(match.value) == 2 else (None, None)
        good = OPERATORS["ge"](found, low, "json", False) and OPERATORS["le"](found, high, "json", False)
    else:
        good = OPERATORS[_BY[operator]](found, match.value, "json", False)
    if good is not negated:
        return ""
    if operator == "is present":
        return f"`{name}` is {'there' if negated else 'missing'}"
    return f"`{name}` is {'missing' if found is _MISSING else _short(found)}"


_FEW = 20
"""Actions that a failed test has a line for each of."""


def _told(run: _Run) -> tuple[str, ...]:
    """What happened, for a person to read: the actions, what went wrong, and the last event in full."""
    lines = [f"did {action.verb} {action.target} {_short(action.body, 200)}" for action in run.actions[:_FEW]]
    if len(run.actions) > _FEW:
        lines.append(f"did {len(run.actions) - _FEW} more")
    lines += [f"problem: {problem}" for problem in run.problems]
    lines += [
        f"`{target}` was asked and has no answer: add `mock {target} -> {{ … }}`"
        for target in dict.fromkeys(run.unanswered)
    ]
    if not run.actions:
        lines.append("did nothing")
    lines += [f"waits: {action.verb} {action.target}, until {_offset(due)}" for due, action in run.later]
    if run.events:
        lines.append(f"event {run.events[0].type} {_short(run.events[0].body, 400)}")
    return tuple(lines)


def _offset(moment: datetime) -> str:
    """A moment as tests write it: how long after their beginning."""
    minutes, seconds = divmod(int((moment - BEGIN).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}{f':{seconds:02}' if seconds else ''}"


def _short(value: Json, width: int = 80) -> str:
    text = encode(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def _vacuous(run: _Run) -> str:
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
