"""What each operator asks of two values. Values of the wrong type, or absent, satisfy nothing.

A boolean never equals a number; int, Decimal and float compare exactly, a float being the decimal it writes; texts are
ordered by code point; ignoring case means comparing `str.casefold` of both (Unicode 15, default case folding).
"""

from __future__ import annotations

import operator as python
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

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


def _less(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return _order(left, right) == -1


def _at_most(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return _order(left, right) in (-1, 0)


def _more(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return _order(left, right) == 1


def _at_least(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return _order(left, right) in (0, 1)


def _member(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return isinstance(right, list | tuple) and any(equal(left, item, kind, fold) for item in right)


def _contains(left: Any, right: Any, kind: str, fold: bool) -> bool:
    if isinstance(left, str):
        if not isinstance(right, str):
            return False
        return right.casefold() in left.casefold() if fold else right in left
    return isinstance(left, list | tuple) and any(equal(item, right, kind, fold) for item in left)


def _in_list(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return not isinstance(left, str) and _contains(left, right, kind, fold)


def _in_text(left: Any, right: Any, kind: str, fold: bool) -> bool:
    return isinstance(left, str) and _contains(left, right, kind, fold)


_HOLDS: dict[Operator, tuple[bool, bool]] = {
    _contains: (True, True),
    _in_list: (False, True),
    _in_text: (True, False),
}
"""Whether it asks for a part of a text, and whether for an element of a list."""


def operator_of(node: Test) -> Operator:
    """The operator of a test. A field declared as a list has no parts of a text, and a text has no elements."""
    if node.operator == "contains" and isinstance(node.left, Spelled):
        return _in_text
    if (
        node.operator == "contains"
        and isinstance(node.left, Get)
        and not isinstance(node.left.type, Anything)
    ):
        return _in_list if isinstance(node.left.type, ListOf) else _in_text
    return OPERATORS["eq" if node.operator == "in" and not isinstance(node.right, Const) else node.operator]


def _prefix(left: Any, right: Any, kind: str, fold: bool) -> bool:
    if not (isinstance(left, str) and isinstance(right, str)):
        return False
    return left.casefold().startswith(right.casefold()) if fold else left.startswith(right)


def _suffix(left: Any, right: Any, kind: str, fold: bool) -> bool:
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
    "lt": _less,
    "le": _at_most,
    "gt": _more,
    "ge": _at_least,
    "in": _member,
    "contains": _contains,
    "prefix": _prefix,
    "suffix": _suffix,
    "regex": _regex,
    "glob": _glob,
    "cidr": _cidr,
    "type": _type,
}


@lru_cache(65_536)
def compiled(pattern: str, fold: bool) -> Callable[[str], bool]:
    """A search for a pattern, in time linear in the text (RE2)."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not fold
    options.never_capture = True
    options.max_mem = 8 << 20
    # In UTF-8 at once: nobody asks where it was found, so offsets need not be counted in characters.
    search = re2.compile(pattern.encode(), options).search

    def found(text: str) -> bool:
        try:
            return search(text.encode()) is not None
        except UnicodeEncodeError:
            return False

    return found


def glob_pattern(glob: str) -> str:
    """The anchored RE2 pattern of a glob: `*` any text, `?` one character, `\\` takes the next as it is."""
    out, at = ["(?s)\\A"], 0
    while at < len(glob):
        char = glob[at]
        if char == "\\" and at + 1 < len(glob):
            at += 1
            out.append(re.escape(glob[at]))
        elif char == "*":
            if out[-1] != ".*":
                out.append(".*")
        else:
            out.append("." if char == "?" else re.escape(char))
        at += 1
    return "".join(out) + "\\z"


_OF_TEXTS: tuple[Operator, ...] = (equal, _member, _in_text, _prefix, _suffix)
"""Asked of texts, these ignore case by asking the folded text about folded constants."""


_OF_WHOLES: dict[Operator, Callable[[int, int], bool]] = {
    equal: python.eq,
    _less: python.lt,
    _at_most: python.le,
    _more: python.gt,
    _at_least: python.ge,
}
"""What Python asks of two whole numbers."""


def _folded(constant: Any) -> str | tuple[str, ...] | None:
    if isinstance(constant, str):
        return constant.casefold()
    if isinstance(constant, list | tuple) and all(isinstance(item, str) for item in constant):
        return tuple(item.casefold() for item in constant)
    return None


def single(node: Test) -> Check:
    """A test against a constant, as a question about one value; the hot path of every rule."""
    assert isinstance(node.right, Const)
    constant, kind, fold = node.right.value, node.kind, node.ignore_case
    operator = operator_of(node)
    if fold and operator in _OF_TEXTS and (folded := _folded(constant)) is not None:
        ask = single(replace(node, right=Const(folded, span=node.right.span), ignore_case=False))
        return lambda value: isinstance(value, str) and ask(value.casefold())
    if node.many and isinstance(constant, list | tuple):
        return _of_many(node, tuple(constant))
    if not fold and isinstance(constant, str):
        text: str = constant
        if node.operator == "eq":
            return lambda value: value == text
        if node.operator == "prefix":
            return lambda value: isinstance(value, str) and value.startswith(text)
        if node.operator == "suffix":
            return lambda value: isinstance(value, str) and value.endswith(text)
        if operator is _in_text:
            return lambda value: isinstance(value, str) and text in value
        if operator is _in_list:
            return lambda value: isinstance(value, list | tuple) and text in value
    if node.operator == "regex" and isinstance(constant, str):
        search = compiled(constant, fold)
        return lambda value: isinstance(value, str) and search(value)
    if node.operator == "glob" and isinstance(constant, str):
        match = compiled(glob_pattern(constant), fold)
        return lambda value: isinstance(value, str) and match(value)
    if type(constant) is int and operator in _OF_WHOLES:
        whole, compare = constant, _OF_WHOLES[operator]
        return lambda value: (
            compare(value, whole) if type(value) is int else operator(value, whole, kind, fold)
        )
    if node.operator == "type" and isinstance(constant, str):
        return TYPES[constant]
    listed = constant if isinstance(constant, list | tuple) else ()
    if node.operator == "in" and not fold and listed and all(isinstance(item, str) for item in listed):
        members = frozenset(str(item) for item in listed)
        return lambda value: isinstance(value, str) and value in members
    return lambda value: operator(value, constant, kind, fold)


def _of_many(node: Test, items: tuple[Any, ...]) -> Check:
    """`any of` and `all of`, one question after another until the answer is known."""
    every = node.many == "all"
    of_texts, of_lists = _HOLDS.get(operator_of(node), (False, False))
    if (of_texts or of_lists) and not node.ignore_case and all(isinstance(item, str) for item in items):

        def holds(value: Any) -> bool:
            """A text is part of a text, and is equal to no element of a list but a text: Python says both by `in`."""
            if of_texts if isinstance(value, str) else of_lists and isinstance(value, list | tuple):
                for item in items:
                    if (item in value) is not every:
                        return not every
                return every
            return every and not items

        return holds
    checks = [single(replace(node, right=Const(item, span=node.right.span), many="")) for item in items]

    def run(value: Any) -> bool:
        for check in checks:
            if check(value) is not every:
                return not every
        return every

    return run
