"""Tests in rule files: given events and expectations, checked against the types before they run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from atamo_rules.compiler import constants
from atamo_rules.compiler.context import Environment, near
from atamo_rules.compiler.describe import describe
from atamo_rules.compiler.rules import plain
from atamo_rules.compiler.written_types import fits
from atamo_rules.model.case import Answer, Case, Expectation, Expected, GivenEvent, Match
from atamo_rules.model.people import User
from atamo_rules.model.types import Anything, Json, ListOf, MapOf, Record, Type
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree


def case(
    written: decl.Test,
    rule: str,
    environment: Environment,
    rules: Mapping[str, str],
    report: list[Diagnostic],
) -> Case | None:
    """The test as it is meant, or None after saying every mistake in it. `rule` is the id of the one it stands in,
    empty at top level; `rules` are the ids of all by the names that can be written here."""
    before = len(report)
    checker = _Cases(environment, rules, report)
    steps: list[GivenEvent | Expected] = []
    for step in written.steps:
        made = checker.given(step) if isinstance(step, decl.Given) else checker.expect(step)
        if made is not None:
            steps.append(made)
            checker.in_time(step, made)
    answers = tuple(checker.answer(mock) for mock in written.mocks)
    if not any(isinstance(step, decl.Expect) for step in written.steps):
        report.append(
            codes.BAD_TEST.at(
                written.name.span,
                f"the test `{written.name.text}` expects nothing of anything",
                help="add `expect …`, or `expect nothing`",
            )
        )
    elif not any(isinstance(step, decl.Given) or step.at is not None for step in written.steps):
        report.append(
            codes.BAD_TEST.at(
                written.name.span,
                f"the test `{written.name.text}` has no `given`",
                help="give it an event: `given event.type { … }`",
            )
        )
    if any(d.severity is codes.ERROR for d in report[before:]):
        return None
    return Case(written.name.text, rule, tuple(steps), written.name.span, answers)


class _Cases:
    """The checks of one test; thrown away after it."""

    def __init__(self, environment: Environment, rules: Mapping[str, str], report: list[Diagnostic]) -> None:
        self.environment = environment
        self.rules = rules
        self.report = report
        self.reached = self.next = timedelta(0)
        """When the last that was said happens, and when what says no time of its own would."""

    def in_time(self, written: decl.Given | decl.Expect, step: GivenEvent | Expected) -> None:
        """Refuse a step that is said to be before one that stands above it: time in a test only goes on."""
        if step.at is not None and step.at < self.reached:
            self.report.append(
                codes.BAD_TEST.at(
                    written.at.span if written.at is not None else step.span,
                    f"this is before {_clock(self.reached)}, when the line above it happens",
                    help="put the lines of a test in the order of their times",
                )
            )
        start = step.at if step.at is not None else self.next
        if isinstance(step, GivenEvent):
            self.reached = max(self.reached, start + step.every * (step.times - 1))
            self.next = start + step.every * step.times
        elif step.at is not None:
            self.reached = self.next = max(self.reached, step.at)

    def given(self, step: decl.Given) -> GivenEvent | None:
        name = step.event.text
        event = self.environment.events.get(name)
        if event is None:
            self.unknown(step.event, "event type", self.environment.events)
            return None
        body = self.body(step.fields, event.type, name)
        user = None
        if step.by is not None:
            groups = frozenset(group.text for group in step.by.groups)
            organisation = step.by.organisation.text if step.by.organisation else ""
            user = User(step.by.user.text, groups, organisation)
        times, every = 1, timedelta(0)
        if step.repeat is not None:
            times = step.repeat.times
            every = constants.quantity(step.repeat.every) if step.repeat.every else every
        return GivenEvent(name, body, step.span, user, times, every, self.clock(step.at))

    def expect(self, step: decl.Expect) -> Expected:
        found = tuple(self.one(expected) for expected in step.expected)
        return Expected(found, step.span, self.clock(step.at))

    def one(self, expected: decl.Expected) -> Expectation:
        kind, target = expected.kind, expected.target.text if expected.target else ""
        shape: Record | Anything = Anything()
        if kind == "action" and expected.target is not None:
            kind, shape = self.target(expected.target)
        elif kind == "rule" and expected.target is not None:
            if target not in self.rules:
                self.unknown(expected.target, "rule", self.rules)
            target = self.rules.get(target, target)
        matches = tuple(self.match(matcher, shape, target or kind) for matcher in expected.matchers)
        return Expectation(kind, target, expected.span, matches, expected.times)

    def target(self, name: tree.Name) -> tuple[str, Record | Anything]:
        """Whether a name is an agent's action or an emitted event, and what its body looks like."""
        environment = self.environment
        if name.text in environment.actions:
            return "action", environment.actions[name.text].parameters
        if name.text in environment.types:
            return "type", environment.types[name.text].parameters
        if name.text in environment.events:
            return "emit", environment.events[name.text].type
        agent = name.text.rpartition(".")[0]
        if agent in environment.agents or near(name.text, [*environment.actions, *environment.events]):
            self.unknown(name, "action", [*environment.actions, *environment.events])
        return "action", Anything()

    def match(self, matcher: decl.Matcher, shape: Record | Anything, what: str) -> Match:
        keys = tuple(step.key for step in matcher.keys)
        self.type_at(shape, matcher.keys, what)
        value = plain(matcher.value) if matcher.value is not None else None
        return Match(keys, matcher.operator, value, matcher.span)

    def answer(self, mock: decl.Mock) -> Answer:
        target = mock.target.text
        offered = self.environment.actions.get(target) or self.environment.types.get(target)
        if offered is None and self.environment.agents.get(target.rpartition(".")[0]) is not None:
            self.unknown(mock.target, "action", self.environment.actions)
        body: Json = None
        if mock.answer is not None:
            shape = offered.answer if offered is not None and offered.answer is not None else Anything()
            body = self.body(mock.answer, shape, target)
        error = str(mock.error.value) if mock.error is not None else None
        return Answer(target, body, error, mock.timeout)

    def body(self, written: tree.ObjectValue, shape: Record | Anything, what: str) -> Json:
        """The body a test writes, dotted keys nested, each value checked against its type."""
        body: dict[str, Json] = {}
        for entry in written.entries:
            type = self.type_at(shape, entry.keys, what)
            value = self.value(entry.value, type)
            place = body
            for step in entry.keys[:-1]:
                inner = place.setdefault(str(step.key), {})
                if not isinstance(inner, dict):
                    self.report.append(
                        codes.BAD_TEST.at(step.span, f"`{step.key}` was given a plain value before")
                    )
                    inner = {}
                place = inner
            place[str(entry.keys[-1].key)] = value
        return body

    def value(self, written: tree.Value, type: Type | None) -> Json:
        if isinstance(written, tree.ObjectValue):
            shape = type if isinstance(type, Record) else Anything()
            return self.body(written, shape, "the object")
        if isinstance(written, tree.ListValue):
            item = type.item if isinstance(type, ListOf) else None
            return [self.value(part, item) for part in written.items]
        value = plain(written)
        if isinstance(written, tree.Quantity):
            value = f"PT{constants.quantity(written).total_seconds():g}S"
        if type is not None and value is not None and not fits(value, type):
            self.report.append(
                codes.BAD_TEST.at(written.span, f"`{written.span.text}` is not {describe(type)}")
            )
        return value

    def type_at(self, shape: Type, steps: tuple[tree.Step, ...], what: str) -> Type | None:
        """The type at a path of a body; a field that is not there is a mistake in the test."""
        type: Type = shape
        for step in steps:
            if isinstance(type, Anything):
                return None
            if isinstance(type, MapOf):
                type = type.value
            elif isinstance(type, ListOf) and isinstance(step.key, int):
                type = type.item
            elif isinstance(type, Record) and step.key in type.members:
                type = type.members[str(step.key)].type
            else:
                if self.environment.is_lost(what, str(step.key)):
                    return None
                known = list(type.members) if isinstance(type, Record) else []
                close = near(str(step.key), known)
                self.report.append(
                    codes.BAD_TEST.at(
                        step.span,
                        f"`{what}` has no field `{step.key}`",
                        label=f"did you mean `{close}`?" if close else "",
                        fixes=[Fix(f"write `{close}`", (Edit(step.span, close),))] if close else (),
                    )
                )
                return None
        return type

    def unknown(self, name: tree.Name, kind: str, known: Collection[str]) -> None:
        if self.environment.is_lost(name.text, name.text.rpartition(".")[0]):
            return
        close = near(name.text, known)
        span: Span = name.span
        self.report.append(
            codes.BAD_TEST.at(
                span,
                f"there is no {kind} `{name.text}`",
                label=f"did you mean `{close}`?" if close else "",
                fixes=[Fix(f"write `{close}`", (Edit(span, close),))] if close else (),
            )
        )

    def clock(self, at: tree.Literal | None) -> timedelta | None:
        """A virtual time such as `00:04` (hours and minutes, or with seconds) since the test began."""
        if at is None:
            return None
        parts = str(at.value).split(":")
        if not 2 <= len(parts) <= 3 or not all(part.isdigit() and len(part) <= 4 for part in parts):
            self.report.append(
                codes.BAD_TEST.at(at.span, f"`{at.value}` is not a time", help="write `00:04`")
            )
            return None
        hours, minutes, seconds = (*map(int, parts), 0)[:3]
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _clock(passed: timedelta) -> str:
    """How a test writes a moment."""
    minutes, seconds = divmod(int(passed.total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
