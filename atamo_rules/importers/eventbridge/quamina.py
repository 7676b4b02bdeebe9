"""Patterns as quamina reads them.

Its PATTERNS.md and REGEXP.md are the reference (https://github.com/timbray/quamina), and its parser where they are
silent.
"""

from __future__ import annotations

from typing import NoReturn

from atamo_rules.importers.eventbridge import regexp
from atamo_rules.importers.eventbridge.numbers import shortest, written
from atamo_rules.importers.eventbridge.pattern import (
    Alike,
    Ask,
    Equal,
    Field,
    Group,
    Inexact,
    Matches,
    Starts,
    There,
    Unlike,
)
from atamo_rules.importers.eventbridge.wildcard import BadWildcard, wildcard
from atamo_rules.importers.json_text import Array, Json, NotJson, Number, Object, Text, Word

OPERATORS = ("prefix", "exists", "anything-but", "wildcard", "shellstyle", "regexp", "equals-ignore-case")
ALONE = ("exists", "anything-but", "regexp")
"""Operators that stand alone among the values of a field."""
OWN = ("shellstyle", "regexp")
"""Operators that event-ruler does not have: a pattern with one of them was written for quamina."""


def read(pattern: Json) -> Group:
    """What a pattern asks. Raises NotJson with the place and what is wanted there, or Inexact."""
    if not isinstance(pattern, Object):
        _no(pattern, "a pattern is an object of fields")
    found = _object(pattern, ())
    if not found:
        raise Inexact(pattern.span, "a pattern without fields matches nothing")
    seen: set[tuple[str, ...]] = set()
    for field in found:
        if field.keys in seen:
            raise Inexact(
                field.span, f"`{field.name}` stands twice, so that two values in it would have to hold"
            )
        seen.add(field.keys)
    return Group(tuple(found))


def _no(where: Json, message: str) -> NoReturn:
    raise NotJson(where.span, message)


def _object(written: Object, above: tuple[str, ...]) -> list[Field]:
    found: list[Field] = []
    for key, value in written.members:
        match value:
            case Object():
                found += _object(value, (*above, key.value))
            case Array():
                found.append(Field((*above, key.value), _asks(value), key.span))
            case _:
                _no(value, f"the values of `{key.value}` stand in an array: `[…]`")
    return found


def _asks(array: Array) -> tuple[Ask, ...]:
    if not array.items:
        raise Inexact(array.span, "an empty array of values: its documentation says it matches nothing")
    asks = tuple(ask for item in array.items for ask in _ask(item))
    for item in array.items:
        name = item.members[0][0].value if isinstance(item, Object) and item.members else ""
        if name in ALONE and len(array.items) > 1:
            _no(item, f"`{name}` stands alone among the values of a field")
    return asks


def _ask(item: Json) -> tuple[Ask, ...]:
    match item:
        case Text() | Word():
            return (Equal(item.value),)
        case Number():
            return _number(item)
        case Object():
            return (_match(item),)
    _no(item, "a value is a text, a number, true, false, null or an object with one operator")


def _number(item: Number) -> tuple[Ask, ...]:
    """A number as it stands and, where a float keeps fewer of its digits, with those."""
    found = shortest(item)
    if found is None:
        raise Inexact(item.span, f"`{item.text}` is beyond the range of binary64 floats")
    full = written(item)
    return (Equal(full),) if full == found else (Equal(full), Equal(found))


def _match(item: Object) -> Ask:
    if len(item.members) != 1:
        where = item.members[1][0] if item.members else item
        _no(where, "an object among the values holds one operator and nothing else")
    operator, value = item.members[0]
    name = operator.value
    if name not in OPERATORS:
        known = ", ".join(f"`{one}`" for one in OPERATORS)
        _no(operator, f"`{name}` is no operator of quamina; there are {known}")
    if name == "exists":
        if not isinstance(value, Word) or value.value is None:
            _no(value, "`exists` is true or false")
        return There(value.value)
    if name == "anything-but":
        return _anything_but(value)
    if not isinstance(value, Text):
        _no(value, f"`{name}` is followed by a text")
    try:
        match name:
            case "prefix":
                return Starts(value.value)
            case "equals-ignore-case":
                return Alike(value.value)
            case "regexp":
                return Matches(regexp.re2(value.value))
        return wildcard(value.value, escapes=name == "wildcard")
    except BadWildcard as error:
        _no(value, f"in `{name}` {error}")
    except regexp.BadRegexp as error:
        _no(value, f"in a regular expression {error}")
    except regexp.Unsayable as error:
        raise Inexact(value.span, f"its regular expression has {error}") from None


def _anything_but(value: Json) -> Unlike:
    if not isinstance(value, Array) or not value.items:
        _no(value, "`anything-but` is followed by an array of texts")
    texts = []
    for one in value.items:
        if not isinstance(one, Text):
            _no(one, "`anything-but` is followed by an array of texts")
        texts.append(Equal(one.value))
    return Unlike(tuple(texts))
