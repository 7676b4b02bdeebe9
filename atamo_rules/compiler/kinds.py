"""How the two sides of a comparison compare: as texts, numbers, times, or whatever their values are."""

from __future__ import annotations

from decimal import Decimal

from atamo_rules.compiler import spelling
from atamo_rules.compiler.context import Context, Operand
from atamo_rules.compiler.describe import describe, kind_of
from atamo_rules.model.meaning import Get
from atamo_rules.model.types import Record
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

ORDERED = ("number", "moment", "date", "duration")


def kind_of_test(
    expr: tree.Compare, operator: str, left: Operand, right: Operand, context: Context
) -> str | None:
    """How the two sides compare, or None after saying that they do not."""
    one, two = kind_of(left.type), kind_of(right.type)
    textual = operator in ("starts with", "ends with", "matches", "is like", "is in network")
    if operator == "contains" and not isinstance(left.term, Get) and one == "text":
        textual = True
    if textual or (operator == "contains" and one == "text" and two == "text"):
        return _textual(expr, left, right, context)
    if one in ("list", "object") or two in ("list", "object"):
        side = expr.left if one in ("list", "object") else expr.right
        operand = left if one in ("list", "object") else right
        _mismatch(
            expr,
            f"`{side.span.text}` is {describe(operand.type)}, which `{expr.operator}` does not compare",
            context,
            side.span,
            _sender(side, context),
        )
        return None
    if operator in (*spelling.BOUNDS, "is between"):
        for operand, kind, side in ((left, one, expr.left), (right, two, expr.right)):
            if kind not in (*ORDERED, "json"):
                message = f"`{side.span.text}` is {describe(operand.type)}, which has no order"
                _mismatch(expr, message, context, side.span, _unquoted(side))
                return None
    if "json" not in (one, two) and one != two:
        sides = (
            f"`{expr.left.span.text}` is {describe(left.type)} and "
            f"`{expr.right.span.text}` is {describe(right.type)}"
        )
        never = "are never equal" if operator in ("is", "is one of", "contains") else "do not compare"
        remedy = _unquoted(expr.right) if one != "text" else _quoted(expr.right)
        _mismatch(expr, f"{sides}: they {never}", context, help=remedy)
        return None
    kind = two if one == "json" else one
    if "json" in (one, two) and kind not in ORDERED[1:]:
        kind = "json" if one == two == "json" or operator == "contains" else kind
    if expr.ignoring_case and kind not in ("text", "json"):
        _mismatch(expr, f"`ignoring case` is for text, and this is {describe(left.type)}", context)
        return None
    return kind


def _textual(expr: tree.Compare, left: Operand, right: Operand, context: Context) -> str | None:
    """The kind of a test that both sides must be texts for."""
    for operand, side in ((left, expr.left), (right, expr.right)):
        if kind_of(operand.type) not in ("text", "json"):
            message = f"`{expr.operator}` works on text, and `{side.span.text}` is {describe(operand.type)}"
            _mismatch(expr, message, context, side.span)
            return None
    return "text"


def _mismatch(
    expr: tree.Compare, message: str, context: Context, span: Span | None = None, help: str | None = None
) -> None:
    context.report.append(codes.WRONG_TYPE.at(span or expr.span, message, help=help))


def _sender(written: tree.Expr, context: Context) -> str | None:
    """The remedy for `user`, which is who sent the event, where the event has a field of that name, too."""
    if not isinstance(written, tree.Path) or [step.key for step in written.steps] != ["user"]:
        return None
    type = context.event.type if context.event is not None else None
    if isinstance(type, Record) and "user" in type.members:
        return "`user` is whoever sent the event: the field of that name is `event.user`, the sender's name `user.name`"
    return "`user` is whoever sent the event: their name is `user.name`"


def _unquoted(written: tree.Expr) -> str | None:
    """The remedy for a number or truth value in quotes."""
    if isinstance(written, tree.Literal) and isinstance(written.value, str):
        text = written.value.strip()
        if text in ("true", "false") or _is_number(text):
            return f"write `{text}` without quotes"
    return None


def _quoted(written: tree.Expr) -> str | None:
    """The remedy for a number where a text is compared."""
    if isinstance(written, tree.Literal) and isinstance(written.value, int | Decimal):
        return f'write `"{written.span.text}"` for the text'
    return None


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return text[:1].isdigit() or text[:1] == "-"
