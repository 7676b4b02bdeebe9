"""Rules: a written rule to a rule as it is meant."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from atamo_rules.compiler import conditions, operands, plans, time_lints, times
from atamo_rules.compiler.context import GUARDED, NOTHING, Binding, Context, Environment, Facts, near
from atamo_rules.compiler.guards import guards_of
from atamo_rules.compiler.paths import gathered, taken
from atamo_rules.model.contribution import TABLE
from atamo_rules.model.meaning import Condition, Constant, Get, Term, Verdict
from atamo_rules.model.people import Scope, Who
from atamo_rules.model.rule import DRAFT, LIVE, SHADOW, Rule
from atamo_rules.model.types import Anything, EventType, Json
from atamo_rules.model.window import Time
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.wording import words


def rule(
    written: decl.Rule,
    pack: decl.Pack | None,
    environment: Environment,
    report: list[Diagnostic],
    used: set[tuple[str, str]],
) -> Rule | None:
    """The rule as it is meant, or None after saying every mistake in it."""
    before = len(report)
    trigger = times.trigger_of(written)
    if trigger is None:
        report.append(
            codes.MISSING_CLAUSE.at(
                written.name.span,
                f"the rule `{written.name.text}` has no `on`",
                help="add `on event.type`",
            )
        )
        return None
    known = [event_of(on, environment, report) for on in trigger.ons]
    # What does not hang on an event's fields is still checked.
    events = tuple(one or open_event(on, environment) for one, on in zip(known, trigger.ons, strict=True))
    used.update(("event", one.name) for one in events)
    event = events[trigger.main] if events else times.NO_EVENT
    context = Context(environment, event, report, used=used, provider=written.provider)
    context = times.bound(trigger, events, context)
    lets: list[tuple[str, Term]] = []
    for let in written.lets:
        context = _let(let, context, lets)
    condition, facts = _condition(written, context)
    made = plans.plans(written.actions, times.acting(written, event, context), facts)
    time = times.time_of(written, trigger, events, environment, context)
    if None in known or condition is None or any(d.severity is codes.ERROR for d in report[before:]):
        return None
    said = metadata(written)
    owner = owner_of(said, pack)
    result = Rule(
        written.name.span.source.full(written.name.text),
        event.name,
        condition,
        made,
        written.name.span,
        Scope(reach(written, owner), _who(written.exclude), owner),
        tuple(lets),
        _order(written, report),
        written.stop,
        _status(written, report),
        pack.name.text if pack is not None else "",
        str(written.about.value) if written.about else "",
        said,
        provider=written.provider,
        space=written.name.span.source.space,
    )
    if time is not None:
        report.extend(time_lints.idle(written, time))
        if time.window is not None and len(time.window.steps) > 1:
            report.extend(time_lints.apart(condition, time.window))
        result = replace(result, time=_digested(time, condition, lets))
    return result if not any(d.severity is codes.ERROR for d in report[before:]) else None


def _digested(time: Time, condition: Condition, lets: Sequence[tuple[str, Term]]) -> Time:
    """The clauses about time with what their states are kept under: digests of all that gives those a meaning."""
    meant = digest_of(time.window, time.schedule, condition, lets)
    return replace(time, window_digest=meant, throttle_digest=digest_of(time.throttle, lets))


def event_of(on: decl.On, environment: Environment, report: list[Diagnostic]) -> EventType | None:
    """The event type a trigger names, or None after saying what is wrong with it."""
    name = on.event.text
    event = environment.events.get(name)
    kind = "request" if on.request else "event type"
    if event is None:
        if not environment.is_lost(name):
            close = near(name, [e.name for e in environment.events.values() if e.request == on.request])
            report.append(
                codes.UNKNOWN_NAME.at(
                    on.event.span,
                    f"there is no {kind} `{name}`",
                    label=f"did you mean `{close}`?" if close else "",
                    help=None if close else f"declare it: `{kind.removesuffix(' type')} {name}`",
                    fixes=[Fix(f"write `{close}`", (Edit(on.event.span, close),))] if close else (),
                )
            )
        return None
    if event.request != on.request:
        right = f"request {name}" if event.request else name
        report.append(
            codes.UNKNOWN_NAME.at(
                on.event.span,
                f"`{name}` is {'a request' if event.request else 'an event type, not a request'}",
                help=f"write `on {right}`",
            )
        )
        return None
    return event


def open_event(on: decl.On, environment: Environment) -> EventType:
    """What to go on with where the event that is named does not exist: an event type of which nothing is known, or the
    request itself where only the word `request` is missing."""
    declared = environment.events.get(on.event.text)
    if declared is not None and declared.request:
        return declared
    return EventType(on.event.text, Anything(), request=on.request, answer=Anything() if on.request else None)


def _let(let: decl.Let, context: Context, lets: list[tuple[str, Term]]) -> Context:
    name = let.name.text
    if taken(name, context):
        context.report.append(
            codes.NAME_CLASH.at(
                let.name.span, f"`{name}` already means something here", help="choose another name"
            )
        )
        return context
    found = operands.operand(let.value, context, NOTHING)
    if found is None:
        here = Get(name, (), Anything(), span=let.name.span)
        return context.bind(name, Binding(here, Anything(), let.name.span))
    if isinstance(found.term, Verdict):
        # A condition with a name stands for itself wherever the name does, so that what matches can be indexed.
        return context.bind(name, Binding(found.term, found.type, let.name.span))
    found = gathered(found)
    lets.append((name, found.term))
    here = Get(name, (), found.type, span=let.name.span)
    return context.bind(name, Binding(here, found.type, let.name.span, optional=found.absent is not None))


def _condition(written: decl.Rule, context: Context) -> tuple[Condition | None, Facts]:
    if "when" in written.unread:
        return None, GUARDED
    if written.condition is None:
        return Constant(True, span=written.name.span), NOTHING
    if written.provider == TABLE:  # as in every table, a cell whose field is not there does not hold
        context = replace(context, lenient=True)
    outcome = conditions.condition(written.condition, context, NOTHING)
    if outcome is not None:
        return outcome.condition, outcome.when_true
    # The actions are still checked: what the condition would have guarded is taken as guarded.
    return None, guards_of(written.condition)


def _who(principals: tuple[decl.Principal, ...]) -> tuple[Who, ...]:
    return tuple(Who(principal.kind, principal.name.text) for principal in principals)


def metadata(written: decl.Rule) -> dict[str, Json]:
    """What is said of a rule, by its heads."""
    return {str(item.keys[0].key): plain(item.value) for item in written.metadata}


def reach(written: decl.Rule, owner: Who | None) -> tuple[Who, ...]:
    """Whose events a rule sees; nobody is named where it is everybody's."""
    return _who(written.include) or (() if owner is None else (owner,))


OWNERS = ("user", "group", "organisation")


def owner_of(metadata: Mapping[str, Json], pack: decl.Pack | None) -> Who | None:
    """Whose rule it is, as `owner` of the rule or else of its pack says: `user NAME`, `group NAME` or `organisation
    NAME`. Any other text names somebody to write to, and the rule is the hub's own."""
    said = metadata.get("owner")
    if said is None and pack is not None:
        said = next((plain(item.value) for item in pack.metadata if str(item.keys[0].key) == "owner"), None)
    kind, _, name = said.partition(" ") if isinstance(said, str) else ("", "", "")
    return Who(kind, name.strip()) if kind in OWNERS and name.strip() else None


def _order(written: decl.Rule, report: list[Diagnostic]) -> int:
    if written.order is None:
        return 100
    value = written.order.value
    if isinstance(value, bool) or not isinstance(value, int):
        report.append(codes.WRONG_TYPE.at(written.order.span, "an order is a whole number"))
        return 100
    return value


def _status(written: decl.Rule, report: list[Diagnostic]) -> str:
    if written.status is None:
        return LIVE
    word = written.status.text
    if word not in (DRAFT, SHADOW, LIVE):
        close = near(word, (DRAFT, SHADOW, LIVE))
        report.append(
            codes.NOT_A_VALUE.at(
                written.status.span,
                f"`{word}` is not a status",
                label=f"did you mean `{close}`?" if close else "",
                help=f"write {DRAFT}, {SHADOW} or {LIVE}",
                fixes=[Fix(f"write `{close}`", (Edit(written.status.span, close),))] if close else (),
            )
        )
        return DRAFT
    return word


def plain(value: tree.Value) -> Json:
    """A written value as JSON, for metadata, settings and tests: words are texts, templates their own text."""
    match value:
        case tree.Literal():
            return value.value
        case tree.Template():
            return value.text
        case tree.ObjectValue():
            return {str(entry.keys[0].key): plain(entry.value) for entry in value.entries}
        case tree.ListValue():
            return [plain(item) for item in value.items]
        case tree.Negative(tree.Literal(int() | Decimal() as number)):
            return number.copy_negate() if isinstance(number, Decimal) else -number
        case _:
            return words(value)


def digest_of(*parts: object) -> str:
    """SHA-256, in hex, over the printed meaning of values; spans are not printed, so layout does not count."""
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(repr(part).encode("utf-8", "surrogatepass"))
        hasher.update(b"\x00")
    return hasher.hexdigest()
