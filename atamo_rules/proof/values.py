"""Values of a type, enough of them that tests which none of them satisfies are satisfied by no value.

What has an order is cut into pieces (`orders.py`), what is one of a list is each of it. Where tests cannot be told
apart so, the values are the likely ones, and stand for nothing but themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from atamo_rules.engine.examples import example
from atamo_rules.engine.frame import bare
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.meaning import Condition, Const, Empty, Test
from atamo_rules.model.types import (
    Anything,
    Boolean,
    Duration,
    ListOf,
    MapOf,
    Moment,
    Number,
    OneOf,
    Record,
    Text,
    Type,
)
from atamo_rules.proof import lists, orders, texts
from atamo_rules.proof.formula import Lit, Path, within

ORDER = ("lt", "le", "gt", "ge")
_CUT = ("eq", "in", *ORDER)
MOST = 200
"""Constants about one value that are looked at."""


class Possible(NamedTuple):
    """What tests about one value come to: a value that satisfies them, or none; `sure` where that is known."""

    value: Any
    found: bool
    sure: bool


class Choice(NamedTuple):
    """Values to try, in this order; with `whole` they stand for all there are. ABSENT is one that is not there."""

    values: list[Any]
    whole: bool


def possible(path: Path, type: Type, literals: Sequence[Lit], *, missing: bool) -> Possible:
    """A value at a path with which all of them are as they should be; `missing` says that it may be absent, or null."""
    values, whole = choice(type, path, literals, missing=missing)
    for value in values:
        frame = bare(within(path, value))
        if all(lit.atom.holds(frame) is lit.positive for lit in literals):
            return Possible(value, True, True)
    return Possible(ABSENT, False, whole)


def _chosen(path: Path, type: Type, literals: Sequence[Lit]) -> tuple[Any, bool]:
    found = possible(path, type, literals, missing=False)
    return found.value, found.found


def choice(type: Type, path: Path, literals: Sequence[Lit], *, missing: bool) -> Choice:
    """The values that tests about what stands at a path may be tried with."""
    nothing: list[Any] = [ABSENT, None] if missing else []
    constants = [value for lit in literals for value in lit.atom.constants]
    if len(constants) > MOST:
        return Choice(nothing, False)
    values, whole = _of_type(type, path, literals, constants)
    return Choice([*nothing, *values], whole)


def _of_type(
    type: Type, path: Path, literals: Sequence[Lit], constants: Sequence[Any]
) -> tuple[list[Any], bool]:
    match type:
        case OneOf():
            return list(type.values), True
        case Boolean():
            return [False, True], True
        case Number():
            tame = orders.tame([*constants, type.low, type.high])
            return orders.numbers(type, constants), tame and _all_cut(literals)
        case Moment():
            return [*orders.moments(type, constants), example(type)], _all_cut(literals)
        case Duration():
            return [*orders.lengths(constants), example(type)], _all_cut(literals)
        case Text():
            return _texts(type, path[-1], literals, constants)
        case ListOf():
            return lists.made(type, path, literals, _chosen)
        case Anything():
            return _anything(literals, constants, path[-1])
        case Record():
            needed = any(not member.optional for member in type.members.values())
            some = ({name: example(member.type, None, name)} for name, member in type.members.items())
            return [example(type), *([] if needed else [{}, *some])], _untested(literals)
        case MapOf():
            return [{}, {"other": example(type.value)}], _untested(literals)


def _all_cut(literals: Sequence[Lit]) -> bool:
    """Whether the tests can be told apart by cutting at their constants."""
    return all(
        lit.atom.plain
        and (
            not isinstance(lit.atom.condition, Test)
            or (lit.atom.condition.operator in _CUT and not lit.atom.condition.many)
        )
        for lit in literals
    )


def _untested(literals: Sequence[Lit]) -> bool:
    """Whether nothing is asked but whether it is there, or empty."""
    return all(lit.atom.plain and not isinstance(lit.atom.condition, Test) for lit in literals)


def _texts(
    type: Text, name: str, literals: Sequence[Lit], constants: Sequence[Any]
) -> tuple[list[Any], bool]:
    plain = str(example(type, None, name))
    named = named_exactly(literals)
    fresh = plain
    while any(isinstance(one, str) and one.casefold() == fresh.casefold() for one in constants):
        fresh += "x"
    tries = [fresh, *(["other"] if not type.format else []), ""]
    found = [one for one in dict.fromkeys(texts.made(literals, tries)) if _fits(one, type)]
    equal = all(
        lit.atom.plain
        and (not isinstance(lit.atom.condition, Test) or lit.atom.condition.operator in ("eq", "in"))
        for lit in literals
    )
    if equal or named:
        return found, _fits(fresh, type) or named
    return found, texts.excluded(literals, type.shortest, type.longest)


def _fits(text: str, type: Text) -> bool:
    return len(text) >= type.shortest and (type.longest is None or len(text) <= type.longest)


def named_exactly(literals: Sequence[Lit]) -> bool:
    """Whether a part that holds names every value it may be."""
    return any(lit.positive and lit.atom.plain and _names(lit.atom.condition) for lit in literals)


def _names(part: Condition) -> bool:
    if not isinstance(part, Test) or not isinstance(part.right, Const):
        return isinstance(part, Empty)
    compound = isinstance(part.right.value, list | dict if part.operator == "in" else list | dict | tuple)
    return part.operator in ("eq", "in") and not part.ignore_case and not compound


def _anything(literals: Sequence[Lit], constants: Sequence[Any], name: str) -> tuple[list[Any], bool]:
    """Of a value of no known type only what one test that holds says of it: which it is, or that it is a number."""
    found: list[Any] = ["", name, False, True, 0, [], {}, *texts.made(literals, ["other"])]
    found += [one for one in constants if one is None or isinstance(one, str | int | Decimal | bool)]
    found += orders.pieces(sorted({value for value in constants if orders.is_number(value)}))
    if named_exactly(literals):
        return found, True
    ordered = any(
        lit.positive
        and lit.atom.plain
        and isinstance(lit.atom.condition, Test)
        and lit.atom.condition.operator in ORDER
        and isinstance(lit.atom.condition.right, Const)
        and orders.is_number(lit.atom.condition.right.value)
        for lit in literals
    )
    return found, ordered and _all_cut(literals) and orders.tame(constants)
