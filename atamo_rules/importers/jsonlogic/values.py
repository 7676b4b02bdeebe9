"""What a part of a JsonLogic rule stands for, before any event: a constant, a place in the event, or a choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeAlias

from atamo_rules.importers.jsonlogic.conditions import Condition, conj
from atamo_rules.syntax import tree


class CannotSay(Exception):
    """This part of a rule cannot be said exactly; the message is one sentence in lower case."""


class Nothing(Enum):
    """`undefined` of JavaScript: an argument that is not there."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Nothing.UNDEFINED


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known at import: JSON, its numbers int or Decimal, or UNDEFINED."""

    value: Any


NULL = Constant(None)


@dataclass(frozen=True, slots=True)
class Field:
    """What stands in the event at a place, null where there is nothing.

    A step of digits is an element of a list or a key of an object, so there may be several `places`, of which at most
    one leads to something. A place is a path, or `loose_at(path, number)` where it ends with digits. `default` is the
    value where there is nothing.

    With a `kind`, `number` or `text`, it is no place but a term that computes one of those: never null, and where a
    number has no value, NaN.
    """

    places: tuple[tree.Expr, ...]
    default: Value = NULL
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`, as a condition decides."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Choice:
    """`then` where the condition holds, else `other`. `truth` is when the outcome is truthy, where that is known."""

    condition: Condition
    then: Value
    other: Value
    truth: Condition | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a list that the rule makes; there only `when` the condition holds."""

    value: Value
    when: Condition = True


@dataclass(frozen=True, slots=True)
class Each:
    """One element for every element of a list in the event that satisfies `when`; `variable` is bound to it."""

    collection: tree.Expr
    variable: str
    value: Value
    when: Condition = True


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that the rule makes, part after part."""

    parts: tuple[Item | Each, ...]


@dataclass(frozen=True, slots=True)
class Folding:
    """The data that `reduce` gives its rule: `current` and `accumulator`."""

    fields: Mapping[str, Value] = field(hash=False)


Value: TypeAlias = "Constant | Field | Truth | Choice | Listing | Folding"


def listing(*parts: Item | Each) -> Value:
    """A list; a constant where all of it is known."""
    there = tuple(part for part in parts if part.when is not False)
    values = [
        one.value.value
        for one in there
        if isinstance(one, Item) and one.when is True and isinstance(one.value, Constant)
    ]
    if UNDEFINED in values:
        raise CannotSay("a list of it holds `undefined`")
    return Constant(values) if len(values) == len(there) else Listing(there)


def outcomes(value: Value) -> tuple[Condition, Value, Value] | None:
    """The condition that decides between two values, and the two."""
    if isinstance(value, Choice):
        return value.condition, value.then, value.other
    if isinstance(value, Truth):
        return value.condition, Constant(True), Constant(False)
    return None


def spread(
    values: Sequence[Value], make: Callable[[Sequence[Value]], Value], *, truths: bool = False
) -> Value:
    """An operator on every outcome of the choices among its operands, and of its truths where `truths`."""
    for position, value in enumerate(values):
        pair = outcomes(value) if truths or not isinstance(value, Truth) else None
        if pair is not None:
            condition, *either = pair
            sides = ([*values[:position], one, *values[position + 1 :]] for one in either)
            then, other = (spread(side, make, truths=truths) for side in sides)
            return Choice(condition, then, other)
    return make(values)


def guarded(part: Item | Each, when: Condition) -> Item | Each:
    """The same part, there only where one more condition holds."""
    if isinstance(part, Item):
        return Item(part.value, conj(when, part.when))
    return Each(part.collection, part.variable, part.value, conj(when, part.when))
