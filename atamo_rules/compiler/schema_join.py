"""The union and the intersection of two types, for `oneOf`, `anyOf` and `allOf`; both err on the wide side."""

from __future__ import annotations

from atamo_rules.model.types import Anything, ListOf, MapOf, Member, Number, OneOf, Record, Text, Type


def _key(value: object) -> tuple[bool, object]:
    # Python holds True equal to 1; JSON does not.
    return (isinstance(value, bool), value)


def joined(one: Type, two: Type) -> Type:
    """A type that holds the values of both. A member stays required only when both require it."""
    if isinstance(one, OneOf) and isinstance(two, OneOf):
        return OneOf(tuple({_key(value): value for value in (*one.values, *two.values)}.values()))
    if one == two and not isinstance(one, ListOf | MapOf | Record):
        return one
    if isinstance(one, Number) and isinstance(two, Number):
        low = None if one.low is None or two.low is None else min(one.low, two.low)
        high = None if one.high is None or two.high is None else max(one.high, two.high)
        return Number(one.whole and two.whole, one.money and two.money, low, high)
    if _texts(one) and _texts(two):
        return Text()
    if isinstance(one, ListOf) and isinstance(two, ListOf):
        return ListOf(joined(one.item, two.item))
    if isinstance(one, MapOf) and isinstance(two, MapOf):
        return MapOf(joined(one.value, two.value))
    if isinstance(one, Record) and isinstance(two, Record):
        return _joined_records(one, two)
    return Anything()


def _texts(type: Type) -> bool:
    return isinstance(type, Text) or (
        isinstance(type, OneOf) and all(isinstance(v, str) for v in type.values)
    )


def _joined_records(one: Record, two: Record) -> Record:
    members: dict[str, Member] = {}
    for name in dict.fromkeys((*one.members, *two.members)):
        left, right = one.members.get(name), two.members.get(name)
        if left is not None and right is not None:
            both = _same_default(left, right)
            members[name] = Member(
                joined(left.type, right.type),
                left.optional or right.optional or ((left.has_default or right.has_default) and not both),
                left.about or right.about,
                left.default if both else None,
                both,
            )
        else:
            # The other branch may hold anything under this name unless it is closed.
            known, other = (left, two) if left is not None else (right, one)
            assert known is not None
            type = known.type if other.closed else Anything()
            members[name] = Member(type, True, known.about)
    return Record(members, one.closed and two.closed)


def _same_default(left: Member, right: Member) -> bool:
    return left.has_default and right.has_default and _key(left.default) == _key(right.default)


def _sure(member: Member) -> bool:
    """Whether the schema itself demands the member, without anything being filled in."""
    return not member.optional and not member.has_default


def met(one: Type, two: Type) -> Type:
    """A type that holds every value of both; where they do not combine, the one that says more."""
    if isinstance(one, Anything):
        return two
    if isinstance(two, Anything):
        return one
    if isinstance(one, OneOf) and isinstance(two, OneOf):
        others = {_key(value) for value in two.values}
        kept = tuple(value for value in one.values if _key(value) in others)
        return OneOf(kept) if kept else one
    if isinstance(one, OneOf):
        return one
    if isinstance(two, OneOf):
        return two
    if isinstance(one, Number) and isinstance(two, Number):
        lows = [bound for bound in (one.low, two.low) if bound is not None]
        highs = [bound for bound in (one.high, two.high) if bound is not None]
        return Number(
            one.whole or two.whole,
            one.money or two.money,
            max(lows) if lows else None,
            min(highs) if highs else None,
        )
    if isinstance(one, ListOf) and isinstance(two, ListOf):
        return ListOf(met(one.item, two.item))
    if isinstance(one, Record) and isinstance(two, MapOf):
        return one
    if isinstance(one, MapOf) and isinstance(two, Record):
        return two
    if isinstance(one, Record) and isinstance(two, Record):
        return _met_records(one, two)
    return one


def _met_records(one: Record, two: Record) -> Record:
    """A record that holds every value of both; a member is sure to be there where either is sure of it."""
    members = dict(one.members)
    for name, right in two.members.items():
        left = members.get(name)
        if left is None:
            members[name] = right
            continue
        sure = _sure(left) or _sure(right)
        both = not sure and _same_default(left, right)
        members[name] = Member(
            met(left.type, right.type),
            not sure and not both,
            left.about or right.about,
            left.default if both else None,
            both,
        )
    return Record(members, one.closed or two.closed)
