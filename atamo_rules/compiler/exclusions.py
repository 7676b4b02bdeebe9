"""Parts of one condition about one value: which exclude each other, and which leave nothing out between them.

An argument about sets of values and intervals: exact for constants, silent about everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from math import ceil, floor
from typing import Any as Anything_at_all

from atamo_rules.model.meaning import All, Among, Any, Condition, Const, Get, Holds, Not, Present, Test
from atamo_rules.model.types import Anything, Boolean, Number, OneOf
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic

MOST = 40
"""Parts about one value that are held against each other: a longer chain is a list, and is looked at no further."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The values with which a part of a condition holds: among `only`, none of `never`, between `low` and `high`.

    `open` says whether it also holds where the value is missing or of another type.
    """

    only: frozenset[object] | None = None
    never: frozenset[object] = frozenset()
    low: Anything_at_all = None
    high: Anything_at_all = None
    without_low: bool = False
    without_high: bool = False
    open: bool = False
    absent: bool = False
    """Whether it holds for nothing but a missing value."""

    def admits(self, value: object) -> bool:
        """Whether it may hold with a value; True where that cannot be told."""
        if self.absent or value in self.never or (self.only is not None and value not in self.only):
            return False
        bare = value[1] if isinstance(value, tuple) else value
        try:
            below = self.low is not None and (bare <= self.low if self.without_low else bare < self.low)
            above = self.high is not None and (bare >= self.high if self.without_high else bare > self.high)
        except TypeError:
            return True
        return not (below or above)


def exclusive(condition: Condition) -> Iterator[Diagnostic]:
    """What can never hold because of another part beside it, and what always holds because of one."""
    match condition:
        case All():
            parts = [*_flat(condition)]
            for first, second in _pairs(parts):
                if _apart(_reach(first), _reach(second), _all_values(first)):
                    if first.span == second.span:
                        yield codes.NEVER_TRUE.at(
                            first.span,
                            f"`{first.span.text}` can never hold: its first bound is above its second",
                            help="write the lower one first",
                        )
                        continue
                    alike = all(isinstance(one, Test) and one.operator == "eq" for one in (first, second))
                    yield codes.NEVER_TRUE.at(
                        second.span,
                        f"`{second.span.text}` cannot hold together with `{first.span.text}`",
                        help="join them with `or`, or use `is one of [..]`"
                        if alike
                        else "no value satisfies both: change one of them, or join them with `or`",
                    )
            for part in parts:
                yield from exclusive(part)
        case Any():
            for first, second in _pairs(condition.parts):
                if _apart(_reach(_opposite(first)), _reach(_opposite(second)), _truths(first)):
                    negated = isinstance(first, Not) and isinstance(second, Not)
                    yield codes.ALWAYS_TRUE.at(
                        second.span,
                        f"`{first.span.text}` or `{second.span.text}`: one of them always holds",
                        help="join them with `and`, or use `is not one of [..]`"
                        if negated
                        else "drop both, or change one of them",
                    )
            for part in condition.parts:
                yield from exclusive(part)
        case Not():
            yield from exclusive(condition.part)
        case Among():
            yield from exclusive(condition.condition)


def _flat(condition: All) -> Iterator[Condition]:
    for part in condition.parts:
        if isinstance(part, All):
            yield from _flat(part)
        else:
            yield part


def _pairs(parts: Sequence[Condition]) -> Iterator[tuple[Condition, Condition]]:
    """The pairs of parts about the same value; of those about one value, each second part once."""
    about: dict[tuple[str, tuple[object, ...]], list[Condition]] = {}
    for part in parts:
        get = _subject(part)
        if get is not None and all(isinstance(step, str | int) for step in get.steps):
            about.setdefault((get.root, get.steps), []).append(part)
    for group in about.values():
        yield from combinations(group[:MOST], 2)


def _subject(part: Condition) -> Get | None:
    inner = part.part if isinstance(part, Not) else part
    term = (
        inner.left if isinstance(inner, Test) else inner.term if isinstance(inner, Holds | Present) else None
    )
    return term if isinstance(term, Get) else None


def _opposite(part: Condition) -> Condition:
    return part.part if isinstance(part, Not) else Not(part, span=part.span)


def _reach(part: Condition) -> Reach | None:
    """With which values a part holds, or None where that cannot be said by a set or an interval."""
    if isinstance(part, Not):
        return _outside(part.part)
    match part:
        case Present():
            return Reach()
        case Holds():
            return Reach(only=frozenset({(True, True)}))
        case Test(ignore_case=False, many="", right=Const(value=value)):
            return _test(part, value)
    return None


def _test(test: Test, value: object) -> Reach | None:
    if test.operator == "eq" and not isinstance(value, list | dict | tuple | None):
        return Reach(only=frozenset({_key(value)}))
    if test.operator == "in" and isinstance(value, tuple):
        return Reach(only=frozenset(map(_key, value)))
    if isinstance(value, bool | tuple | list | dict | None):
        return None
    whole = isinstance(test.left, Get) and isinstance(test.left.type, Number) and test.left.type.whole
    whole = whole and isinstance(value, int | Decimal)
    number: Anything_at_all = value
    match test.operator:
        case "lt":
            return Reach(high=ceil(number) - 1) if whole else Reach(high=value, without_high=True)
        case "le":
            return Reach(high=floor(number) if whole else value)
        case "gt":
            return Reach(low=floor(number) + 1) if whole else Reach(low=value, without_low=True)
        case "ge":
            return Reach(low=ceil(number) if whole else value)
    return None


_TURNED = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}


def _outside(part: Condition) -> Reach | None:
    """With which values a part does not hold; where a value is missing, or not of its type, it does not either."""
    match part:
        case Present():
            return Reach(absent=True, open=True)
        case Test(operator="lt" | "le" | "gt" | "ge", left=Get(type=Anything())):
            return None
        case Test(operator="lt" | "le" | "gt" | "ge"):
            inside = _reach(replace(part, operator=_TURNED[part.operator]))
            return None if inside is None else replace(inside, open=True)
    inside = _reach(part)
    if inside is None or inside.only is None:
        return None
    return Reach(never=inside.only, open=True)


def _all_values(part: Condition) -> tuple[object, ...]:
    """Every value that there is of what a part is about, where its type lists them."""
    get = _subject(part)
    match get.type if get is not None else None:
        case OneOf(values=values):
            return tuple(map(_key, values))
        case Boolean():
            return (_key(True), _key(False))
    return ()


def _truths(part: Condition) -> tuple[object, ...]:
    """True and false, of a boolean. To name all values of today is no mistake: one more may come."""
    get = _subject(part)
    return _all_values(part) if get is not None and isinstance(get.type, Boolean) else ()


def _apart(one: Reach | None, other: Reach | None, values: tuple[object, ...]) -> bool:
    """Whether no value lets both hold."""
    if one is None or other is None:
        return False
    if one.absent or other.absent:
        return one.absent is not other.absent and not (one.open and other.open)
    if values and not any(one.admits(value) and other.admits(value) for value in values):
        return True
    if one.only is not None and not any(other.admits(value) for value in one.only):
        return True
    if other.only is not None and not any(one.admits(value) for value in other.only):
        return True
    for low, high in ((one, other), (other, one)):
        if low.low is None or high.high is None:
            continue
        try:
            if low.low > high.high:
                return True
            if low.low == high.high and (low.without_low or high.without_high):
                return True
        except TypeError:
            continue
    return False


def _key(value: object) -> tuple[bool, object]:
    """A constant as one of a set: a boolean is no number."""
    return (isinstance(value, bool), value)
