"""Lark's tree of a condition or value to ours; the rest of the clauses is in `convert`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from lark import Token, Tree

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix, Label
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.texts import BadText, unescape

DIGITS = 4300
_ITEM = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BLANKS = re.compile(r"\s+")
_SYMBOLS = {
    "==": "is",
    "!=": "is not",
    "in": "is one of",
    "is in": "is one of",
    "not in": "is not one of",
    "is not in": "is not one of",
    "in network": "is in network",
}


def negated(value: int | Decimal) -> int | Decimal:
    """The number with the other sign; Python's own `-` would round a Decimal to 28 digits."""
    return value.copy_negate() if isinstance(value, Decimal) else -value


class Misread(Exception):
    """A clause that follows the grammar but cannot be meant; carries its diagnostic. Never leaves `clause`."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Expressions:
    """Converts the tree of one fragment. `report` collects what does not stop the conversion."""

    def __init__(self, fragment: Fragment) -> None:
        self.fragment = fragment
        self.report: list[Diagnostic] = []

    def take(self, node: Any) -> Any:
        """What a node stands for."""
        return getattr(self, "_" + node.data)(node)

    def span(self, node: Any) -> Span:
        if isinstance(node, Token):
            return self.fragment.span(cast(int, node.start_pos), cast(int, node.end_pos))
        meta = node.meta
        if meta.empty:
            return self.fragment.span(0, len(self.fragment.text))
        return self.fragment.span(meta.start_pos, meta.end_pos)

    def written(self, node: Tree[Token]) -> str:
        """The text of a node as it was parsed, which in a folded YAML scalar is not that of its span."""
        return self.fragment.text[node.meta.start_pos : node.meta.end_pos]

    # --- expressions ------------------------------------------------------------------------------------

    def _condition(self, node: Tree[Token]) -> tree.Expr:
        return cast(tree.Expr, self.take(node.children[0]))

    _expression = _condition

    def _value(self, node: Tree[Token]) -> tree.Value:
        return self.as_value(self.take(node.children[0]))

    def as_value(self, value: tree.Value) -> tree.Value:
        """A text in the place of a value is a template when it has Jinja in it."""
        if isinstance(value, tree.Literal) and isinstance(value.value, str):
            if any(mark in value.value for mark in ("{{", "{%", "{#")):
                return tree.Template(value.value, self.inside(value.span), span=value.span)
        elif isinstance(value, tree.ListValue):
            return tree.ListValue(tuple(self.as_value(item) for item in value.items), span=value.span)
        return value

    def inside(self, span: Span) -> Fragment:
        """The text between the quotes of a literal, with its escapes read and its places kept."""
        if not self.fragment.exact:
            literal = span.text
            return Fragment(literal, span)
        literal = span.text
        text, segments = unescape(literal[1:-1])
        return Fragment(text, span, tuple((local, span.start + 1 + at) for local, at in segments))

    def _chain(self, node: Tree[Token]) -> tree.Expr:
        if len(node.children) == 1:
            return cast(tree.Expr, self.take(node.children[0]))
        joiners = [child for child in node.children if isinstance(child, Token)]
        parts = tuple(self.take(child) for child in node.children if not isinstance(child, Token))
        kinds = {str(joiner.type) for joiner in joiners}
        if len(kinds) > 1:
            self.mixed(node, joiners)
        made = tree.AllOf if joiners[0].type == "AND" else tree.AnyOf
        return made(parts, span=self.span(node))

    def mixed(self, node: Tree[Token], joiners: Sequence[Token]) -> None:
        """`and` and `or` side by side: say so, and offer to let `and` bind first, as most languages would."""
        first = joiners[0]
        other = next(joiner for joiner in joiners if joiner.type != first.type)
        edits: list[Edit] = []
        items = [child for child in node.children if not isinstance(child, Token)]
        begin = 0
        for position, joiner in enumerate([*joiners, None]):
            if joiner is None or joiner.type == "OR":
                if position > begin:
                    edits.append(Edit(self.point(items[begin], start=True), "("))
                    edits.append(Edit(self.point(items[position], start=False), ")"))
                begin = position + 1
        fixes = [Fix("let `and` bind first", tuple(edits))] if self.fragment.exact else []
        self.report.append(
            codes.MIXED_AND_OR.at(
                self.span(other),
                f"`{first}` and `{other}` are mixed: it is not clear what belongs together",
                also=[Label(self.span(first), f"`{first}` here")],
                help="put parentheses around the parts that belong together",
                fixes=fixes,
            )
        )

    def point(self, node: Any, *, start: bool) -> Span:
        span = self.span(node)
        at = span.start if start else span.end
        return Span(span.source, at, at)

    def _negation(self, node: Tree[Token]) -> tree.Expr:
        return tree.Not(self.take(node.children[1]), span=self.span(node))

    def _state(self, node: Tree[Token]) -> tree.Expr:
        left, state = node.children
        return tree.State(_BLANKS.sub(" ", str(state)), self.take(left), span=self.span(node))

    def _compare(self, node: Tree[Token]) -> tree.Expr:
        left, token, right, *rest = node.children
        operator, quantifier = self.operator(cast(Token, token))
        return tree.Compare(
            operator,
            self.take(left),
            self.take(right),
            quantifier,
            bool(rest),
            self.span(token),
            span=self.span(node),
        )

    def operator(self, token: Token) -> tuple[str, str]:
        """The canonical spelling of an operator, and `any` or `all` where it ends so."""
        text = _BLANKS.sub(" ", str(token))
        quantifier = ""
        for word in ("any", "all"):
            if text.endswith(f" {word} of"):
                text, quantifier = text.removesuffix(f" {word} of"), word
        return _SYMBOLS.get(text, text), quantifier

    def _match(self, node: Tree[Token]) -> tree.Expr:
        left, token, pattern, *rest = node.children
        operator, quantifier = self.operator(cast(Token, token))
        right = self.take(pattern)
        return tree.Compare(
            operator, self.take(left), right, quantifier, bool(rest), self.span(token), span=self.span(node)
        )

    def _pattern(self, node: Tree[Token]) -> tree.Expr:
        found = tuple(self.regex(cast(Token, child)) for child in node.children)
        if len(found) == 1 and self.written(node).startswith("/"):
            return found[0]
        return tree.ListValue(found, span=self.span(node))

    def regex(self, token: Token) -> tree.Regex:
        return tree.Regex(str(token)[1:-1].replace("\\/", "/"), span=self.span(token))

    def _between(self, node: Tree[Token]) -> tree.Expr:
        left, token, low, _, high = node.children
        one, two = self.take(low), self.take(high)
        bounds = tree.ListValue((one, two), span=one.span.to(two.span))
        return tree.Compare(
            "is between", self.take(left), bounds, operator_span=self.span(token), span=self.span(node)
        )

    def _arithmetic(self, node: Tree[Token]) -> tree.Expr:
        left, operator, right = node.children
        return tree.Arithmetic(str(operator), self.take(left), self.take(right), span=self.span(node))

    def _negative(self, node: Tree[Token]) -> tree.Expr:
        operand = self.take(node.children[1])
        span = self.span(node)
        value = operand.value if isinstance(operand, tree.Literal) else None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return tree.Literal(negated(value), span=span)
        return tree.Negative(operand, span=span)

    def _atom(self, node: Tree[Token]) -> tree.Expr:
        return cast(tree.Expr, self.take(node.children[0]))

    def _group(self, node: Tree[Token]) -> tree.Expr:
        return cast(tree.Expr, self.take(node.children[0]))

    def _otherwise(self, node: Tree[Token]) -> tree.Expr:
        value, _, fallback = node.children
        return tree.Else(self.take(value), self.take(fallback), span=self.span(node))

    def _list(self, node: Tree[Token]) -> tree.Expr:
        return tree.ListValue(tuple(self.take(child) for child in node.children), span=self.span(node))

    def _texts(self, node: Tree[Token]) -> tree.Expr:
        token = cast(Token, node.children[0])
        start = cast(int, token.start_pos)
        items: list[tree.Value] = []
        for found in _ITEM.finditer(str(token)):
            begin = start + found.start()
            span = self.fragment.span(begin, start + found.end())
            items.append(tree.Literal(self.unescaped(found[0], begin), span=span))
        return tree.ListValue(tuple(items), span=self.span(token))

    def _call(self, node: Tree[Token]) -> tree.Expr:
        name, *arguments = node.children
        return tree.Call(self.name(name), tuple(self.take(one) for one in arguments), span=self.span(node))

    def _tally(self, node: Tree[Token]) -> tree.Expr:
        function, variable, _, collection, _, condition = node.children
        if str(function) != "count":
            raise Misread(
                codes.SYNTAX.at(
                    self.span(function), f"`{function}` does not take `… in … has (…)`: only `count` does"
                )
            )
        return tree.Count(
            self.name(variable), self.take(collection), self.take(condition), span=self.span(node)
        )

    def _quantified(self, node: Tree[Token]) -> tree.Expr:
        quantifier, variable, _, collection, _, condition = node.children
        return tree.Quantified(
            str(quantifier),
            self.name(variable),
            self.take(collection),
            self.take(condition),
            span=self.span(node),
        )

    def _quantity(self, node: Tree[Token]) -> tree.Quantity:
        number, unit = node.children
        amount = self.number(cast(Token, number))
        return tree.Quantity(amount, str(unit).removesuffix("s"), span=self.span(node))

    _length = _quantity

    def _literal(self, node: Tree[Token]) -> tree.Literal:
        return self.literal(cast(Token, node.children[0]))

    def literal(self, token: Token, *, negative: bool = False) -> tree.Literal:
        span = self.span(token)
        match token.type:
            case "STRING":
                return tree.Literal(self.text(token), span=span)
            case "NUMBER":
                number = self.number(token)
                return tree.Literal(negated(number) if negative else number, span=span)
            case "NAME":
                return tree.Literal(str(token), span=span)
            case _:
                return tree.Literal({"TRUE": True, "FALSE": False}.get(str(token.type)), span=span)

    def number(self, token: Token) -> int | Decimal:
        text = str(token)
        if len(text) > DIGITS:
            raise Misread(
                codes.BAD_LITERAL.at(self.span(token), f"this number has more than {DIGITS} digits")
            )
        try:
            number = int(text) if text.isdigit() else Decimal(text)
        except (ValueError, InvalidOperation):
            raise Misread(codes.BAD_LITERAL.at(self.span(token), "this number cannot be held")) from None
        if isinstance(number, Decimal) and abs(number.adjusted()) > DIGITS:
            raise Misread(codes.BAD_LITERAL.at(self.span(token), "this number cannot be held"))
        return number

    def text(self, token: Token) -> str:
        return self.unescaped(str(token), cast(int, token.start_pos))

    def unescaped(self, quoted: str, start: int) -> str:
        """What a text in quotes says; `start` is where it stands in the fragment."""
        try:
            return unescape(quoted[1:-1])[0]
        except BadText as bad:
            span = self.fragment.span(start + 1 + bad.start, start + 1 + bad.end)
            raise Misread(codes.BAD_LITERAL.at(span, bad.message, help=bad.remedy)) from None

    def _path(self, node: Tree[Token]) -> tree.Path:
        first, *rest = node.children
        steps = (tree.Step(str(first), span=self.span(first)), *(self.take(step) for step in rest))
        return tree.Path(steps, span=self.span(node))

    def _any_field(self, node: Tree[Token]) -> tree.AnyField:
        return tree.AnyField(span=self.span(node))

    def _step(self, node: Tree[Token]) -> tree.Step:
        token = cast(Token, node.children[0])
        if token.type == "NUMBER":
            number = self.number(token)
            if not isinstance(number, int):
                raise Misread(codes.BAD_LITERAL.at(self.span(token), "an index is a whole number"))
            return tree.Step(number, span=self.span(token))
        return tree.Step(self.text(token) if token.type == "STRING" else str(token), span=self.span(token))

    def _object(self, node: Tree[Token]) -> tree.ObjectValue:
        return tree.ObjectValue(tuple(self.take(child) for child in node.children), span=self.span(node))

    def _entry(self, node: Tree[Token]) -> tree.Argument:
        keys, value = node.children
        return tree.Argument(self.take(keys), self.as_value(self.take(value)), span=self.span(node))

    def _keys(self, node: Tree[Token]) -> tuple[tree.Step, ...]:
        first, *rest = node.children
        token = cast(Token, first)
        key = self.text(token) if token.type == "STRING" else str(token)
        return (tree.Step(key, span=self.span(token)), *(self.take(step) for step in rest))

    def name(self, token: Any) -> tree.Name:
        text = self.text(token) if token.type == "STRING" else str(token)
        return tree.Name(text, span=self.span(token))

    def _name(self, node: Tree[Token]) -> tree.Name:
        return self.name(node.children[0])

    _event_name = _name
