"""From JsonLogic to values: each operator of json-logic-js 2.0.5, asked of what is known before any event.

Sources: the operators as https://jsonlogic.com/operations.html tells them, and json-logic-js 2.0.5 for what that page
leaves open. Where the published tests of other engines want something else of a rule, it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from atamo_rules.importers.jsonlogic.asking import Asking
from atamo_rules.importers.jsonlogic.conditions import Condition, Writer, conj, disj, negated
from atamo_rules.importers.jsonlogic.lists import Lists
from atamo_rules.importers.jsonlogic.operators import COMPUTES, OPERATORS, Scope, counted
from atamo_rules.importers.jsonlogic.values import (
    NULL,
    UNDEFINED,
    CannotSay,
    Choice,
    Constant,
    Field,
    Item,
    Truth,
    Value,
    listing,
    spread,
)


def verdict(logic: Any, write: Writer) -> Condition:
    """When a rule is truthy. Raises CannotSay."""
    if not is_logic(logic) and not isinstance(logic, bool):
        raise CannotSay("it asks nothing: it is no operation, and neither true nor false")
    if isinstance(logic, dict) and COMPUTES & logic.keys():
        raise CannotSay("it computes a number or a text, and asks nothing of it")
    asking = Asking(write)
    evaluator = Evaluator(asking, Lists(asking, first_names(logic)))
    return asking.truthy(evaluator.value(logic, Scope(Field((write.path("event"),)))))


def is_logic(logic: Any) -> bool:
    """Whether JSON is an operation: an object with exactly one key."""
    return isinstance(logic, dict) and len(logic) == 1


def first_names(logic: Any) -> frozenset[str]:
    """The first word of every text in a rule that may name a field of the event, and not one of an element."""
    if isinstance(logic, str):
        return frozenset((logic.split(".")[0],))
    if isinstance(logic, list):
        return frozenset().union(*map(first_names, logic))
    if not isinstance(logic, dict):
        return frozenset()
    inner = (
        (operands[0], *operands[2:])
        if name in ITERATORS and isinstance(operands, list) and operands
        else (operands,)
        for name, operands in logic.items()
    )
    return frozenset().union(*(first_names(one) for operands in inner for one in operands))


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates one rule as far as it goes without an event."""

    asking: Asking
    lists: Lists

    def value(self, logic: Any, scope: Scope) -> Value:
        """What a part of a rule stands for."""
        if isinstance(logic, list):
            return listing(*(Item(self.value(one, scope)) for one in logic))
        if not is_logic(logic):
            return Constant(_known(logic))
        ((operator, given),) = logic.items()
        operands = given if isinstance(given, list) else [given]
        if operator in _LAZY:
            if not isinstance(given, list):
                raise CannotSay(f"`{operator}` takes a list of operands")
            return _LAZY[operator](self, operands, scope)
        if operator in ITERATORS:
            counted(operator, operands, *((2, 3) if operator == "reduce" else (2, 2)))
            return self._iterated(operator, operands, scope)
        if operator in OPERATORS:
            how = OPERATORS[operator]
            counted(operator, operands, how.fewest, how.most)
            return how.make(self.lists, [self.value(one, scope) for one in operands], scope)
        raise CannotSay(f"JsonLogic has no operator `{operator}`")

    def if_(self, operands: Sequence[Any], scope: Scope) -> Value:
        """The first outcome whose condition is truthy; operands beyond are not looked at."""
        branches: list[tuple[Condition, Value]] = []
        found: Value = NULL
        for position in range(0, len(operands), 2):
            first = self.value(operands[position], scope)
            if position + 1 == len(operands):
                found = first
                break
            condition = self.asking.truthy(first)
            if condition is False:
                continue
            outcome = self.value(operands[position + 1], scope)
            if condition is True:
                found = outcome
                break
            branches.append((condition, outcome))
        for condition, outcome in reversed(branches):
            found = Choice(condition, outcome, found)
        return found

    def and_(self, operands: Sequence[Any], scope: Scope) -> Value:
        """The first falsy operand, or the last."""
        met = self._until(False, operands, scope)
        found = met[-1][1] if met else Constant(UNDEFINED)
        for condition, value in reversed(met[:-1]):
            found = Choice(condition, found, value)
        return _known_truth(found, conj(*(condition for condition, _ in met)))

    def or_(self, operands: Sequence[Any], scope: Scope) -> Value:
        """The first truthy operand, or the last."""
        met = self._until(True, operands, scope)
        found = met[-1][1] if met else Constant(UNDEFINED)
        for condition, value in reversed(met[:-1]):
            found = Choice(condition, value, found)
        return _known_truth(found, disj(*(condition for condition, _ in met)))

    def _until(self, end: bool, operands: Sequence[Any], scope: Scope) -> list[tuple[Condition, Value]]:
        """When operands are truthy, up to the one that always ends it; those that never do are of no account."""
        met: list[tuple[Condition, Value]] = []
        for position, operand in enumerate(operands):
            value = self.value(operand, scope)
            condition = self.asking.truthy(value)
            if not isinstance(condition, bool) or condition is end or position + 1 == len(operands):
                met.append((condition, value))
            if condition is end:
                break
        return met

    def _iterated(self, operator: str, operands: Sequence[Any], scope: Scope) -> Value:
        over = self.value(operands[0], scope)
        if isinstance(over, Constant) and not isinstance(over.value, list):
            raise CannotSay(f"`{operator}` goes through what is no list: JsonLogic engines disagree on that")

        def inner(data: Value, names: frozenset[str]) -> Value:
            return self.value(operands[1], Scope(data, names))

        def make(values: Sequence[Value]) -> Value:
            (value,) = values
            match operator:
                case "some":
                    return Truth(self.lists.some(value, scope.names, inner))
                case "none":
                    return Truth(negated(self.lists.some(value, scope.names, inner)))
                case "all":
                    return Truth(self.lists.all(value, scope.names, inner))
                case "filter":
                    return self.lists.kept(value, scope.names, inner)
                case "map":
                    return self.lists.mapped(value, scope.names, inner)
            initial = self.value(operands[2], scope) if operands[2:] else NULL
            return self.lists.folded(value, initial, scope.names, inner)

        return spread([over], make)


def _known_truth(value: Value, truth: Condition) -> Value:
    return replace(value, truth=truth) if isinstance(value, Choice) else value


def _known(value: Any) -> Any:
    """A constant of a rule. CannotSay where JavaScript would read another number than is written."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        try:
            nearest = float(value)
            held = Decimal(repr(nearest)) == value or Decimal(nearest) == value
        except OverflowError:
            held = False
        if not held:
            raise CannotSay(f"JavaScript does not hold the number {value} as it is written")
    elif isinstance(value, dict):
        return {key: _known(one) for key, one in value.items()}
    return value


_LAZY: Mapping[str, Callable[[Evaluator, Sequence[Any], Scope], Value]] = {
    "if": Evaluator.if_,
    "?:": Evaluator.if_,
    "and": Evaluator.and_,
    "or": Evaluator.or_,
}
ITERATORS = ("some", "none", "all", "filter", "map", "reduce")
