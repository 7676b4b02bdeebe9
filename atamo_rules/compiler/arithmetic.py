"""Arithmetic between values: which types go together, and what comes of them."""

from __future__ import annotations

from atamo_rules.compiler import operands
from atamo_rules.compiler.context import Context, Facts, Operand
from atamo_rules.compiler.describe import describe, kind_of
from atamo_rules.compiler.paths import alone
from atamo_rules.model.meaning import Arith, Const
from atamo_rules.model.types import Duration, Moment, Number, Type
from atamo_rules.source import codes
from atamo_rules.syntax import tree


def arithmetic(expr: tree.Arithmetic, context: Context, facts: Facts) -> Operand | None:
    """What a sum, difference, product or quotient stands for, or None after saying why it cannot."""
    left = alone(expr.left, operands.needed(expr.left, context, facts), context)
    right = alone(expr.right, operands.needed(expr.right, context, facts), context)
    if left is None or right is None:
        return None
    type = _arithmetic_type(expr.operator, kind_of(left.type), kind_of(right.type), left.type, right.type)
    if type is None:
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.span,
                f"`{expr.operator}` does not work on {describe(left.type)} and {describe(right.type)}",
                help='join texts in a template: `"{{ a }} {{ b }}"`' if expr.operator == "+" else None,
            )
        )
        return None
    if expr.operator == "/" and not (isinstance(right.term, Const) and right.term.value not in (0, None)):
        context.report.append(
            codes.WRONG_TYPE.at(
                expr.right.span,
                "only a number other than 0, written out, can divide",
                help="multiply instead",
            )
        )
        return None
    return Operand(Arith(expr.operator, left.term, right.term, span=expr.span), type)


def _arithmetic_type(operator: str, left: str, right: str, one: Type, two: Type) -> Type | None:
    numbers = {"number", "json"}
    if left in numbers and right in numbers:
        whole = all(isinstance(t, Number) and t.whole for t in (one, two)) and operator != "/"
        return Number(whole=whole)
    if left == "moment" and right == "duration" and operator in "+-":
        return Moment()
    if left == "duration" and right == "moment" and operator == "+":
        return Moment()
    if left == right == "moment" and operator == "-":
        return Duration()
    if left == right == "duration" and operator in "+-":
        return Duration()
    if left == "duration" and right == "number" and operator in "*/":
        return Duration()
    return None
