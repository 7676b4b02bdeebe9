"""Values of a type, enough of them that tests which none of them satisfies are satisfied by no value.

What has an order is cut at the constants that the tests name: between two neighbours, and on each of them, every test
has one truth, so that one value for each piece stands for all of them (a small-model argument). What is one of a list
is each of it. Where tests cannot be cut so, the values are the likely ones, and stand for nothing but themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor
from typing import Any, NamedTuple

from atamo_rules.engine.examples import example
from atamo_rules.engine.frame import bare
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import duration_text
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
from atamo_rules.proof import lists, texts
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
            return _numbers(type, constants), _all_cut(literals) and _tame([*constants, type.low, type.high])
        case Moment():
            cuts = sorted({value for value in constants if _is_moment(value, type)})
            pieces = _days(cuts) if type.date_only else _moments(cuts)
            return [*pieces, example(type)], _all_cut(literals)
        case Duration():
            lengths = sorted({value for value in constants if isinstance(value, timedelta)})
            return [*_lengths(lengths), "PT0S"], _all_cut(literals)
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


# --- what has an order ----------------------------------------------------------------------------------


def _numbers(type: Number, constants: Sequence[Any]) -> list[Any]:
    """Those at the edges first: what is shown is worth a test."""
    cuts = sorted({value for value in constants if _is_number(value)})
    bounds = [bound for bound in (type.low, type.high) if bound is not None]
    found: list[Any] = []
    if type.whole:
        for cut in (*cuts, *bounds):
            found += [floor(cut), ceil(cut), ceil(cut) + 1, floor(cut) - 1]
    else:
        found += [*cuts, *_pieces(sorted({*cuts, *bounds}))]
    found.append(example(type))
    low, high = type.low, type.high
    inside = (v for v in found if (low is None or v >= low) and (high is None or v <= high))
    return list(dict.fromkeys(inside))


def _tame(constants: Sequence[Any]) -> bool:
    """Whether numbers are such that the middle of two of them, and one more or less, are exact."""
    return all(
        not _is_number(value) or (abs(value) < 10**15 and value == round(value, 9)) for value in constants
    )


def _pieces(cuts: Sequence[Any]) -> list[Any]:
    """Each cut, what lies before the first and behind the last, and the middle of each two."""
    if not cuts:
        return []
    between = [(Decimal(low) + Decimal(high)) / 2 for low, high in pairwise(cuts)]
    return [*cuts, cuts[0] - 1, cuts[-1] + 1, *between]


def _moments(cuts: Sequence[datetime]) -> list[str]:
    second = timedelta(seconds=1)
    found = list(cuts)
    for cut, away in zip((*cuts[:1], *cuts[-1:]), (-second, second), strict=False):
        with suppress(OverflowError):  # there is nothing beyond
            found.append(cut + away)
    found += [low + (high - low) / 2 for low, high in pairwise(cuts)]
    return [one.astimezone(UTC).isoformat().replace("+00:00", "Z") for one in found]


def _days(cuts: Sequence[date]) -> list[str]:
    found: list[date] = []
    for cut in cuts:
        found.append(cut)
        for days in (-1, 1):
            with suppress(OverflowError):
                found.append(cut + timedelta(days))
    return [one.isoformat() for one in found]


def _lengths(cuts: Sequence[timedelta]) -> list[str]:
    second = timedelta(seconds=1)
    found = list(cuts)
    for cut, away in zip((*cuts[:1], *cuts[-1:]), (-second, second), strict=False):
        with suppress(OverflowError):
            found.append(cut + away)
    found += [low + (high - low) / 2 for low, high in pairwise(cuts)]
    return [duration_text(one) for one in found]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_moment(value: Any, type: Moment) -> bool:
    if type.date_only:
        return isinstance(value, date) and not isinstance(value, datetime)
    return isinstance(value, datetime)


# --- everything else ------------------------------------------------------------------------------------


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
    found += _pieces(sorted({value for value in constants if _is_number(value)}))
    if named_exactly(literals):
        return found, True
    ordered = any(
        lit.positive
        and lit.atom.plain
        and isinstance(lit.atom.condition, Test)
        and lit.atom.condition.operator in ORDER
        and isinstance(lit.atom.condition.right, Const)
        and _is_number(lit.atom.condition.right.value)
        for lit in literals
    )
    return found, ordered and _all_cut(literals) and _tame(constants)
