"""Functions on lists and objects."""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Any

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.floats import exactly, is_number, known
from atamo_rules.functions.numbers import EXACT, exact, held
from atamo_rules.functions.printing import printed
from atamo_rules.functions.signature import LONGEST_TEXT, MOST_ITEMS, Function, takes
from atamo_rules.model.types import Anything, ListOf, MapOf, Number, Text, Type


def _item(types: tuple[Type, ...]) -> Type:
    return types[0].item if types and isinstance(types[0], ListOf) else Anything()


def _same(types: tuple[Type, ...]) -> Type:
    return types[0] if types and isinstance(types[0], ListOf) else ListOf(Anything())


def _values_type(types: tuple[Type, ...]) -> Type:
    return ListOf(types[0].value) if types and isinstance(types[0], MapOf) else ListOf(Anything())


def _join(items: Any, by: str = ", ") -> Any:
    size, parts = 0, []
    for item in items:
        part = printed(item)
        size += len(part) + len(by)
        if size > LONGEST_TEXT:
            return ABSENT
        parts.append(part)
    return by.join(parts)


def numbers_in(items: Any) -> list[int | Decimal]:
    """The numbers of a list; what is none is passed by."""
    return [known(item) for item in items if is_number(item)]


def _sum(items: Any) -> Any:
    total: int | Decimal = 0
    try:
        for number in numbers_in(items):
            whole = isinstance(total, int) and isinstance(number, int)
            total = total + number if whole else EXACT.add(exact(total), exact(number))
    except DecimalException:
        return ABSENT
    return held(total)


def _key(item: Any) -> Any:
    """Something hashable that two elements share exactly when a rule would call them equal."""
    if isinstance(item, list | tuple):
        return ("list", *map(_key, item))
    if isinstance(item, dict):
        return ("record", frozenset((name, _key(value)) for name, value in item.items()))
    if isinstance(item, float):
        item = exactly(item)
        return object() if item is ABSENT else (False, item)
    return (isinstance(item, bool), item)


def _distinct(items: Any) -> Any:
    seen: set[Any] = set()
    found = []
    for item in items:
        key = _key(item)
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found


def _sorted(items: Any) -> Any:
    if all(isinstance(item, str) for item in items):
        return sorted(items)
    numbers = numbers_in(items)
    return sorted(numbers) if len(numbers) == len(items) else ABSENT


def _most(items: list[Any]) -> Any:
    return items if len(items) <= MOST_ITEMS else ABSENT


def _edge(items: Any, at: int) -> Any:
    return items[at] if items else ABSENT


def _extreme(items: Any, largest: bool) -> Any:
    found = numbers_in(items)
    if not found:
        return ABSENT
    return max(found) if largest else min(found)


def _measure(value: Any) -> Any:
    return len(value) if isinstance(value, str | list | tuple | dict) else ABSENT


FUNCTIONS = (
    Function("count", "How many elements a list has.", takes("items:list|text|record"), Number(whole=True), _measure,
             (("count([1, 2])", 2),)),
    Function("first", "The first element; absent when there is none.", takes("items:list"), _item,
             lambda i: _edge(i, 0), (('first(["a", "b"])', "a"),)),
    Function("last", "The last element; absent when there is none.", takes("items:list"), _item,
             lambda i: _edge(i, -1), (('last(["a", "b"])', "b"),)),
    Function("join", "The elements as one text.", takes("items:list", optional="by:text"), Text(), _join,
             (('join(["a", "b"], "-")', "a-b"), ("join([1, 2])", "1, 2"))),
    Function("sum", "The numbers of a list added, exactly.", takes("items:list"), Number(), _sum,
             (("sum([1, 2.5])", Decimal("3.5")),)),
    Function("largest", "The largest number of a list.", takes("items:list"), Number(), lambda i: _extreme(i, True),
             (("largest([1, 3, 2])", 3),)),
    Function("smallest", "The smallest number of a list.", takes("items:list"), Number(), lambda i: _extreme(i, False),
             (("smallest([2, 1])", 1),)),
    Function("distinct", "The elements, each once, in their first order.", takes("items:list"), _same, _distinct,
             (('distinct(["a", "b", "a"])', ["a", "b"]),)),
    Function("sort", "Texts by code point, or numbers by size; absent when they are mixed.", takes("items:list"), _same,
             _sorted,
             (('sort(["b", "a"])', ["a", "b"]),)),
    Function("keys", "The names of an object's fields.", takes("of:record"), ListOf(Text()),
             lambda r: _most(list(r)), ()),
    Function("values", "The values of an object's fields.", takes("of:record"), _values_type,
             lambda r: _most(list(r.values())), ()),
)  # fmt: skip
