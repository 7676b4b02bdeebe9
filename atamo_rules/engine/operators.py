"""What each operator asks of two values. Values of the wrong type, or absent, satisfy nothing.

A boolean never equals a number; int, Decimal and float compare exactly, a float being the decimal it writes; texts are
ordered by code point; ignoring case means comparing `str.casefold` of both (Unicode 15, default case folding).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from atamo_rules.engine.patterns import compiled, glob_pattern
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import exactly, is_number
from atamo_rules.functions.net import address_in
from atamo_rules.model.meaning import Const, Get, Spelled, Test
from atamo_rules.model.types import Anything, ListOf

Operator: TypeAlias = Callable[[Any, Any, str, bool], bool]
Check: TypeAlias = Callable[[Any], bool]


FITS: dict[str, Check] = {
    "text": lambda value: isinstance(value, str),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "moment": lambda value: isinstance(value, datetime),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "duration": lambda value: isinstance(value, timedelta),
    "json": lambda value: value is not None and value is not ABSENT,
}
"""By the kind of a test: is this a value that it can be asked of?"""


def equal(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """Equality within one kind of JSON value; lists and objects element by element. What is nested deeper than Python
    can follow, which no strict JSON is, equals nothing."""
    try:
        return _equal(left, right, kind, fold)
    except RecursionError:
        return False


def _equal(left: Any, right: Any, kind: str, fold: bool) -> bool:
    if isinstance(left, str):
        if not isinstance(right, str):
            return False
        return left.casefold() == right.casefold() if fold else left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(
            _equal(one, two, kind, fold) for one, two in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[k], right[k], kind, fold) for k in left)
    if isinstance(left, float) or isinstance(right, float):
        return _order(left, right) == 0
    return bool(left == right)


_ORDERED: tuple[Any, ...] = ((int, Decimal), str, datetime, timedelta)
"""Types whose values have an order among themselves."""


def _order(left: Any, right: Any) -> int | None:
    """-1, 0 or 1 where two values have an order, else None."""
    if isinstance(left, bool) or isinstance(right, bool):
        return None
    left = exactly(left) if isinstance(left, float) else left
    right = exactly(right) if isinstance(right, float) else right
    for family in _ORDERED:
        if isinstance(left, family) and isinstance(right, family):
            return int(left > right) - int(left < right)
    if isinstance(left, date) and isinstance(right, date):
        if isinstance(left, datetime) or isinstance(right, datetime):
            return None
        return int(left > right) - int(left < right)
    return None


def less(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """Before it, in the order of their type."""
    return _order(left, right) == -1


def at_most(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """Before it, or at the same place."""
    return _order(left, right) in (-1, 0)


def more(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """Behind it, in the order of their type."""
    return _order(left, right) == 1


def at_least(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """Behind it, or at the same place."""
    return _order(left, right) in (0, 1)


def member(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """Equal to one element of a list."""
    return isinstance(right, list | tuple) and any(equal(left, item, kind, fold) for item in right)


def contains(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """A part of a text, or an element of a list."""
    if isinstance(left, str):
        if not isinstance(right, str):
            return False
        return right.casefold() in left.casefold() if fold else right in left
    return isinstance(left, list | tuple) and any(equal(item, right, kind, fold) for item in left)


def in_list(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """An element of a list, and of nothing else."""
    return not isinstance(left, str) and contains(left, right, kind, fold)


def in_text(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """A part of a text, and of nothing else."""
    return isinstance(left, str) and contains(left, right, kind, fold)


def operator_of(node: Test) -> Operator:
    """The operator of a test. A field declared as a list has no parts of a text, and a text has no elements."""
    if node.operator == "contains" and isinstance(node.left, Spelled):
        return in_text
    if (
        node.operator == "contains"
        and isinstance(node.left, Get)
        and not isinstance(node.left.type, Anything)
    ):
        return in_list if isinstance(node.left.type, ListOf) else in_text
    return OPERATORS["eq" if node.operator == "in" and not isinstance(node.right, Const) else node.operator]


def prefix(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """The beginning of a text."""
    if not (isinstance(left, str) and isinstance(right, str)):
        return False
    return left.casefold().startswith(right.casefold()) if fold else left.startswith(right)


def suffix(left: Any, right: Any, kind: str, fold: bool) -> bool:
    """The end of a text."""
    if not (isinstance(left, str) and isinstance(right, str)):
        return False
    return left.casefold().endswith(right.casefold()) if fold else left.endswith(right)


def _regex(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return isinstance(left, str) and isinstance(right, str) and compiled(right, fold)(left)


def _glob(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return isinstance(left, str) and isinstance(right, str) and compiled(glob_pattern(right), fold)(left)


TYPES: dict[str, Check] = {
    "text": FITS["text"],
    "number": FITS["number"],
    "boolean": FITS["boolean"],
    "list": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, dict),
}
"""The kinds of JSON value that a rule may ask for."""


def _type(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return TYPES[right](left)


def _cidr(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return isinstance(right, str) and address_in(left, right)


OPERATORS: dict[str, Operator] = {
    "eq": equal,
    "lt": less,
    "le": at_most,
    "gt": more,
    "ge": at_least,
    "in": member,
    "contains": contains,
    "prefix": prefix,
    "suffix": suffix,
    "regex": _regex,
    "glob": _glob,
    "cidr": _cidr,
    "type": _type,
}
