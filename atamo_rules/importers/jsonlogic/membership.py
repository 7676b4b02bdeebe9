"""`in`: when a list has an element, or a text has a part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atamo_rules.functions import loose
from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.conditions import Condition, choose, conj, disj
from atamo_rules.importers.jsonlogic.equality import kind_of, same, strict
from atamo_rules.importers.jsonlogic.values import (
    UNDEFINED,
    CannotSay,
    Choice,
    Constant,
    Field,
    Listing,
    Value,
    outcomes,
)
from atamo_rules.syntax import tree

BY_TEXT = "`in` looks for a list that the rule makes, which JavaScript does by its text"


def within(asking: Asking, item: Value, whole: Value) -> Condition:
    """Whether `whole`, a list or a text, has `item` in it."""
    if _by_number(item) and isinstance(whole, Field | Listing):
        raise CannotSay(
            "`in` looks for what was taken out of a list by its number, which may be that very list's"
        )
    pair = outcomes(item)
    if pair is not None:  # outside, where its own variables do not meet those of the list
        condition, *either = pair
        return choose(condition, *(within(asking, one, whole) for one in either))
    if isinstance(whole, Listing):
        asking.count()
        return disj(*(asking.there(part, strict(asking, item, part.value)) for part in whole.parts))
    return asking.compare(lambda one, two: _within(asking, one, two), item, whole)


def _within(asking: Asking, item: Value, whole: Value) -> Condition:
    match item, whole:
        case _, Listing():
            return within(asking, item, whole)
        case Constant(), Constant():
            return _index_of(item.value, whole.value)
        case Field(), Constant(value=list()):
            return _one_of(asking, item, whole)
        case Field(), Constant(value=str()):
            return _part_of(asking, item, whole)
        case Listing(), Constant(value=str()):
            raise CannotSay(BY_TEXT)
        case _, Constant():
            return False
        case Constant(), Field(kind="number"):
            return False
        case Constant(), Field():
            return asking.ask(
                whole,
                lambda path: _holds(asking, path, _part(item.value) if whole.kind else item.value),
                null=False,
                default=within(asking, item, whole.default),
            )
        case Field(), Field():
            return _fields(asking, item, whole)
    raise CannotSay(BY_TEXT)


def _part(value: Any) -> str:
    return "undefined" if value is UNDEFINED else loose.any_text(value)


def _index_of(item: Any, whole: Any) -> bool:
    if isinstance(whole, str):
        return whole != "" and _part(item) in whole
    return isinstance(whole, list) and any(same(item, one) for one in whole)


def _one_of(asking: Asking, item: Field, whole: Constant) -> Condition:
    values: Sequence[Any] = whole.value
    scalars = [value for value in values if not isinstance(value, list | dict) and value is not None]
    if item.kind:
        scalars = [value for value in scalars if kind_of(value) == item.kind]
    default = within(asking, item.default, whole)
    return asking.ask(
        item, lambda path: asking.write.among(path, scalars), null=None in values, default=default
    )


def _part_of(asking: Asking, item: Field, whole: Constant) -> Condition:
    text = asking.write.literal(whole.value)
    found = asking.ask(
        item,
        lambda path: asking.write.call("loosely_contains", text, path),
        null="null" in whole.value,
        default=within(asking, item.default, whole),
    )
    return whole.value != "" and disj(found, "NaN" in whole.value and _no_number(asking, item))


def _holds(asking: Asking, path: tree.Expr, value: Any) -> Condition:
    """A list or text that is there holds a constant. JsonLogic finds nothing in an empty text, not even that."""
    write = asking.write
    if isinstance(value, str):
        found = write.compare(path, "contains", value)
        return found if value else conj(found, write.compare(path, "is not", ""))
    if value is None or value is UNDEFINED:
        word = "null" if value is None else "undefined"
        each = write.path("each")
        nulls = value is None and write.quantified("any", "each", path, write.state(each, "is null"))
        return disj(nulls, _says(asking, path, word))
    if isinstance(value, list | dict):
        return conj(write.state(path, "is a text"), _holds(asking, path, loose.any_text(value)))
    return write.call("loosely_contains", path, write.literal(value))


def _fields(asking: Asking, item: Field, whole: Field) -> Condition:
    """Two fields without defaults: those were settled before."""
    write = asking.write
    if whole.kind == "number":
        return False
    if whole.kind:
        (text,) = whole.places
        words = ((asking.absent(item), "null"), (_no_number(asking, item), "NaN"))
        return conj(
            write.compare(text, "is not", ""),
            disj(
                *(write.call("loosely_contains", text, one) for one in item.places),
                *(conj(when, write.compare(text, "contains", word)) for when, word in words),
            ),
        )
    pairs = ((one, two) for one in item.places for two in whole.places)
    return disj(
        *(
            conj(write.call("loosely_contains", two, one), write.compare(two, "is not", ""))
            for one, two in pairs
        ),
        *(conj(asking.absent(item), _holds(asking, path, None)) for path in whole.places),
        *(conj(_no_number(asking, item), _says(asking, path, "NaN")) for path in whole.places),
    )


def _no_number(asking: Asking, item: Field) -> Condition:
    """A computed number that is NaN, which JavaScript writes so."""
    return item.kind == "number" and asking.write.state(item.places[0], "is absent")


def _says(asking: Asking, path: tree.Expr, word: str) -> Condition:
    return conj(asking.write.state(path, "is a text"), asking.write.compare(path, "contains", word))


def _by_number(value: Value) -> bool:
    """Whether a value may be an element that another part of the rule finds by going through its list."""
    if isinstance(value, Choice):
        return _by_number(value.then) or _by_number(value.other)
    if not isinstance(value, Field):
        return False
    return _by_number(value.default) or any(map(_is_by_number, value.places))


def _is_by_number(place: tree.Expr) -> bool:
    if isinstance(place, tree.Path):
        return any(isinstance(step.key, int) for step in place.steps)
    return isinstance(place, tree.Call) and place.function.text == "loose_at"
