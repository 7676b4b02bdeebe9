"""Expressions inside templates: from Jinja's tree to ours, so that one checker serves conditions and templates."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from atamo_rules.compiler.context import near
from atamo_rules.functions.registry import FUNCTIONS
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

if TYPE_CHECKING:
    from jinja2 import nodes


class Placed(Protocol):
    """Gives the place of a word of the template."""

    def word(self, line: int, word: str) -> Span: ...
    def line(self, number: int) -> Span: ...


class Untold(Exception):
    """A piece of Jinja that has no meaning in rules; carries the diagnostic. Never leaves the compiler."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


_COMPARE = {
    "eq": "is",
    "ne": "is not",
    "lt": "<",
    "lteq": "<=",
    "gt": ">",
    "gteq": ">=",
    "in": "is one of",
    "notin": "is not one of",
}
_TESTS = {"defined": "is present", "undefined": "is absent", "none": "is null"}
_MEASURES = {"count": "length"}


def expression(node: nodes.Node, places: Placed) -> tree.Expr:
    """The expression a Jinja node writes. Raises Untold for what templates do not offer."""
    from jinja2 import nodes

    match node:
        case nodes.Const():
            return _const(node, places)
        case nodes.Name():
            span = places.word(node.lineno, node.name)
            return tree.Path((tree.Step(node.name, span=span),), span=span)
        case nodes.Getattr():
            return _step(node.node, node.attr, node, places)
        case nodes.Getitem():
            return _item(node, places)
        case nodes.Filter():
            return _filter(node, places)
        case nodes.Call():
            return _call(node, places)
        case nodes.Compare() if len(node.ops) == 1:
            return _compare(node, places)
        case nodes.And() | nodes.Or():
            left, right = expression(node.left, places), expression(node.right, places)
            made = tree.AllOf if isinstance(node, nodes.And) else tree.AnyOf
            return made((left, right), span=_over(left, right))
        case nodes.Not():
            part = expression(node.node, places)
            return tree.Not(part, span=part.span)
        case nodes.Test():
            return _test(node, places)
        case nodes.Neg():
            part = expression(node.node, places)
            return tree.Negative(part, span=part.span)
        case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div():
            left, right = expression(node.left, places), expression(node.right, places)
            return tree.Arithmetic(node.operator, left, right, span=_over(left, right))
        case nodes.List() | nodes.Tuple():
            items = tuple(expression(item, places) for item in node.items)
            return tree.ListValue(items, span=places.line(node.lineno))
        case nodes.Concat():
            raise _untold(node, places, "`~`", "write the pieces one after the other: `{{ a }}{{ b }}`")
        case nodes.CondExpr():
            raise _untold(node, places, "`… if … else …` inside another expression", "use `{% if %}`")
        case _:
            raise _untold(node, places, f"`{type(node).__name__.lower()}`", None)


def _const(node: nodes.Const, places: Placed) -> tree.Expr:
    value = node.value
    if isinstance(value, Decimal):
        return tree.Literal(value, span=places.line(node.lineno))
    if isinstance(value, str):
        for quoted in (f'"{value}"', f"'{value}'"):
            span = places.word(node.lineno, quoted)
            if span.text == quoted:
                return tree.Literal(value, span=span)
        return tree.Literal(value, span=places.line(node.lineno))
    return tree.Literal(value, span=places.word(node.lineno, str(value)))


def _step(owner: nodes.Node, key: str | int, node: nodes.Node, places: Placed) -> tree.Expr:
    before = expression(owner, places)
    if isinstance(key, str) and key.startswith("__"):
        raise _untold(node, places, f"`{key}`", "templates read data; there are no attributes behind it", key)
    if not isinstance(before, tree.Path):
        raise _untold(
            node, places, f"`.{key}` after a computed value", "give the value a name with `{% set %}`"
        )
    span = places.word(node.lineno, str(key)) if isinstance(key, str) else places.line(node.lineno)
    return tree.Path((*before.steps, tree.Step(key, span=span)), span=_over(before, span))


def _item(node: nodes.Getitem, places: Placed) -> tree.Expr:
    from jinja2 import nodes

    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise _untold(node, places, "a computed key", "only a text or a number stands in brackets")
    before = expression(node.node, places)
    if not isinstance(before, tree.Path):
        raise _untold(node, places, "`[…]` after a computed value", "give the value a name with `{% set %}`")
    step = expression(node.arg, places)
    whole = _closed(_over(before, step), "]")
    return tree.Path((*before.steps, tree.Step(key, span=step.span)), span=whole)


def _filter(node: nodes.Filter, places: Placed) -> tree.Expr:
    assert node.node is not None
    span = places.word(node.lineno, node.name)
    value = expression(node.node, places)
    if node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise _untold(node, places, "an argument by name", f"write `{node.name}(value)`")
    arguments = tuple(expression(argument, places) for argument in node.args)
    if node.name in ("default", "d"):
        fallback = arguments[0] if arguments else tree.Literal("", span=span)
        return tree.Else(value, fallback, span=_over(value, fallback.span))
    name = _MEASURES.get(node.name, node.name)
    if name not in FUNCTIONS:
        close = near(node.name, [*FUNCTIONS, "default"])
        raise Untold(
            codes.TEMPLATE_FILTER.at(
                span,
                f"there is no filter `{node.name}`",
                label=f"did you mean `{close}`?" if close else "",
                fixes=[Fix(f"write `{close}`", (Edit(span, close),))]
                if close and span.text == node.name
                else (),
            )
        )
    return tree.Call(tree.Name(name, span=span), (value, *arguments), span=_over(value, span))


def _call(node: nodes.Call, places: Placed) -> tree.Expr:
    from jinja2 import nodes

    if not isinstance(node.node, nodes.Name) or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise _untold(node, places, "calling this", "templates call the built-in functions by name")
    span = places.word(node.lineno, node.node.name)
    arguments = tuple(expression(argument, places) for argument in node.args)
    whole = (
        _closed(span.to(arguments[-1].span), ")")
        if arguments and arguments[-1].span.start > span.end
        else span
    )
    return tree.Call(tree.Name(node.node.name, span=span), arguments, span=whole)


def _compare(node: nodes.Compare, places: Placed) -> tree.Expr:
    left = expression(node.expr, places)
    operand = node.ops[0]
    right = expression(operand.expr, places)
    operator = _COMPARE[operand.op]
    if operator.endswith("one of") and isinstance(right, tree.Path | tree.Literal | tree.Call):
        # `x in y`: y holds x, be y a list or a text; `contains` says just that.
        flipped = "contains" if operand.op == "in" else "does not contain"
        return tree.Compare(flipped, right, left, span=_over(left, right))
    return tree.Compare(operator, left, right, span=_over(left, right))


def _test(node: nodes.Test, places: Placed) -> tree.Expr:
    if node.name not in _TESTS or node.args:
        raise Untold(
            codes.TEMPLATE_FILTER.at(
                places.word(node.lineno, node.name),
                f"there is no test `{node.name}`",
                help=f"the tests are {', '.join(_TESTS)}; compare with `==`, `<`, `in` and so on",
            )
        )
    operand = expression(node.node, places)
    return tree.State(_TESTS[node.name], operand, span=_over(operand, places.word(node.lineno, node.name)))


def _closed(span: Span, bracket: str) -> Span:
    """A span with the bracket that closes it, where that is what comes next: Jinja tells of no brackets."""
    text = span.source.text
    end = span.end
    while end < len(text) and text[end].isspace():
        end += 1
    return span.source.span(span.start, end + 1) if text[end : end + 1] == bracket else span


def _over(left: tree.Expr, right: tree.Expr | Span) -> Span:
    end = right if isinstance(right, Span) else right.span
    return left.span.to(end) if left.span.start <= end.start else end.to(left.span)


def _untold(node: nodes.Node, places: Placed, what: str, remedy: str | None, word: str = "") -> Untold:
    span = places.word(node.lineno, word) if word else places.line(node.lineno)
    return Untold(codes.TEMPLATE_FORBIDDEN.at(span, f"{what} is not offered to templates", help=remedy))
