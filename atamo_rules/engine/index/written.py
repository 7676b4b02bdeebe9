"""A few rules written into the function of their index, each as an expression, and what they have in common read once.

What many of them ask is read into variables first. A number that many compare is looked at once: where it is an int or
a float nearer to zero than 2**53, as nearly all are, it compares exactly with the floats of the thresholds, and no rule
looks at its kind again. Where one is not (a Decimal, say), the same rules are asked as they would be alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from atamo_rules.engine.index.buckets import Entry, Matching, always, asking
from atamo_rules.engine.index.numbers import SAFE
from atamo_rules.engine.index.paths import Reads
from atamo_rules.engine.index.rests import conjunction
from atamo_rules.engine.index.source import Source, taken
from atamo_rules.engine.shapes import Held, Place, expression
from atamo_rules.model.meaning import All, Condition, Get, Holds, Not, Present, Test
from atamo_rules.model.meaning import Any as Either
from atamo_rules.model.types import Number, Type

LONGEST = 20_000
"""Characters of such an expression."""
SHARED = 3
"""Questions of one path from which on it is read once."""
COMPARED = 3
"""Comparisons of one number from which on its kind is looked at once."""

ORDERS = frozenset({"lt", "le", "gt", "ge"})

Parts: TypeAlias = tuple[Condition, ...]


def write(
    source: Source,
    reads: Reads,
    scanned: Sequence[tuple[Entry, Parts]],
    alone: Matching | None = None,
) -> None:
    """Lines that ask every rule. `alone` is the function of the same rules in which each stands alone; without it,
    they do here."""
    held = {} if alone is None else _held(reads, [parts for _, parts in scanned])
    numbers = [one.name for one in held.values() if one.number]
    if numbers:
        safe = " and ".join(
            f"({name}.__class__ is float or {name}.__class__ is int) and {-SAFE} < {name} < {SAFE}"
            for name in numbers
        )
        with source.block(f"if not ({safe}):"):
            source.line(f"return {source.given(alone)}(e)")
    for entry, parts in scanned:
        _one(source, entry, parts, held)


def _one(source: Source, entry: Entry, parts: Parts, held: dict[Place, Held]) -> None:
    if entry[0] is always:
        source.line(f"out.append({source.given(entry[1])})")
        return
    piece = expression(conjunction(parts), held)
    if piece is None or len(piece.text) > LONGEST or not taken(piece):
        asking(source, source.given([entry]))
        return
    with source.block(f"if {source.expression(piece)}:"):
        source.line(f"out.append({source.given(entry[1])})")


class WhenAsked:
    """A function that is made when it is first asked."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Matching]) -> None:
        self._make = make
        self._made: Matching | None = None

    def __call__(self, body: Any) -> list[str]:
        if self._made is None:
            self._made = self._make()
        return self._made(body)


def _held(reads: Reads, rules: Iterable[Parts]) -> dict[Place, Held]:
    """The paths that are read for several questions, each in a variable by then."""
    asked: Counter[tuple[Any, ...]] = Counter()
    compared: Counter[tuple[Any, ...]] = Counter()
    kinds: dict[tuple[Any, ...], Type] = {}
    for parts in rules:
        for get, compares in _questions(parts):
            kinds[get.steps] = get.type
            asked[get.steps] += 1
            compared[get.steps] += compares
    held: dict[Place, Held] = {}
    for steps, count in asked.items():
        if count < SHARED:
            continue
        name, must = reads.value(steps)
        number = must and isinstance(kinds[steps], Number) and compared[steps] >= COMPARED
        held["e", steps] = Held(name, not must, number)
    return held


def _questions(parts: Iterable[Condition]) -> Iterator[tuple[Get, bool]]:
    """The paths of the body that single fields of it are asked by, and whether they are compared."""
    for part in parts:
        match part:
            case All() | Either():
                yield from _questions(part.parts)
            case Not():
                yield from _questions((part.part,))
            case Test(left=Get(root="event") as get) if _plain(get):
                yield get, part.operator in ORDERS
            case Present(term=Get(root="event") as get) | Holds(term=Get(root="event") as get) if _plain(get):
                yield get, False


def _plain(get: Get) -> bool:
    return bool(get.steps) and all(isinstance(step, str) for step in get.steps)
