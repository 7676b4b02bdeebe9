"""`var`, `missing` and `missing_some`: what is read of the data by its name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from atamo_rules.functions import loose
from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.conditions import Condition, conj, disj, negated
from atamo_rules.importers.jsonlogic.equality import strict
from atamo_rules.importers.jsonlogic.lookup import value_at
from atamo_rules.importers.jsonlogic.values import (
    NULL,
    UNDEFINED,
    CannotSay,
    Choice,
    Constant,
    Field,
    Item,
    Listing,
    Value,
    listing,
    spread,
)

MOST_COMBINATIONS = 40


def var(asking: Asking, operands: Sequence[Value], data: Value) -> Value:
    """The value below a path, or a default."""
    default = operands[1] if operands[1:] and operands[1] != Constant(UNDEFINED) else NULL

    def make(given: Sequence[Value]) -> Value:
        (path,) = given
        if not isinstance(path, Constant):
            raise CannotSay("`var` takes the name of a field from the event")
        if path.value in (None, "", UNDEFINED):
            return data
        return value_at(data, loose.any_text(path.value).split("."), default, asking)

    return spread(operands[:1] or [NULL], make, truths=True)


def missing(asking: Asking, operands: Sequence[Value], data: Value) -> Value:
    """The list of those names under which there is nothing, null or an empty text."""

    def make(given: Sequence[Value]) -> Value:
        return listing(*(_lost(asking, part, data) for part in _names(given)))

    return spread(operands, make)


def _names(given: Sequence[Value]) -> Sequence[Item]:
    """The names that are given: the operands, or the elements of the first where that is a list."""
    first = given[0] if given else NULL
    if isinstance(first, Constant) and isinstance(first.value, list):
        return [Item(Constant(one)) for one in first.value]
    parts = first.parts if isinstance(first, Listing) else [Item(value) for value in given]
    names = [part for part in parts if isinstance(part, Item) and isinstance(part.value, Constant)]
    if len(names) != len(parts):
        raise CannotSay("`missing` takes the names of fields from the event")
    return names


def _lost(asking: Asking, name: Item, data: Value) -> Item:
    return Item(name.value, conj(name.when, _is_missing(asking, name.value, data)))


def _is_missing(asking: Asking, name: Value, data: Value) -> Condition:
    assert isinstance(name, Constant)
    if isinstance(name.value, list | dict) or name.value is UNDEFINED:
        raise CannotSay("`missing` takes names of fields, and this is none")
    value = var(asking, [name], data)
    if isinstance(value, Field):
        write = asking.write
        return asking.ask(value, lambda path: write.compare(path, "is", ""), null=True, default=True)
    return disj(strict(asking, value, NULL), strict(asking, value, Constant("")))


def missing_some(asking: Asking, operands: Sequence[Value], data: Value) -> Value:
    """As `missing`, and nothing where enough are there."""
    needed, options = operands
    if not isinstance(needed, Constant) or not isinstance(options, Constant):
        raise CannotSay("`missing_some` takes a number or names of fields that are not written in the rule")
    number, names = needed.value, options.value
    if not isinstance(number, int | Decimal) or isinstance(number, bool) or not isinstance(names, list):
        raise CannotSay("`missing_some` takes a number and a list of names")
    lost = [_lost(asking, Item(Constant(name)), data) for name in names]
    enough = _at_least(number, [negated(one.when) for one in lost])
    some = listing(*lost)
    if isinstance(enough, bool):
        return Constant([]) if enough else some
    return Choice(enough, Constant([]), some, truth=negated(enough))


def _at_least(needed: int | Decimal, conditions: Sequence[Condition]) -> Condition:
    """That at least so many of the conditions hold."""
    size = max(0, -int(-needed // 1))
    if size == 0 or size > len(conditions):
        return size == 0
    chosen = list(combinations(conditions, size))
    if len(chosen) > MOST_COMBINATIONS:
        raise CannotSay(f"`missing_some` leaves more than {MOST_COMBINATIONS} ways to have enough")
    return disj(*(conj(*some) for some in chosen))
