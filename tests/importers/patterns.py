"""A second opinion on event patterns: what their documentation says, walked naively over events laid flat.

An event is a list of fields, each a name, a plain value, and the places it has in the arrays around it. Written from
the README of event-ruler and PATTERNS.md of quamina, without a line of the importer.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple


class Leaf(NamedTuple):
    """One field of an event: `arrays` says which element of which array it is in."""

    name: tuple[str, ...]
    value: Any
    arrays: dict[int, int]


def leaves(event: Any, quamina: bool) -> list[Leaf]:
    numbers = count()

    def walk(value: Any, name: tuple[str, ...], arrays: dict[int, int]) -> Iterator[Leaf]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, (*name, *((key,) if quamina else key.split("."))), arrays)
        elif isinstance(value, list):
            number = next(numbers)
            for position, inner in enumerate(value):
                # event-ruler notes the place of what holds something; quamina also that of plain values.
                placed = quamina or isinstance(inner, dict | list)
                yield from walk(inner, name, {**arrays, number: position} if placed else arrays)
        else:
            yield Leaf(name, value, arrays)

    return list(walk(event, (), {}))


def matches(pattern: Any, event: Any, dialect: str) -> bool:
    """Whether a pattern matches an event."""
    quamina = dialect == "quamina"
    flat = leaves(event, quamina)
    return any(_holds(sorted(rule.items()), flat, {}, quamina) for rule in _rules(pattern, (), [{}], quamina))


def _rules(
    pattern: dict[str, Any],
    above: tuple[str, ...],
    rules: list[dict[tuple[str, ...], list[Any]]],
    quamina: bool,
) -> list[dict[tuple[str, ...], list[Any]]]:
    """A pattern without its `$or`: the sets of fields of which one must hold."""
    for key, value in pattern.items():
        name = (*above, *((key,) if quamina else key.split(".")))
        if key == "$or" and isinstance(value, list):
            rules = [rule for one in value for rule in _rules(one, above, [dict(r) for r in rules], quamina)]
        elif isinstance(value, dict):
            rules = _rules(value, name, rules, quamina)
        else:
            rules = [{**rule, name: value} for rule in rules]
    return rules


def _holds(
    fields: list[tuple[tuple[str, ...], list[Any]]], flat: list[Leaf], arrays: dict[int, int], quamina: bool
) -> bool:
    """Whether fields can be found one after the other, in elements that do not contradict one another."""
    if not fields:
        return True
    (name, wanted), *rest = fields
    here = [leaf for leaf in flat if leaf.name == name and (quamina or _agree(leaf.arrays, arrays))]
    if {"exists": False} in wanted and not here and _holds(rest, flat, arrays, quamina):
        return True
    return any(
        any(_fits(one, leaf.value, quamina) for one in wanted)
        and _agree(leaf.arrays, arrays)
        and _holds(rest, flat, {**arrays, **leaf.arrays}, quamina)
        for leaf in here
    )


def _agree(one: dict[int, int], two: dict[int, int]) -> bool:
    return all(two.get(array, position) == position for array, position in one.items())


def _fits(wanted: Any, value: Any, quamina: bool) -> bool:
    """Whether a plain value is as one element of a pattern's array wants it."""
    if not isinstance(wanted, dict):
        if isinstance(wanted, str) and isinstance(value, str) and not quamina and ":" in wanted:
            return ipaddress.ip_address(wanted) == _address(value)
        return _same(wanted, value)
    ((operator, by),) = wanted.items()
    if operator == "exists":
        return bool(by)
    if operator == "anything-but":
        return not _is_other(by, value)
    if operator == "numeric":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        tests = {"=": lambda x, y: x == y, "<": lambda x, y: x < y, "<=": lambda x, y: x <= y,
                 ">": lambda x, y: x > y, ">=": lambda x, y: x >= y}  # fmt: skip
        return number and all(
            tests[name](value, bound) for name, bound in zip(by[::2], by[1::2], strict=True)
        )
    return isinstance(value, str) and _text(operator, by, value)


def _is_other(by: Any, value: Any) -> bool:
    """Whether a value is among those that `anything-but` leaves out."""
    if isinstance(by, dict):
        ((operator, others),) = by.items()
        others = others if isinstance(others, list) else [others]
        return isinstance(value, str) and any(_text(operator, one, value) for one in others)
    return any(_same(one, value) for one in (by if isinstance(by, list) else [by]))


def _text(operator: str, by: Any, value: str) -> bool:
    if isinstance(by, dict):
        return _text(operator, by["equals-ignore-case"].lower(), value.lower())
    match operator:
        case "exactly":
            return bool(value == by)
        case "prefix":
            return value.startswith(by)
        case "suffix":
            return value.endswith(by)
        case "equals-ignore-case":
            return bool(value.lower() == by.lower())
        case "wildcard":
            return re.fullmatch(_wildcard(by), value, re.DOTALL) is not None
        case "shellstyle":
            return re.fullmatch(".*".join(map(re.escape, by.split("*"))), value, re.DOTALL) is not None
        case "regexp":
            return re.fullmatch(by.replace("~", "\\"), value, re.DOTALL) is not None
        case "cidr":
            address = _address(value)
            return address is not None and address in ipaddress.ip_network(by, strict=False)
    raise AssertionError(operator)


def _wildcard(text: str) -> str:
    parts = re.findall(r"\\.|\*|[^\\*]+", text, re.DOTALL)
    return "".join(".*" if part == "*" else re.escape(part[1] if part[0] == "\\" else part) for part in parts)


def _address(value: str) -> Any:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def _same(one: Any, two: Any) -> bool:
    """Equality of plain values: a boolean is no number, and nothing but null is null."""
    return isinstance(one, bool) == isinstance(two, bool) and bool(one == two)
