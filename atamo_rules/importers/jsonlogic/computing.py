"""Operators that compute: of constants at import, of what is in the event by functions that do as JavaScript does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

from atamo_rules.functions import loose_math as math
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.loose import BEYOND, any_text
from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.values import UNDEFINED, CannotSay, Constant, Field, Value
from atamo_rules.syntax import tree

NO_NUMBER = "it computes what is no number: JsonLogic engines disagree on what that is"


@dataclass(frozen=True, slots=True)
class Computing:
    """An operator: the fewest and the most operands that engines agree on, and its function of two operands.

    `first` comes before the operands; `null` is what a null operand counts as, None where it makes the whole NaN.
    """

    fewest: int
    most: int
    function: str
    call: Callable[..., Any]
    kind: str = "number"
    first: int | str | None = None
    null: int | str | None = None


COMPUTING: Mapping[str, Computing] = {
    "+": Computing(0, 10_000, "loose_sum", math.loose_sum, first=0),
    "*": Computing(2, 10_000, "loose_product", math.loose_product),
    "-": Computing(1, 2, "loose_difference", math.loose_difference, null=0),
    "/": Computing(2, 2, "loose_quotient", math.loose_quotient, null=0),
    "%": Computing(2, 2, "loose_remainder", math.loose_remainder, null=0),
    "min": Computing(1, 10_000, "loose_least", math.loose_least, null=0),
    "max": Computing(1, 10_000, "loose_greatest", math.loose_greatest, null=0),
    "cat": Computing(0, 10_000, "loose_join", math.loose_join, "text", first="", null=""),
}


def computed(asking: Asking, operator: str, operands: Sequence[Value]) -> Value:
    """What an operator makes of operands none of which is a choice. Raises CannotSay."""
    how = COMPUTING[operator]
    given = list(operands)
    if operator == "-" and len(given) == 1:
        given.insert(0, Constant(0))
    if operator in ("min", "max") and len(given) == 1:
        given.append(given[0])
    while how.first is not None and len(given) < 2:
        given.insert(0, Constant(how.first))
    return reduce(lambda one, two: _two(asking, how, one, two), given)


def part(asking: Asking, operands: Sequence[Value]) -> Value:
    """`substr`."""
    known = [operand.value for operand in operands if isinstance(operand, Constant)]
    if len(known) == len(operands):
        made = math.loose_part(*(("null" if position == 0 else 0) if one is None else one
                                 for position, one in enumerate(known)))  # fmt: skip
        if "\ufffd" in made and "\ufffd" not in any_text(known[0]):
            raise CannotSay("`substr` cuts a character in two, which leaves no text")
        return Constant(made)
    whole, *bounds = operands
    terms = [_term(asking, whole, "null"), *(_term(asking, bound, 0) for bound in bounds)]
    return Field((asking.write.call("loose_part", *terms),), kind="text")


def _two(asking: Asking, how: Computing, one: Value, two: Value) -> Value:
    if isinstance(one, Constant) and isinstance(two, Constant):
        return Constant(_known(how, one.value, two.value))
    return Field(
        (asking.write.call(how.function, _term(asking, one, how.null), _term(asking, two, how.null)),),
        kind=how.kind,
    )


def _known(how: Computing, one: Any, two: Any) -> Any:
    values = [_settled(how, value) for value in (one, two)]
    made = how.call(*values)
    if how.kind == "text":
        return made
    if made is ABSENT or abs(made) >= BEYOND:
        raise CannotSay(NO_NUMBER)
    return made


def _settled(how: Computing, value: Any) -> Any:
    if isinstance(value, list | dict) and how.kind == "number":
        raise CannotSay("it computes with a list or an object: JsonLogic engines disagree on that")
    if value is None or value is UNDEFINED:
        if how.null is None:
            raise CannotSay(NO_NUMBER)
        return how.null
    return value


def _term(asking: Asking, value: Value, null: int | str | None) -> tree.Expr:
    """An operand of a function; null and nothing count as `null`, or make it absent."""
    if isinstance(value, Constant):
        given = null if value.value is None else value.value
        if given is None:
            raise CannotSay(NO_NUMBER)
        if isinstance(given, str | int | Decimal):
            return asking.write.literal(given)
        if null == "" and isinstance(given, list | dict):
            return asking.write.literal(any_text(given))
    if isinstance(value, Field):
        if value.kind == "number" and isinstance(null, str):
            raise CannotSay("it makes a text of a number that it computes, which may be NaN")
        term = asking.single(value)
        return term if value.kind or null is None else asking.write.otherwise(term, null)
    raise CannotSay("it computes with a list that the rule makes")
