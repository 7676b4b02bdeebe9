"""Conditions of ours, put together so that they read as a person would write them. A bool is one that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

Condition: TypeAlias = "tree.Expr | bool"
Scalar: TypeAlias = "str | int | Decimal | bool | None"

OPPOSITES = {
    "is": "is not",
    "is one of": "is not one of",
    "contains": "does not contain",
    "is present": "is absent",
    "is null": "is not null",
    "exists": "does not exist",
    "is empty": "is not empty",
    "is a text": "is not a text",
    "is a list": "is not a list",
    "is an object": "is not an object",
}
_OPPOSITE = {**OPPOSITES, **{no: yes for yes, no in OPPOSITES.items()}}


def conj(*parts: Condition) -> Condition:
    """All of them joined by `and`: what is known already is left out, and each is said once."""
    return _joined(parts, True)


def disj(*parts: Condition) -> Condition:
    """Any of them."""
    return _joined(parts, False)


def _joined(parts: Sequence[Condition], neutral: bool) -> Condition:
    node = tree.AllOf if neutral else tree.AnyOf
    found: dict[str, tree.Expr] = {}
    for part in parts:
        if isinstance(part, bool):
            if part is not neutral:
                return part
            continue
        for one in part.parts if isinstance(part, node) else (part,):
            found.setdefault(repr(one), one)
    if not found:
        return neutral
    first, *more = found.values()
    return node((first, *more), span=first.span) if more else first


def alike(one: Condition, two: Condition) -> bool:
    """Whether two conditions are written alike. To Python 1 and True are equal, and to a rule they are not."""
    return repr(one) == repr(two)


def negated(part: Condition) -> Condition:
    """Its opposite, in the operator itself where it has one."""
    match part:
        case bool():
            return not part
        case tree.Not():
            return part.part
        case tree.Compare() if part.operator in _OPPOSITE:
            opposite = _OPPOSITE[part.operator]
            return tree.Compare(opposite, part.left, part.right, span=part.span)
        case tree.State() if part.operator in _OPPOSITE:
            return tree.State(_OPPOSITE[part.operator], part.operand, span=part.span)
        case tree.Quantified(quantifier="any" | "no"):
            other = "no" if part.quantifier == "any" else "any"
            return tree.Quantified(other, part.variable, part.collection, part.condition, span=part.span)
        case tree.AllOf() if all(_turns(one) for one in part.parts):
            return disj(*(negated(one) for one in part.parts))
        case tree.AnyOf() if all(_turns(one) for one in part.parts):
            return conj(*(negated(one) for one in part.parts))
    return tree.Not(part, span=part.span)


def _turns(part: tree.Expr) -> bool:
    if isinstance(part, tree.Compare | tree.State):
        return part.operator in _OPPOSITE
    return isinstance(part, tree.Not)


def choose(condition: Condition, then: Condition, other: Condition) -> Condition:
    """`then` where the condition holds, else `other`."""
    if isinstance(condition, bool):
        return then if condition else other
    if alike(then, other):
        return then
    if then is True or alike(then, condition):
        return disj(condition, other)
    if other is False or alike(other, condition):
        return conj(condition, then)
    if then is False:
        return conj(negated(condition), other)
    if other is True:
        return disj(negated(condition), then)
    return disj(conj(condition, then), conj(negated(condition), other))


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes the nodes of conditions, all of them standing for one place in the foreign file."""

    span: Span

    def literal(self, value: Scalar) -> tree.Literal:
        return tree.Literal(value, span=self.span)

    def listed(self, values: Sequence[tree.Value]) -> tree.ListValue:
        return tree.ListValue(tuple(values), span=self.span)

    def compare(self, left: tree.Expr, operator: str, right: tree.Expr | Scalar) -> tree.Expr:
        if isinstance(right, str | int | Decimal) or right is None:
            right = self.literal(right)
        return tree.Compare(operator, left, right, span=self.span)

    def among(self, left: tree.Expr, values: Sequence[Scalar]) -> Condition:
        """Equal to one of some values."""
        if not values:
            return False
        if len(values) == 1:
            return self.compare(left, "is", values[0])
        return tree.Compare("is one of", left, self.listed([self.literal(v) for v in values]), span=self.span)

    def state(self, operand: tree.Expr, operator: str) -> tree.Expr:
        return tree.State(operator, operand, span=self.span)

    def call(self, function: str, *arguments: tree.Expr) -> tree.Expr:
        return tree.Call(tree.Name(function, span=self.span), arguments, span=self.span)

    def otherwise(self, value: tree.Expr, fallback: Scalar) -> tree.Expr:
        return tree.Else(value, self.literal(fallback), span=self.span)

    def path(self, *keys: str | int) -> tree.Path:
        return tree.Path(tuple(tree.Step(key, span=self.span) for key in keys), span=self.span)

    def below(self, path: tree.Path, key: str | int) -> tree.Path:
        return tree.Path((*path.steps, tree.Step(key, span=self.span)), span=self.span)

    def quantified(
        self, quantifier: str, variable: str, collection: tree.Expr, condition: Condition
    ) -> Condition:
        """`any` or `every` element of a list; a condition that always holds asks whether there are elements."""
        if condition is True:
            return conj(self.state(collection, "is a list"), self.state(collection, "is not empty"))
        if condition is False:
            return False
        name = tree.Name(variable, span=self.span)
        return tree.Quantified(quantifier, name, collection, condition, span=self.span)
