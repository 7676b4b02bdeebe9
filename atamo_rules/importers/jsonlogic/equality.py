"""`===` and `==`: when two values are equal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atamo_rules.functions import loose
from atamo_rules.functions.absent import ABSENT
from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.conditions import Condition, conj, disj
from atamo_rules.importers.jsonlogic.values import UNDEFINED, CannotSay, Constant, Field, Listing, Value
from atamo_rules.syntax import tree

NOTHING = (None, UNDEFINED)


def strict(asking: Asking, left: Value, right: Value) -> Condition:
    """`===`."""
    return asking.compare(lambda one, two: _strict(asking, one, two), left, right, same=True)


def loosely(asking: Asking, left: Value, right: Value) -> Condition:
    """`==`."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        agreed(left.value, right.value, equality=True)
    return _loosely(asking, left, right)


def same(one: Any, two: Any) -> bool:
    """`===` of two constants; a list or an object is no other one."""
    if isinstance(one, list | dict) or isinstance(two, list | dict):
        return False
    return isinstance(one, bool) is isinstance(two, bool) and bool(one == two)


def kind_of(value: Any) -> str:
    """`text` or `number`, or nothing of those."""
    return "text" if isinstance(value, str) else "number" if type(value) in (int, Decimal) else ""


def agreed(one: Any, two: Any, *, equality: bool) -> None:
    """CannotSay of two constants that JavaScript compares, and other engines refuse or answer otherwise."""
    if isinstance(one, list | dict) or isinstance(two, list | dict):
        raise CannotSay("it compares a list or an object of the rule: JsonLogic engines disagree on that")
    for left, right in ((one, two), (two, one)):
        number = isinstance(left, int | Decimal)
        if number and isinstance(right, str) and loose.text_number(right) is ABSENT:
            raise CannotSay(
                "it compares a number with a text that writes none: JsonLogic engines disagree on that"
            )
        if number and not isinstance(left, bool) and right is None and equality:
            raise CannotSay("it compares null with a number by `==`: JsonLogic engines disagree on that")


def _strict(asking: Asking, left: Value, right: Value) -> Condition:
    match left, right:
        case Constant(), Constant():
            return same(left.value, right.value)
        case Field(), Constant():
            return _strict_constant(asking, left, right)
        case Constant(), Field():
            return _strict_constant(asking, right, left)
        case Field(), Field():
            if left.kind and right.kind and left.kind != right.kind:
                return False
            typed = bool(left.kind or right.kind)
            return _paired(asking, left, right, lambda one, two: _same_scalar(asking, one, two, typed))
    return False  # a list that a rule makes is no other list


def _strict_constant(asking: Asking, field: Field, constant: Constant) -> Condition:
    value = constant.value
    if value is UNDEFINED or (field.kind and field.kind != kind_of(value)):
        return False

    def test(path: tree.Expr) -> Condition:
        scalar = not isinstance(value, list | dict) and value is not None
        return scalar and asking.write.compare(path, "is", value)

    return asking.ask(field, test, null=value is None, default=strict(asking, field.default, constant))


def _same_scalar(asking: Asking, one: tree.Expr, two: tree.Expr, typed: bool) -> Condition:
    """Equality of values that are neither lists nor objects, which equal themselves alone. A side with a known kind
    needs no such test."""
    same = asking.write.compare(one, "is", two)
    return same if typed else conj(same, *_not_compound(asking, one))


def _not_compound(asking: Asking, path: tree.Expr) -> list[tree.Expr]:
    return [asking.write.state(path, operator) for operator in ("is not a list", "is not an object")]


def _paired(
    asking: Asking, left: Field, right: Field, test: Callable[[tree.Expr, tree.Expr], Condition]
) -> Condition:
    """Equality of two places: both without a value, or a test of the values."""
    neither = conj(asking.absent(left), asking.absent(right))
    return disj(neither, *(test(one, two) for one in left.places for two in right.places))


def _loosely(asking: Asking, left: Value, right: Value) -> Condition:
    return asking.compare(lambda one, two: _loose(asking, one, two), left, right, same=True)


def _loose(asking: Asking, left: Value, right: Value) -> Condition:
    match left, right:
        case Constant(), Constant():
            if left.value in NOTHING or right.value in NOTHING:
                return left.value in NOTHING and right.value in NOTHING
            return loose.loosely_equal(left.value, right.value)
        case Field(), Constant():
            return _loose_constant(asking, left, right)
        case Constant(), Field():
            return _loose_constant(asking, right, left)
        case Field(), Field():
            return _paired(asking, left, right, lambda one, two: asking.write.call("loosely_equal", one, two))
        case (Listing(), Constant(value=None)) | (Constant(value=None), Listing()):
            return False
    raise CannotSay("`==` compares a list that the rule makes, which JavaScript does by its text")


def _loose_constant(asking: Asking, field: Field, constant: Constant) -> Condition:
    value = constant.value
    default = _loosely(asking, field.default, constant)
    return asking.ask(
        field, lambda path: _equals(asking, path, value, field.kind), null=value in NOTHING, default=default
    )


def _equals(asking: Asking, path: tree.Expr, value: Any, kind: str) -> Condition:
    """`==` of a value that is there, and may be known to be of a kind, and a constant."""
    write = asking.write
    if value in NOTHING:
        return False
    if isinstance(value, list | dict):
        scalar = [] if kind else _not_compound(asking, path)
        return conj(*scalar, _equals(asking, path, loose.loose_text(value), kind))
    if kind and kind == kind_of(value):
        return write.compare(path, "is", value)
    if isinstance(value, str):
        if loose.text_number(value) is not ABSENT:
            return write.call("loosely_equal", path, write.literal(value))
        return write.compare(write.call("loose_text", path), "is", value)
    return write.compare(write.call("loose_number", path), "is", loose.loose_number(value))
