"""Values of events `of anything as text`, and `any field`: what is compared there is the text that stands there."""

from __future__ import annotations

from decimal import Decimal

from atamo_rules.compiler import operands
from atamo_rules.compiler.context import Context, Facts, Operand
from atamo_rules.compiler.describe import kind_of
from atamo_rules.model.meaning import Const, Get, Spelled
from atamo_rules.model.types import Anything, ListOf, Number, Text
from atamo_rules.source import codes
from atamo_rules.syntax import tree

BOUNDS = ("<", "<=", ">", ">=")


def as_text(found: Operand, *, numbers: bool = False) -> Operand:
    """A value of an event `of anything as text`, where a text (or with `numbers`, a number) is wanted."""
    term, type = found.term, found.type
    if not (isinstance(type, Anything) and type.as_text and isinstance(term, Get)):
        return found
    return Operand(Spelled(term, numbers, span=term.span), Number() if numbers else Text(), found.absent)


def both(operator: str, left: Operand, right: Operand, *, listed: bool) -> tuple[Operand, Operand]:
    """The sides of a comparison: as texts, or as numbers where a number bounds them. `listed`: the right is a list."""
    numbers = operator in (*BOUNDS, "is between") and (_is_number(left) or _is_number(right))
    one, two = as_text(left, numbers=numbers), as_text(right, numbers=numbers)
    if listed and isinstance(two.term, Spelled):
        two = Operand(two.term, ListOf(two.type), two.absent)
    return one, two


def left_side(expr: tree.Expr, context: Context, facts: Facts) -> Operand | None:
    """What a comparison is about: a value that is there, or any field of the event."""
    if not isinstance(expr, tree.AnyField):
        return operands.needed(expr, context, facts)
    if context.event is None:
        context.report.append(
            codes.NOT_A_VALUE_HERE.at(
                expr.span, "there is no event here to have fields", help="`any field` stands in rules"
            )
        )
        return None
    whole = Get("event", (), Anything(), span=expr.span)
    return Operand(Spelled(whole, everywhere=True, span=expr.span), Text())


def _is_number(found: Operand) -> bool:
    """Whether a side is a number, or the written bounds of one."""
    if isinstance(found.term, Const) and isinstance(found.term.value, tuple):
        return all(isinstance(one, int | Decimal) and not isinstance(one, bool) for one in found.term.value)
    type = found.type
    while isinstance(type, ListOf):
        type = type.item
    return kind_of(type) == "number"
