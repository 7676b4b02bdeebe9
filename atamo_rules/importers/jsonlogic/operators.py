"""The operators of JsonLogic that look at all of their operands, and how many each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.computing import COMPUTING, computed, part
from atamo_rules.importers.jsonlogic.conditions import Condition, conj, negated
from atamo_rules.importers.jsonlogic.equality import loosely, strict
from atamo_rules.importers.jsonlogic.fields import missing, missing_some, var
from atamo_rules.importers.jsonlogic.lists import Lists
from atamo_rules.importers.jsonlogic.membership import within
from atamo_rules.importers.jsonlogic.ordering import less
from atamo_rules.importers.jsonlogic.values import CannotSay, Field, Truth, Value, spread

ANY = 10_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What a part of a rule sees: its data, and the variables bound around it."""

    data: Value
    names: frozenset[str] = frozenset()


Make = Callable[[Lists, Sequence[Value], Scope], Value]


@dataclass(frozen=True, slots=True)
class Operator:
    """The fewest and the most operands that engines agree on, and what it makes of their values."""

    fewest: int
    most: int
    make: Make


def counted(operator: str, operands: Sequence[Any], fewest: int, most: int) -> None:
    """CannotSay of a number of operands that other engines take otherwise, or not at all."""
    if not fewest <= len(operands) <= most:
        wanted = (
            str(fewest) if fewest == most else f"{fewest} or more" if most >= ANY else f"{fewest} to {most}"
        )
        operand = "operand" if len(operands) == 1 else "operands"
        raise CannotSay(f"`{operator}` has {len(operands)} {operand}, and engines agree on {wanted} only")


def _asks(ask: Callable[[Asking, Value, Value], Condition], *, opposite: bool = False) -> Make:
    def make(lists: Lists, values: Sequence[Value], scope: Scope) -> Value:
        found = ask(lists.asking, *values)
        return Truth(negated(found) if opposite else found)

    return make


def _chain(*, equal: bool) -> Make:
    """`<` and `<=`, which also take three operands."""

    def make(lists: Lists, values: Sequence[Value], scope: Scope) -> Value:
        return Truth(conj(*(less(lists.asking, one, two, equal=equal) for one, two in pairwise(values))))

    return make


def _computes(operator: str) -> Make:
    def make(lists: Lists, values: Sequence[Value], scope: Scope) -> Value:
        asking = lists.asking
        settled = [asking.settled(value) if isinstance(value, Field) else value for value in values]
        if operator == "substr":
            return spread(settled, lambda known: part(asking, known), truths=True)
        return spread(settled, lambda known: computed(asking, operator, known), truths=True)

    return make


OPERATORS: Mapping[str, Operator] = {
    "==": Operator(2, 2, _asks(loosely)),
    "!=": Operator(2, 2, _asks(loosely, opposite=True)),
    "===": Operator(2, 2, _asks(strict)),
    "!==": Operator(2, 2, _asks(strict, opposite=True)),
    "<": Operator(2, 3, _chain(equal=False)),
    "<=": Operator(2, 3, _chain(equal=True)),
    ">": Operator(2, 2, _asks(lambda asking, one, two: less(asking, two, one))),
    ">=": Operator(2, 2, _asks(lambda asking, one, two: less(asking, two, one, equal=True))),
    "in": Operator(2, 2, _asks(within)),
    "!": Operator(1, 1, lambda lists, values, scope: Truth(negated(lists.asking.truthy(values[0])))),
    "!!": Operator(1, 1, lambda lists, values, scope: Truth(lists.asking.truthy(values[0]))),
    "log": Operator(1, 1, lambda lists, values, scope: values[0]),
    "var": Operator(0, 2, lambda lists, values, scope: var(lists.asking, values, scope.data)),
    "missing": Operator(0, ANY, lambda lists, values, scope: missing(lists.asking, values, scope.data)),
    "missing_some": Operator(
        2, 2, lambda lists, values, scope: missing_some(lists.asking, values, scope.data)
    ),
    "merge": Operator(
        0, ANY, lambda lists, values, scope: spread(values, lambda one: lists.merged(one, scope.names))
    ),
    **{name: Operator(how.fewest, how.most, _computes(name)) for name, how in COMPUTING.items()},
    "substr": Operator(2, 3, _computes("substr")),
}
COMPUTES = frozenset((*COMPUTING, "substr"))
"""Those that make a number or a text."""
