"""The clauses of a rule about time, checked: what it counts or waits for, under which key, and how often it may act."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from atamo_rules.compiler import constants, operands
from atamo_rules.compiler.context import NOTHING, Binding, Context, Environment, near
from atamo_rules.compiler.paths import taken
from atamo_rules.functions.cron import trouble
from atamo_rules.model.meaning import Get, Term
from atamo_rules.model.types import EventType, ListOf, Record
from atamo_rules.model.window import COLLECTED, OVER, Schedule, Step, Throttle, Time, Window, WindowKind
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

MAIN = "event"
NO_EVENT = EventType(OVER, Record({}))
"""What a rule with a schedule reads: nothing."""
DAYS = {"day": "*", "weekday": "1-5", "weekend": "0,6", "monday": "1", "tuesday": "2", "wednesday": "3",
        "thursday": "4", "friday": "5", "saturday": "6", "sunday": "0"}  # fmt: skip
"""The days a schedule may name, as cron has them."""
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
MOST = 10_000
"""Events that a rule counts, or times that it may act, in one window: each is kept as long as the window is."""
COLLECTS = 1000
"""Events that are collected at most."""
LONGEST = timedelta(days=3660)
"""The longest window."""


class Trigger(NamedTuple):
    """What a rule is about: the events in their order, and which of them it reads by bare names."""

    ons: tuple[decl.On, ...]
    main: int
    by: tuple[tree.Path, ...] = ()


def trigger_of(written: decl.Rule) -> Trigger | None:
    """The events a rule is about, none for one with a schedule; None where nothing says when it fires."""
    match written.trigger:
        case decl.On() as on:
            return Trigger((on,), 0)
        case decl.Times() as times:
            return Trigger((times.on,), 0, times.by)
        case decl.Different() | decl.Collect() as one:
            return Trigger((one.on,), 0, one.by)
        case decl.Then() as then:
            return Trigger(then.events, len(then.events) - 1, then.by)
        case decl.Without() as without:
            return Trigger((without.on, without.missing), 0, without.by)
        case decl.Schedule():
            return Trigger((), 0)
        case _:
            return None


def bound(trigger: Trigger, events: tuple[EventType, ...], context: Context) -> Context:
    """The names that `as` gives to the events of a trigger; the one that is read by bare names has two."""
    for at, (on, event) in enumerate(zip(trigger.ons, events, strict=True)):
        if on.alias is None:
            continue
        name = on.alias.text
        if name in context.names or (len(events) > 1 and taken(name, context)):
            context.report.append(
                codes.NAME_CLASH.at(
                    on.alias.span, f"`{name}` already means something here", help="choose another name"
                )
            )
            continue
        root = MAIN if at == trigger.main else name
        whole = Get(root, (), event.type, span=on.alias.span)
        context = context.bind(name, Binding(whole, event.type, on.alias.span))
    return context


def acting(written: decl.Rule, event: EventType, context: Context) -> Context:
    """Where the actions of a rule stand: those of one that collects also read the list of all events."""
    if not isinstance(written.trigger, decl.Collect):
        return context
    span = written.trigger.span
    known = context.names.get(COLLECTED)
    if known is not None:
        message = f"`{COLLECTED}` names all that is collected, so nothing else here may be called that"
        context.report.append(codes.NAME_CLASH.at(known.span, message, help="choose another name"))
        return context
    type = ListOf(event.type)
    return context.bind(COLLECTED, Binding(Get(COLLECTED, (), type, span=span), type, span))


def time_of(
    written: decl.Rule,
    trigger: Trigger,
    events: tuple[EventType, ...],
    environment: Environment,
    context: Context,
) -> Time | None:
    """The clauses about time as they are meant, without their digests; None where there are none, or one is wrong.
    `context` is where the actions stand: the key of `at most` may read all that they may."""
    report = context.report
    before = len(report)
    for on in trigger.ons:
        if on.request and (
            len(events) > 1 or written.at_most is not None or trigger.ons[0] is not written.trigger
        ):
            report.append(
                codes.BAD_TIME.at(
                    on.span,
                    "a request is answered at once: it is no event that a rule counts or waits for",
                    help="write the rule on an event, and let the rule of the request `emit` it",
                )
            )
    schedule = _schedule(written, report) if isinstance(written.trigger, decl.Schedule) else None
    window = _window(written, trigger, events, environment, report)
    throttle: Throttle | None = None
    if written.at_most is not None:
        at_most = written.at_most
        _whole(at_most.count, at_most.span, report)
        per = _length(at_most.per, report)
        throttle = Throttle(at_most.count, per, _key(at_most.by, context))
    if len(report) > before or (window is None and throttle is None and schedule is None):
        return None
    by = tuple(path.span.text for path in trigger.by)
    throttle_by = tuple(path.span.text for path in written.at_most.by) if written.at_most else ()
    return Time(
        written.name.span.source.full(written.name.text),
        window,
        throttle,
        schedule=schedule,
        by=by,
        throttle_by=throttle_by,
    )


def _schedule(written: decl.Rule, report: list[Diagnostic]) -> Schedule | None:
    every = written.trigger
    assert isinstance(every, decl.Schedule)
    for one in (*written.include, *written.exclude):
        report.append(
            codes.BAD_TIME.at(
                one.span,
                "nobody sends what a schedule does, so it is for nobody",
                help="say as whom an action is done: `send agent.action as user name`",
            )
        )
    zone = str(every.zone.value) if every.zone is not None else "UTC"
    if every.zone is not None and not _is_zone(zone):
        close = near(zone, available_timezones())
        report.append(
            codes.BAD_TIME.at(
                every.zone.span,
                f"there is no time zone `{zone}`",
                label=f"did you mean `{close}`?" if close else "",
                help="write its name in the IANA database, such as `Europe/Paris`",
            )
        )
        return None
    cron, length = _period(every.period)
    why = trouble(cron) if cron else ""
    if why or (not cron and not timedelta(0) < length <= LONGEST):
        what = f"`{cron}` is no schedule: {why}" if why else "a schedule comes again after a while"
        report.append(codes.BAD_WINDOW.at(every.span, what))
        return None
    match every.missed:
        case "all" | "skip" as missed:
            return Schedule(cron, length, zone, missed)
        case _:
            return Schedule(cron, length, zone)


def _period(text: str) -> tuple[str, timedelta]:
    """A period as cron, or as a length of time."""
    words = text.split(None, 1)
    if words[0] == "cron":
        return words[1][1:-1], timedelta(0)
    if words[0] in DAYS:
        hour, minute = words[1].removeprefix("at ").split(":")
        return f"{int(minute)} {int(hour)} * * {DAYS[words[0]]}", timedelta(0)
    amount, unit = (Decimal(words[0]), words[1]) if len(words) > 1 else (Decimal(1), words[0])
    return "", timedelta(microseconds=int(amount * SECONDS[unit.removesuffix("s")] * 1_000_000))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _window(
    written: decl.Rule,
    trigger: Trigger,
    events: tuple[EventType, ...],
    environment: Environment,
    report: list[Diagnostic],
) -> Window | None:
    kind: WindowKind
    count, of = 1, tuple[tree.Path, ...]()
    match written.trigger:
        case decl.Times(count=number, within=within):
            kind = "times"
            count = _whole(number.value, number.span, report)
        case decl.Different(count=number, within=within, of=of):
            kind = "different"
            count = _whole(number.value, number.span, report)
        case decl.Collect(count=many, within=within):
            kind = "collect"
            count = COLLECTS if many is None else _whole(many.value, many.span, report, COLLECTS)
        case decl.Then(within=within):
            kind = "then"
        case decl.Without(within=within):
            kind = "without"
        case _:
            return None
    steps = []
    for at, (on, event) in enumerate(zip(trigger.ons, events, strict=True)):
        alias = on.alias.text if on.alias is not None else f" {at + 1}"
        key = _key(trigger.by, Context(environment, event, report))
        steps.append(Step(event.name, MAIN if at == trigger.main else alias, key))
    different = _key(of, Context(environment, events[trigger.main], report))
    late = written.trigger.late
    lateness = _length(late, report) if late is not None else None
    return Window(kind, tuple(steps), _length(within, report), count, different, lateness)


def _key(paths: tuple[tree.Path, ...], context: Context) -> tuple[Term, ...]:
    found: list[Term] = []
    for path in paths:
        key = operands.operand(path, replace(context, lenient=True), NOTHING)
        if key is None:
            continue
        if isinstance(key.term, Get) and key.term.many:
            context.report.append(
                codes.BAD_TIME.at(path.span, f"`{path.span.text}` is many values, so it is no key")
            )
        _clash(path, context)
        found.append(key.term)
    return tuple(found)


def _clash(path: tree.Path, context: Context) -> None:
    """Refuse a key that names both who sent the event, or when, and a field of it: a reader could not tell which is
    meant."""
    word, event = str(path.steps[0].key), context.event
    if len(path.steps) > 1 or word not in ("user", "now") or event is None:
        return
    if isinstance(event.type, Record) and word in event.type.members:
        meant = "`user.name` for who sent it" if word == "user" else "another name"
        context.report.append(
            codes.NAME_CLASH.at(
                path.span,
                f"`{word}` is both a field of the event and {'who sent it' if word == 'user' else 'its time'}",
                help=f"write `event.{word}` for the field, or {meant}",
            )
        )


def _whole(value: object, span: Span, report: list[Diagnostic], most: int = MOST) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    report.append(
        codes.BAD_WINDOW.at(span, f"how often is a whole number from 1 to {most}, and this is `{value}`")
    )
    return 1


def _length(written: tree.Quantity, report: list[Diagnostic]) -> timedelta:
    found = constants.quantity(written)
    if not timedelta(0) < found <= LONGEST:
        report.append(
            codes.BAD_WINDOW.at(
                written.span, f"a window is longer than nothing, and at most {LONGEST.days} days long"
            )
        )
    return found
