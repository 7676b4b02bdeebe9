"""A test played through: its events decided on a virtual clock, its asked agents answered by mocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from atamo_rules.engine.decide import decide, elapse, resume
from atamo_rules.engine.examples import example
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.state import micros
from atamo_rules.model.case import Answer, Case, GivenEvent
from atamo_rules.model.decision import Action, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.types import Json

HOPS = 16
"""Emitted events follow one another at most so far."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""When every test begins: tests see a virtual clock."""


@dataclass(slots=True)
class Play:
    """One test while it is played: its clock, what it remembers of windows, and what was done so far."""

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


def given(step: GivenEvent, number: int, now: datetime, run: Play) -> None:
    """Decide one event of a test."""
    type = run.ruleset.events[step.type]
    body = example(type.type, step.body)
    _decide(Event(f"test-{number}", step.type, body, now, step.user), run)


def pass_to(until: datetime, run: Play, *, before: bool = False) -> None:
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


def _decide(event: Event, run: Play) -> None:
    pass_to(event.at, run, before=True)
    run.events.append(event)
    ledger = run.book.ledger(micros(run.clock))
    fired = decide(run.ruleset, event, only=run.case.rule, ledger=ledger).fired
    run.book.keep(ledger.written)
    _act(event, fired, run)


def _act(event: Event, found: tuple[Fired, ...], run: Play) -> None:
    for fired in found:
        run.fired.add(fired.rule)
        if not fired.shadow:
            _follow(fired, event, run)


def _follow(fired: Fired, event: Event, run: Play) -> None:
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
        answer = next((a for a in run.case.answers if named(asked, a.target, run)), None)
        if answer is None:
            run.unanswered.append(asked.target)
            return
        failed = answer.timeout or answer.error is not None
        fired = resume(run.ruleset, event, waiting, _answered(answer, asked, run), timeout=failed)


def named(action: Action, target: str, run: Play) -> bool:
    """Whether an action is what a test calls it: `agent.action`, or the type of action that the agent does."""
    return target == action.target or (action.target in run.ruleset.messages and target == action.action)


def _answered(answer: Answer, asked: Action, run: Play) -> Json:
    offered = run.ruleset.actions.get(asked.target)
    if offered is None or offered.answer is None or answer.body is None:
        return answer.body
    return example(offered.answer, answer.body)
