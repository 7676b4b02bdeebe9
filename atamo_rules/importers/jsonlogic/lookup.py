"""`var`: a value below another, by a dotted path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.values import (
    NULL,
    CannotSay,
    Choice,
    Constant,
    Field,
    Folding,
    Item,
    Listing,
    Truth,
    Value,
)
from atamo_rules.importers.nodes import ROOTS
from atamo_rules.syntax import tree
from atamo_rules.syntax.words import NAME, NOT_VALUES

RESERVED = NOT_VALUES | ROOTS
"""Words that are no field of the event when they stand alone."""
INHERITED = frozenset(
    "constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf __proto__"
    " __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__".split()
)
"""What every object of JavaScript has without being given it."""
MOST_PLACES = 8
LETTER = "it takes a letter out of a text by its number"
_POSITION = re.compile(r"(?:0|[1-9][0-9]{0,8})\Z")


def value_at(data: Value, keys: Sequence[str], default: Value, asking: Asking) -> Value:
    """What stands below some data, the default where nothing does. Keys are steps; a number is a position too."""
    for key in keys:
        if key in INHERITED:
            raise CannotSay(f"`{key}` is something that every object of JavaScript has, and no data")
        if key == "length":
            raise CannotSay(
                "`length` of a list or text is JavaScript's, and no data; ask `count(list)` instead"
            )
    match data:
        case Constant():
            return _constant_at(data.value, keys, default)
        case Field():
            return _field_at(data, keys, default, asking)
        case Choice():
            then = value_at(data.then, keys, default, asking)
            return Choice(data.condition, then, value_at(data.other, keys, default, asking))
        case Folding():
            if keys[0] not in data.fields:
                return default
            found = data.fields[keys[0]]
            return value_at(found, keys[1:], default, asking) if keys[1:] else found
        case Listing():
            return _part_at(data, keys, default, asking)
        case Truth():
            return default


def _constant_at(data: Any, keys: Sequence[str], default: Value) -> Value:
    for key in keys:
        if isinstance(data, dict) and key in data:
            data = data[key]
        elif isinstance(data, list) and _POSITION.match(key) and int(key) < len(data):
            data = data[int(key)]
        elif isinstance(data, str) and _POSITION.match(key):
            raise CannotSay(LETTER)
        else:
            return default
    return Constant(data)


def _field_at(data: Field, keys: Sequence[str], default: Value, asking: Asking) -> Value:
    if data.kind == "text" and _POSITION.match(keys[0]):
        raise CannotSay(LETTER)
    if data.kind:
        return default
    places = data.places
    for position, key in enumerate(keys):
        if all(_POSITION.match(one) for one in keys[position:]):
            # At the end of a path a number may also take a letter out of a text, which has no place of its own.
            places = tuple(
                asking.write.call("loose_at", one, asking.write.literal(int(key))) for one in places
            )
        else:
            steps: tuple[str | int, ...] = (int(key), key) if _POSITION.match(key) else (key,)
            paths = [path for place in places for path in _paths(place, asking)]
            places = tuple(_below(path, step, asking) for path in paths for step in steps)
        if len(places) > MOST_PLACES:
            raise CannotSay("it takes elements by their numbers more than three lists deep")
    if default != NULL and any(isinstance(place, tree.Call) for place in places):
        raise CannotSay("it takes an element by its number, with a default where there is none")
    found = Field(places, default)
    if data.default == NULL:
        return found
    return Choice(asking.missing(data), value_at(data.default, keys, default, asking), found)


def _paths(place: tree.Expr, asking: Asking) -> tuple[tree.Path, ...]:
    """The paths that a place stands for, to go on from: of `loose_at`, the element and the field of that name."""
    if isinstance(place, tree.Path):
        return (place,)
    assert isinstance(place, tree.Call)
    of, position = place.arguments
    assert isinstance(position, tree.Literal)
    assert isinstance(position.value, int)
    steps = (position.value, str(position.value))
    return tuple(_below(path, step, asking) for path in _paths(of, asking) for step in steps)


def _below(place: tree.Path, step: str | int, asking: Asking) -> tree.Path:
    """A step further. A field of the event stands alone where its name lets it."""
    (first, *rest) = place.steps
    if (
        first.key == "event"
        and not rest
        and isinstance(step, str)
        and NAME.match(step)
        and step not in RESERVED
    ):
        return asking.write.path(step)
    return asking.write.below(place, step)


def _part_at(data: Listing, keys: Sequence[str], default: Value, asking: Asking) -> Value:
    first, *rest = keys
    if not _POSITION.match(first):
        return default
    parts = data.parts
    if not all(isinstance(part, Item) and part.when is True for part in parts):
        raise CannotSay("it takes an element by its number from a list whose length is in the event")
    if int(first) >= len(parts):
        return default
    found = parts[int(first)].value
    return value_at(found, rest, default, asking) if rest else found
