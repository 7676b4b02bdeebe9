"""Which arguments are proved to be of their type, bounds and form included, whatever event comes: they need no check
when they are made."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from atamo_rules.compiler.describe import describe
from atamo_rules.compiler.written_types import fits
from atamo_rules.functions.printing import jsonable
from atamo_rules.model.meaning import EACH, LEAVES, THROUGH, Const, Filled, Get, MakeList, MakeRecord, Term
from atamo_rules.model.rule import Held, Unproven
from atamo_rules.model.schema_check import validator
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import (
    Anything,
    Duration,
    EventType,
    ListOf,
    MapOf,
    Member,
    Moment,
    Number,
    OneOf,
    Policy,
    Record,
    Text,
    Type,
)


def held(made: MakeRecord, wanted: Record | MapOf | Anything, event: EventType | None) -> Held | None:
    """What the arguments of an action are held to when it is made; None where all of them are proved.

    Proved are values that are written out, templates where any text will do, and fields of an event whose door lets
    nothing else in, where their type is at least as narrow. All else is computed, or comes from elsewhere.
    """
    if not isinstance(wanted, Record):
        return None
    found = tuple(_open(made, wanted, (), event))
    return Held(wanted, found) if found else None


def _open(
    made: MakeRecord, wanted: Record | MapOf, above: tuple[str, ...], event: EventType | None
) -> Iterator[Unproven]:
    """What is not proved, followed by the parts of it that are not, as far as objects are written out."""
    for key, term, _ in made.entries:
        member = Member(wanted.value) if isinstance(wanted, MapOf) else wanted.members.get(key)
        if member is None or _proven(term, member, event):
            continue
        keys = (*above, key)
        yield Unproven(keys, in_words(member.type), term.span)
        if isinstance(term, MakeRecord) and isinstance(member.type, Record | MapOf):
            yield from _open(term, member.type, keys, event)


def in_words(type: Type) -> str:
    """A type as whoever made something else is told it."""
    return describe(type).replace("an object", "an object as it is declared")


def _proven(term: Term, member: Member, event: EventType | None) -> bool:
    wanted = member.type
    if isinstance(wanted, Anything):
        return True
    match term:
        case Const():
            value = jsonable(list(term.value) if isinstance(term.value, tuple) else term.value)
            return written(value, wanted) or (value is None and member.optional)
        case Filled():
            return wanted == Text()
        case Get():
            return _read(term, wanted, event)
        case MakeRecord():
            return _made(term, wanted, event)
        case MakeList():
            return isinstance(wanted, ListOf) and all(
                _proven(item, Member(wanted.item), event) for item in term.items
            )
        case _:
            return False


def written(value: object, wanted: Type) -> bool:
    """Whether a value that is written out is one of a type, its form included."""
    if isinstance(wanted, Number | OneOf) or (isinstance(wanted, Text) and not wanted.format):
        return fits(value, wanted)
    return bool(validator(schema_of(wanted), formats=True).is_valid(value))


def _read(term: Get, wanted: Type, event: EventType | None) -> bool:
    if term.root != "event" or event is None or event.invalid == Policy.FLAG:
        return False
    if THROUGH in term.steps or LEAVES in term.steps:
        return False
    return narrower(ListOf(term.type) if EACH in term.steps else term.type, wanted, forms=not event.foreign)


def _made(term: MakeRecord, wanted: Type, event: EventType | None) -> bool:
    if isinstance(wanted, MapOf):
        return all(_proven(inner, Member(wanted.value), event) for _, inner, _ in term.entries)
    if not isinstance(wanted, Record):
        return False
    sure = {key for key, _, optional in term.entries if not optional}
    return all(
        name in sure or member.optional or member.has_default for name, member in wanted.members.items()
    ) and all(
        _proven(inner, wanted.members[key], event) if key in wanted.members else not wanted.closed
        for key, inner, _ in term.entries
    )


def narrower(given: Type, wanted: Type, *, forms: bool = True) -> bool:
    """Whether every value of one type is one of another, bounds and all. `forms` says whether whoever lets the values
    in also looks at forms such as `email`, and at times."""
    match wanted:
        case Anything():
            return True
        case OneOf():
            return isinstance(given, OneOf) and all(fits(value, wanted) for value in given.values)
        case Text():
            if isinstance(given, OneOf):
                return not wanted.format and all(fits(value, wanted) for value in given.values)
            return isinstance(given, Text) and _text(given, wanted, forms)
        case Number():
            if isinstance(given, OneOf):
                return all(fits(value, wanted) for value in given.values)
            return isinstance(given, Number) and _number(given, wanted)
        case Moment() | Duration():
            return forms and given == wanted
        case ListOf():
            return isinstance(given, ListOf) and narrower(given.item, wanted.item, forms=forms)
        case MapOf():
            return isinstance(given, MapOf) and narrower(given.value, wanted.value, forms=forms)
        case Record():
            return isinstance(given, Record) and _record(given, wanted, forms)
        case _:
            return given == wanted


def _text(given: Text, wanted: Text, forms: bool) -> bool:
    form = not wanted.format or (forms and given.format == wanted.format)
    short = wanted.shortest <= given.shortest
    return (
        form
        and short
        and (wanted.longest is None or (given.longest is not None and given.longest <= wanted.longest))
    )


def _number(given: Number, wanted: Number) -> bool:
    return (
        (given.whole or not wanted.whole)
        and _above(given.low, wanted.low)
        and (wanted.high is None or (given.high is not None and given.high <= wanted.high))
    )


def _above(given: int | Decimal | None, wanted: int | Decimal | None) -> bool:
    return wanted is None or (given is not None and given >= wanted)


def _record(given: Record, wanted: Record, forms: bool) -> bool:
    if wanted.closed and not (given.closed and given.members.keys() <= wanted.members.keys()):
        return False
    for name, member in wanted.members.items():
        known = given.members.get(name)
        if known is None:
            # An object that is not closed may hold anything under a name that its type does not know.
            if not (member.optional or member.has_default) or not (
                given.closed or isinstance(member.type, Anything)
            ):
                return False
            continue
        there = not known.optional and (member.has_default or not known.has_default)
        if not (member.optional or there) or not narrower(known.type, member.type, forms=forms):
            return False
    return True
