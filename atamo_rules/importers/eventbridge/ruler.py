"""Patterns as event-ruler reads them, the engine of Amazon EventBridge.

Its compiler is the reference: `JsonRuleCompiler` of https://github.com/aws/event-ruler, and the rules of its README.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn

from atamo_rules.importers.eventbridge.addresses import NotANetwork, address, network
from atamo_rules.importers.eventbridge.numbers import comparable, exact, written
from atamo_rules.importers.eventbridge.pattern import (
    Alike,
    Ask,
    Between,
    Either,
    Ends,
    Equal,
    Field,
    Glob,
    Group,
    Inexact,
    Network,
    Plain,
    Starts,
    There,
    Unlike,
)
from atamo_rules.importers.eventbridge.wildcard import BadWildcard, wildcard
from atamo_rules.importers.json_text import Array, Json, NotJson, Number, Object, Text, Word

OPERATORS = ("exactly", "prefix", "suffix", "numeric", "anything-but", "exists", "cidr", "equals-ignore-case",
             "wildcard")  # fmt: skip
RESERVED = frozenset((
    *OPERATORS, "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
    "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
    "ip-address-not-in-range",
))  # fmt: skip
"""Names that no field inside an `$or` may have."""


def read(pattern: Json) -> Group:
    """What a pattern asks. Raises NotJson with the place and what is wanted there."""
    if not isinstance(pattern, Object):
        _no(pattern, "a pattern is an object of fields")
    return _object(pattern, (), in_or=False)


def _no(where: Json, message: str) -> NoReturn:
    raise NotJson(where.span, message)


def _object(written_here: Object, above: tuple[str, ...], *, in_or: bool) -> Group:
    if not written_here.members:
        _no(written_here, "an object of a pattern holds at least one field")
    parts: list[Field | Either] = []
    for key, value in written_here.members:
        name = key.value
        if name == "$or" and isinstance(value, Array):
            parts.append(_either(value, above))
            continue
        if in_or and name in RESERVED:
            _no(key, f"`{name}` is an operator, and no field inside `$or` may be called so")
        match value:
            case Object():
                parts += _object(value, (*above, name), in_or=in_or).parts
            case Array():
                parts.append(Field((*above, name), _asks(value), key.span))
            case _:
                _no(value, f"the values of `{name}` stand in an array: `[…]`")
    return Group(tuple(parts))


def _either(array: Array, above: tuple[str, ...]) -> Either:
    if len(array.items) < 2:
        _no(array, "`$or` holds at least two objects")
    groups = []
    for one in array.items:
        if not isinstance(one, Object):
            _no(one, "`$or` holds objects of fields")
        groups.append(_object(one, above, in_or=True))
    return Either(tuple(groups))


def _asks(array: Array) -> tuple[Ask, ...]:
    if not array.items:
        _no(array, "an array of values is not empty")
    return tuple(_ask(item) for item in array.items)


def _ask(item: Json) -> Ask:
    match item:
        case Text():
            return _text_or_address(item)
        case Number():
            return Equal(_number(item))
        case Word():
            return Equal(item.value)
        case Object():
            return _match(item)
    _no(item, "a value is a text, a number, true, false, null or an object with one operator")


def _text_or_address(item: Text) -> Ask:
    """A text. One that is an address equals that address however the event spells it."""
    found = address(item.value)
    if found is None or (found.version == 4 and str(found) == item.value):
        return Equal(item.value)  # an IPv4 address has one spelling, but for zeros that nobody writes
    if found.version == 4 and ":" not in item.value:
        raise Inexact(item.span, f"`{item.value}` is an address with leading zeros, which no rule here reads")
    return Network(str(found))


def _number(item: Number) -> int | Decimal:
    """A number that equals the event's by value. Where a float does not keep all its digits the engine compares texts,
    which come to the same but for zeros at their end."""
    if not comparable(item):
        raise Inexact(item.span, f"`{item.text}` has more digits than are looked at")
    return written(item)


def _only(item: Object) -> tuple[Text, Json]:
    if len(item.members) != 1:
        where = item.members[1][0] if item.members else item
        _no(where, "an object among the values holds one operator and nothing else")
    return item.members[0]


def _match(item: Object) -> Ask:
    operator, value = _only(item)
    match operator.value:
        case "exactly":
            return Equal(_text(value, "exactly"))
        case "prefix":
            return _part(value, "prefix", "start", Starts)
        case "suffix":
            return _part(value, "suffix", "end", Ends)
        case "equals-ignore-case":
            return Alike(_text(value, "equals-ignore-case"))
        case "wildcard":
            return _glob(value)
        case "numeric":
            return _numeric(value)
        case "cidr":
            try:
                return Network(network(_text(value, "cidr")))
            except NotANetwork as error:
                _no(value, str(error))
        case "exists":
            if not isinstance(value, Word) or value.value is None:
                _no(value, "`exists` is true or false")
            return There(value.value)
        case "anything-but":
            return _anything_but(value)
    known = ", ".join(f"`{one}`" for one in OPERATORS)
    hint = "; it is one of quamina's, see --dialect" if operator.value in ("shellstyle", "regexp") else ""
    _no(operator, f"`{operator.value}` is no operator of event patterns{hint}; there are {known}")


def _text(value: Json, operator: str) -> str:
    if not isinstance(value, Text):
        _no(value, f"`{operator}` is followed by a text")
    return value.value


def _part(value: Json, operator: str, part: str, plain: Callable[[str], Ask]) -> Ask:
    if not isinstance(value, Object):
        return plain(_text(value, operator))
    inner, text = _only(value)
    if inner.value != "equals-ignore-case":
        _no(inner, f"inside `{operator}` stands a text, or `equals-ignore-case`")
    return Alike(_text(text, "equals-ignore-case"), part)


def _glob(value: Json) -> Glob:
    try:
        return wildcard(_text(value, "wildcard"))
    except BadWildcard as error:
        _no(value, f"in a wildcard {error}")


def _numeric(value: Json) -> Ask:
    if not isinstance(value, Array) or not value.items:
        _no(value, '`numeric` is followed by an array, such as `[">", 0, "<=", 5]`')
    pairs: list[tuple[str, int | Decimal]] = []
    for at in range(0, len(value.items), 2):
        operator = value.items[at]
        name = operator.value if isinstance(operator, Text) else None
        wanted = ("<", "<=") if pairs else ("=", "<", "<=", ">", ">=")
        if name not in wanted or (pairs and (len(pairs) > 1 or pairs[0][0] not in (">", ">="))):
            _no(
                operator,
                "`numeric` holds `=`, `<`, `<=`, `>` or `>=` and a number, or a lower and an upper bound",
            )
        if at + 1 == len(value.items) or not isinstance(value.items[at + 1], Number):
            _no(
                value.items[at + 1] if at + 1 < len(value.items) else value,
                f"`{name}` is followed by a number",
            )
        number = value.items[at + 1]
        assert isinstance(number, Number)
        bound = exact(number)
        if bound is None:
            _no(number, f"`{number.text}` is more than a binary64 float holds, so it cannot be compared")
        pairs.append((str(name), bound))
    if len(pairs) == 2 and pairs[0][1] >= pairs[1][1]:
        _no(value, "the lower bound is below the upper one")
    return Equal(pairs[0][1]) if pairs[0][0] == "=" else Between(tuple(pairs))


def _anything_but(value: Json) -> Unlike:
    if isinstance(value, Object):
        operator, others = _only(value)
        if operator.value not in _OTHERS:
            known = ", ".join(f"`{one}`" for one in _OTHERS)
            _no(operator, f"`{operator.value}` cannot stand inside `anything-but`; {known} can")
        make = _OTHERS[operator.value]
        items = others.items if isinstance(others, Array) else (others,)
    else:
        items = value.items if isinstance(value, Array) else (value,)
        if items and {type(one) for one in items} not in ({Text}, {Number}):
            _no(
                value, "`anything-but` is followed by texts, or by numbers, or by an object with one operator"
            )
        make = _other
    if not items:
        _no(value, "`anything-but` names at least one value")
    return Unlike(tuple(make(one) for one in items))


def _other(item: Json) -> Plain:
    if not isinstance(item, Number):
        return Equal(_text(item, "anything-but"))
    found = exact(item)
    if found is None:
        _no(item, f"`{item.text}` has more digits than a binary64 float keeps, so it cannot be compared")
    return Equal(found)


def _some(value: Json, operator: str) -> str:
    text = _text(value, operator)
    if not text:
        _no(value, f"an empty text after `{operator}` would leave nothing")
    return text


_OTHERS: dict[str, Callable[[Json], Plain]] = {
    "prefix": lambda one: Starts(_some(one, "prefix")),
    "suffix": lambda one: Ends(_some(one, "suffix")),
    "equals-ignore-case": lambda one: Alike(_text(one, "equals-ignore-case")),
    "wildcard": lambda one: _glob(one),
}
