"""Event patterns of a file as rules: one for each name, however many patterns have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from atamo_rules.importers.eventbridge import quamina, ruler
from atamo_rules.importers.eventbridge.folding import Ambiguous
from atamo_rules.importers.eventbridge.joining import condition
from atamo_rules.importers.eventbridge.pattern import Either, Field, Group, Inexact, TooMany, fields
from atamo_rules.importers.eventbridge.sources import Named, patterns
from atamo_rules.importers.imported import Imported, Item, Reading, Refused
from atamo_rules.importers.inbox import inbox, told
from atamo_rules.importers.json_text import Array, Json, NotJson, Object
from atamo_rules.importers.nodes import Nodes
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source, Span
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

DIALECTS = ("eventbridge", "quamina")
EVENT = "eventbridge.event"
"""The event type of imported rules when no other is named."""


def read(source: Source, *, event_type: str | None = None, dialect: str | None = None) -> Reading:
    """The rules that the patterns of a file are.

    `dialect` is one of `DIALECTS`. Without it a pattern is quamina's when it has one of the operators that only
    quamina has, and event-ruler's otherwise.
    """
    event = event_type or EVENT
    items: dict[str, Item] = {}
    report: list[Diagnostic] = []
    spoiled: set[str] = set()
    for one in patterns(source):
        if isinstance(one, Diagnostic):
            report.append(one)
            continue
        made = _item(one, event, dialect, report)
        if made is None:
            spoiled.add(one.name)
        elif one.name in items:
            items[one.name] = _either(items[one.name], made)
        else:
            items[one.name] = made
    found = tuple(item for name, item in items.items() if name not in spoiled)
    return Reading(found, tuple(report), _around(event, source.whole) if found else ())


def _around(event: str, span: Span) -> tuple[decl.Declaration, ...]:
    about = tree.Literal("Any JSON; patterns look through its lists", span=span)
    declared = decl.EventDecl(
        tree.Name(event, span=span), about, anything=True, through_lists=True, span=span
    )
    return declared, inbox(span)


def _item(named: Named, event: str, dialect: str | None, report: list[Diagnostic]) -> Item | None:
    """The rule of one pattern, or why there is none; None after saying what is malformed in it."""
    if named.pattern is None:
        return Refused(
            named.name, "it has no event pattern, as one that runs on a schedule has none", named.span
        )
    spoken = dialect or ("quamina" if _is_quamina(named.pattern) else "eventbridge")
    try:
        group = (quamina if spoken == "quamina" else ruler).read(named.pattern)
        report += _replaced(group)
        return Imported(
            named.name, _rule(named, event, condition(group, named.pattern.span, spoken)), named.span
        )
    except NotJson as error:
        report.append(codes.FOREIGN_RULE.at(error.span, f"in the pattern of `{named.name}`: {error.message}"))
        return None
    except Inexact as error:
        return Refused(named.name, error.message, error.span)
    except Ambiguous as error:
        reason = f"`{error}` has several other cases, and quamina ignores the case of one of them only"
        return Refused(named.name, reason, named.span)
    except TooMany:
        return Refused(
            named.name, "its `$or`s multiply to more alternatives than a rule can hold", named.span
        )


def _is_quamina(pattern: Json) -> bool:
    """Whether a pattern has an operator that only quamina knows."""
    if isinstance(pattern, Object):
        return any(_is_quamina(value) for _, value in pattern.members)
    if not isinstance(pattern, Array):
        return False
    inside = [one for one in pattern.items if isinstance(one, Object)]
    return any(key.value in quamina.OWN or _is_quamina(value) for one in inside for key, value in one.members)


def _replaced(group: Group) -> Iterator[Diagnostic]:
    """Fields that count for nothing, because their name comes again; and those that only here count for something."""
    plain: dict[str, Field] = {}
    for part in group.parts:
        if isinstance(part, Field):
            first = plain.pop(part.name, None)
            plain[part.name] = part
            if first is not None:
                message = f"`{part.name}` stands twice, and only the values given last count"
                yield codes.FOREIGN_IN_VAIN.at(first.span, message, label="these are never looked at")
    chosen: dict[str, Field] = {}
    for part in group.parts:
        if isinstance(part, Either):
            for one in part.groups:
                yield from _replaced(one)
                chosen.update({field.name: field for field in fields(one)})
        elif part.name in chosen:
            yield codes.FOREIGN_IN_VAIN.at(
                part.span,
                f"`{part.name}` stands behind an `$or` that asks it too: event-ruler would forget what the `$or` asks",
                help="here the `$or` counts, as it does when it stands last; write it last",
            )


def _rule(named: Named, event: str, when: tree.Expr) -> decl.Rule:
    span = named.span
    nodes = Nodes(span)
    bus = tree.Argument((tree.Step("event_bus", span=span),), nodes.literal(named.bus), span=span)
    return decl.Rule(
        tree.Name(named.name, span=span),
        decl.On(tree.Name(event, span=span), span=span),
        about=nodes.literal(named.about) if named.about else None,
        status=None if named.enabled else tree.Name("draft", span=span),
        metadata=(bus,) if named.bus not in ("", "default") else (),
        condition=when,
        actions=(told(named.name, span),),
        span=span,
    )


def _either(one: Item, two: Item) -> Item:
    """Two patterns of one name: event-ruler and quamina match it when either does."""
    if isinstance(one, Refused) or isinstance(two, Refused):
        return one if isinstance(one, Refused) else two
    assert isinstance(one.rule, decl.Rule)
    assert isinstance(two.rule, decl.Rule)
    assert one.rule.condition is not None
    assert two.rule.condition is not None
    both = Nodes(one.span).any_of([one.rule.condition, two.rule.condition])
    return replace(one, rule=replace(one.rule, condition=both))
