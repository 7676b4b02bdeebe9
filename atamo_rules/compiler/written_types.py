"""Types as the author wrote them, to types as they are meant."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from atamo_rules.compiler.describe import describe, kind_of
from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    ListOf,
    MapOf,
    Member,
    Moment,
    Number,
    OneOf,
    Record,
    Text,
    Type,
)
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Label
from atamo_rules.source.span import Span
from atamo_rules.syntax import type_tree

_PLAIN: dict[str, Type] = {
    "boolean": Boolean(),
    "time": Moment(),
    "date": Moment(date_only=True),
    "duration": Duration(),
    "anything": Anything(),
    "anything through lists": Anything(through_lists=True),
    "email": Text("email"),
    "uri": Text("uri"),
    "uuid": Text("uuid"),
    "ip": Text("ip"),
}


def type_of_expression(written: type_tree.TypeExpr, report: list[Diagnostic]) -> Type:
    """The type a type expression means; mistakes are reported and read as `anything`."""
    match written:
        case type_tree.Plain():
            return _plain(written, report)
        case type_tree.OneOf():
            return OneOf(tuple(literal.value for literal in written.values))
        case type_tree.ListOf():
            return ListOf(type_of_expression(written.item, report))
        case type_tree.MapOf():
            return MapOf(type_of_expression(written.value, report))
        case type_tree.RecordOf():
            return record_of(written.fields, report)


def record_of(
    fields: tuple[type_tree.Field, ...], report: list[Diagnostic], *, closed: bool = False
) -> Record:
    """The record that declared fields make; a name given twice is reported with both places."""
    members: dict[str, Member] = {}
    places: dict[str, Span] = {}
    for written in fields:
        name = written.name.text
        if name in members:
            report.append(
                codes.DECLARED_TWICE.at(
                    written.name.span,
                    f"the field `{name}` is declared twice",
                    also=[Label(places[name], "first here")],
                    help="give one of them another name",
                )
            )
            continue
        type = type_of_expression(written.type, report)
        default = written.default
        if default is not None and not fits(default.value, type):
            report.append(
                codes.BAD_DEFAULT.at(default.span, f"the default of `{name}` is not {describe(type)}")
            )
            default = None
        about = str(written.about.value) if written.about else ""
        # A field with a default may be left out by the sender, but rules always see a value.
        members[name] = Member(
            type,
            written.optional,
            about,
            default.value if default else None,
            default is not None,
        )
        places[name] = written.name.span
    return Record(members, closed)


def places_of(fields: tuple[type_tree.Field, ...], prefix: str, note: Callable[[str, Span], None]) -> None:
    """Tell where each field was declared, by dotted path."""
    for written in fields:
        path = f"{prefix}{written.name.text}"
        note(path, written.span)
        inner = written.type
        while isinstance(inner, type_tree.ListOf):
            inner = inner.item
        if isinstance(inner, type_tree.RecordOf):
            places_of(inner.fields, f"{path}.", note)


def fits(value: object, type: Type) -> bool:
    """Whether a literal is a value of a type; texts are taken for times, durations and formats alike."""
    match type:
        case Anything():
            return True
        case OneOf():
            return any(isinstance(value, bool) == isinstance(v, bool) and value == v for v in type.values)
        case Number():
            if isinstance(value, bool) or not isinstance(value, int | Decimal):
                return False
            whole = not type.whole or value == int(value)
            above = type.low is None or value >= type.low
            return whole and above and (type.high is None or value <= type.high)
        case Boolean():
            return isinstance(value, bool)
        case Text():
            return (
                isinstance(value, str)
                and type.shortest <= len(value)
                and (type.longest is None or len(value) <= type.longest)
            )
        case Moment() | Duration():
            return isinstance(value, str)
        case ListOf():
            return isinstance(value, list | tuple) and all(fits(item, type.item) for item in value)
        case _:
            return isinstance(value, dict)


def assignable(given: Type, wanted: Type) -> bool:
    """Whether every value of `given`, as far as kinds tell, may stand where `wanted` is asked for.

    Bounds and formats of values that are not written out are the business of the receiving end's own check.
    """
    if isinstance(wanted, Anything) or isinstance(given, Anything):
        return True
    if isinstance(wanted, OneOf):
        return isinstance(given, OneOf) and all(fits(value, wanted) for value in given.values)
    if isinstance(wanted, ListOf):
        return isinstance(given, ListOf) and assignable(given.item, wanted.item)
    if isinstance(wanted, MapOf):
        if isinstance(given, Record):
            return all(assignable(member.type, wanted.value) for member in given.members.values())
        return isinstance(given, MapOf) and assignable(given.value, wanted.value)
    if isinstance(wanted, Record):
        return isinstance(given, Record) and all(
            (
                name in given.members
                and (member.optional or not given.members[name].optional)
                and assignable(given.members[name].type, member.type)
            )
            or (name not in given.members and (member.optional or member.has_default))
            for name, member in wanted.members.items()
        )
    if isinstance(wanted, Number) and wanted.whole:
        return (isinstance(given, Number) and given.whole) or _all_whole(given)
    return kind_of(given) == kind_of(wanted)


def _all_whole(given: Type) -> bool:
    return isinstance(given, OneOf) and all(fits(value, Number(whole=True)) for value in given.values)


def _plain(written: type_tree.Plain, report: list[Diagnostic]) -> Type:
    if written.low is not None and written.high is not None and written.low > written.high:
        report.append(
            codes.BAD_BOUNDS.at(
                written.span,
                "the lower bound is above the upper one: no value would fit",
                help=f"write `{written.word} {written.high}..{written.low}`",
            )
        )
        written = type_tree.Plain(written.word, span=written.span)
    match written.word:
        case "whole":
            return Number(whole=True, low=written.low, high=written.high)
        case "number":
            return Number(low=written.low, high=written.high)
        case "money":
            return Number(money=True, low=written.low, high=written.high)
        case "text":
            high = None if written.high is None else int(written.high)
            return Text("", int(written.low or 0), high)
        case word:
            return _PLAIN.get(word, Anything())
