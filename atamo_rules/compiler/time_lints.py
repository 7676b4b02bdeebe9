"""Findings about clauses of time: what changes nothing, and windows whose events can never go together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from atamo_rules.model.meaning import All, Condition, Const, Get, Test
from atamo_rules.model.window import Schedule, Throttle, Time, Window
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.syntax import declarations as decl

SLACK = timedelta(hours=2, minutes=1)
"""By how much less than said two moments of a schedule may lie apart: clocks are changed, and one may come late."""


def idle(written: decl.Rule, time: Time) -> Iterator[Diagnostic]:
    """What is warned of in the clauses about time of a rule that compiles."""
    window = time.window
    if window is not None and window.kind in ("times", "different", "collect") and window.count == 1:
        assert written.trigger is not None
        yield codes.IDLE_TIME.at(
            written.trigger.span,
            "one is reached by every event, so nothing is counted",
            help=f"write `on {window.steps[0].event}`, or a larger number",
        )
    if written.at_most is not None and _never_holds_back(time.schedule, time.throttle):
        yield codes.IDLE_TIME.at(
            written.at_most.span,
            "this can never hold the rule back: its schedule comes less often",
            help="drop it, or make it stricter than the schedule",
        )


def apart(condition: Condition, window: Window) -> Iterator[Diagnostic]:
    """Parts of a condition that want other values of a key from one event than from another: events go together under
    one key only."""
    wanted: dict[int, Test] = {}
    for part in condition.parts if isinstance(condition, All) else (condition,):
        if not (isinstance(part, Test) and part.operator == "eq" and not part.ignore_case):
            continue
        left, right = part.left, part.right
        if not (isinstance(left, Get) and isinstance(right, Const)):
            continue
        for step in window.steps:
            for at, key in enumerate(step.key):
                if not (step.alias == left.root and isinstance(key, Get) and key.steps == left.steps):
                    continue
                first = wanted.setdefault(at, part)
                if not _same(_constant(first), right.value):
                    both = f"`{part.span.text}` cannot hold together with `{first.span.text}`"
                    yield codes.NEVER_TRUE.at(
                        part.span,
                        f"{both}: `by` wants one value of both",
                        help="change one of them, or leave it out of the key",
                    )


def _constant(test: Test) -> object:
    assert isinstance(test.right, Const)
    return test.right.value


def _same(one: object, other: object) -> bool:
    """Whether two constants are one key: a boolean is no number."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _never_holds_back(schedule: Schedule | None, throttle: Throttle | None) -> bool:
    """Whether no stretch of the throttle has room for more moments than it lets through. A schedule that makes up for
    missed moments may do so shortly before the next."""
    if schedule is None or throttle is None or schedule.missed != "skip" or schedule.cron:
        return False
    least = schedule.every - SLACK
    return least > timedelta(0) and -(-throttle.per // least) <= throttle.count
