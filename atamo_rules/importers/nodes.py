"""Nodes of our tree whose place is that of the foreign text they were made of."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.words import NAME, NOT_VALUES

Scalar: TypeAlias = "str | int | Decimal | bool | None"
ROOTS = frozenset(("event", "param", "user", "now", "count"))
"""Words at the front of a path that are no fields of an event."""


class Nodes:
    """Makes nodes for one place in a foreign file."""

    def __init__(self, span: Span) -> None:
        self.span = span

    def literal(self, value: Scalar) -> tree.Literal:
        return tree.Literal(value, span=self.span)

    def texts(self, values: Iterable[Scalar]) -> tree.ListValue:
        return tree.ListValue(tuple(self.literal(value) for value in values), span=self.span)

    def path(self, *keys: str) -> tree.Path:
        """A path as it is; the first key is a name that is known there."""
        return tree.Path(tuple(tree.Step(key, span=self.span) for key in keys), span=self.span)

    def of_event(self, *keys: str) -> tree.Path:
        """A path from the event: `detail.state`, or `event["detail-type"]` where a field is no plain name."""
        bare = NAME.match(keys[0]) and keys[0] not in NOT_VALUES and keys[0] not in ROOTS
        return self.path(*keys) if bare else self.path("event", *keys)

    def leaves(self, path: tree.Path) -> tree.Call:
        return tree.Call(tree.Name("leaves", span=self.span), (path,), span=self.span)

    def compare(
        self, left: tree.Expr, operator: str, right: tree.Expr, *, many: str = "", folded: bool = False
    ) -> tree.Compare:
        return tree.Compare(operator, left, right, many, folded, span=self.span)

    def state(self, operand: tree.Expr, operator: str) -> tree.State:
        return tree.State(operator, operand, span=self.span)

    def quantified(self, how: str, name: str, collection: tree.Expr, condition: tree.Expr) -> tree.Quantified:
        return tree.Quantified(how, tree.Name(name, span=self.span), collection, condition, span=self.span)

    def all_of(self, parts: Iterable[tree.Expr]) -> tree.Expr:
        """Every part; parts that are themselves joined by `and` are taken in."""
        flat: list[tree.Expr] = []
        for part in parts:
            flat += part.parts if isinstance(part, tree.AllOf) else (part,)
        return flat[0] if len(flat) == 1 else tree.AllOf(tuple(flat), span=self.span)

    def any_of(self, parts: Iterable[tree.Expr]) -> tree.Expr:
        """Some part; parts that are themselves joined by `or` are taken in."""
        flat: list[tree.Expr] = []
        for part in parts:
            flat += part.parts if isinstance(part, tree.AnyOf) else (part,)
        return flat[0] if len(flat) == 1 else tree.AnyOf(tuple(flat), span=self.span)
