"""What is written out in a rule: literals, lengths of time, lists of them, and their types."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import cast

from atamo_rules.compiler import calls
from atamo_rules.compiler.bare_words import not_a_value
from atamo_rules.compiler.context import Context, Operand
from atamo_rules.compiler.describe import kind_of, value_text
from atamo_rules.model.meaning import Const, MakeList, Scalar, Term
from atamo_rules.model.types import Anything, Boolean, Duration, ListOf, Moment, Number, OneOf, Text, Type
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def quantity(expr: tree.Quantity) -> timedelta:
    """A length of time; absurd lengths are cut at the longest that can be held."""
    seconds = Decimal(expr.amount) * SECONDS[expr.unit]
    try:
        return timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        return timedelta.max


_ANYTHING = Anything()
_LITERALS: dict[type, Type] = {
    str: Text(),
    bool: Boolean(),
    int: Number(whole=True),
    Decimal: Number(),
}


def literal_type(value: object) -> Type:
    """The type of a literal's value."""
    return _LITERALS.get(value.__class__, _ANYTHING)


def literal(expr: tree.Literal, context: Context, expected: Type | None) -> Operand | None:
    """What a literal stands for where a type is expected, or None after saying why it cannot."""
    if isinstance(expected, OneOf) and expr.value is not None:
        if not any(same_scalar(expr.value, value) for value in expected.values):
            if kind_of(expected) in (kind_of(literal_type(expr.value)), "json"):
                not_a_value(expr.span, value_text(expr.value), expected, context)
                return None
        else:
            return Operand(Const(expr.value, span=expr.span), expected)
    if isinstance(expected, Moment) and isinstance(expr.value, str):
        return calls.moment_literal(expr, expected, context)
    if isinstance(expected, Duration) and isinstance(expr.value, str):
        return calls.duration_literal(expr, context)
    return Operand(Const(expr.value, span=expr.span), literal_type(expr.value))


def same_scalar(left: object, right: object) -> bool:
    """Equality as rules know it: a boolean never equals a number."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def plain_list(expr: tree.ListValue, item: Type | None) -> Operand | None:
    """A list of literals of one type, where no literal means more than it says: that of nearly all long lists."""
    if isinstance(item, OneOf | Moment | Duration):
        return None
    values: list[Scalar] = []
    for part in expr.items:
        if not isinstance(part, tree.Literal):
            return None
        values.append(part.value)
    if len(set(map(type, values))) != 1:
        return None
    return Operand(Const(tuple(values), span=expr.span), ListOf(literal_type(values[0])))


def listed(terms: tuple[Term, ...], span: Span) -> Term:
    """A list term, folded into one constant when every item is one."""
    constants = [term for term in terms if isinstance(term, Const)]
    if len(constants) == len(terms):
        return Const(tuple(cast("Scalar", term.value) for term in constants), span=span)
    return MakeList(terms, span=span)
