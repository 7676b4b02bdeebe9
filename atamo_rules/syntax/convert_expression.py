"""What converters of clauses share: what trees and tokens of one clause stand for, and where they stand."""

from __future__ import annotations

from typing import Any, cast

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Fragment, Span
from atamo_rules.syntax import atoms, tree
from atamo_rules.syntax.atoms import Misread, negated
from atamo_rules.syntax.parts import Clause, Token, Tree

__all__ = ["Expressions", "Misread", "negated"]


class Expressions:
    """Conditions and values inside other clauses: their recipes say what they stand for."""

    def __init__(self, clause: Clause) -> None:
        self.clause = clause

    @property
    def fragment(self) -> Fragment:
        return self.clause.fragment

    @property
    def report(self) -> list[Diagnostic]:
        """Findings that do not stop the conversion."""
        return self.clause.report

    def take(self, node: Tree) -> Any:
        """What a node stands for."""
        if node.made is not None:
            return node.made(self.clause)
        return getattr(self, "_" + node.data)(node)

    def span(self, node: Tree | Token | Any) -> Span:
        if isinstance(node, Token):
            return self.clause.span(node.at, node.at)
        return self.clause.span(node.first, node.last)

    def written(self, node: Tree) -> str:
        """The text of a node as it was parsed, which in a folded YAML scalar is not that of its span."""
        return self.fragment.text[self.clause.starts[node.first] : self.clause.ends[node.last]]

    def as_value(self, value: tree.Value) -> tree.Value:
        """A text in the place of a value is a template when it has Jinja in it."""
        return atoms.as_value(self.clause, value)

    def operator(self, token: Token) -> tuple[str, str]:
        """The canonical spelling of an operator, and `any` or `all` where it ends so."""
        return atoms.operator(str(token))

    def regex(self, token: Token) -> tree.Regex:
        return atoms.regex(self.clause, token.at)

    def quantity(self, node: Tree) -> tree.Quantity:
        """A number and a unit right under a node."""
        amount, unit = node.children
        return tree.Quantity(self.number(amount), str(unit).removesuffix("s"), span=self.span(node))

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
                return tree.Literal({"TRUE": True, "FALSE": False}.get(token.type), span=span)

    def number(self, token: Token) -> Any:
        return atoms.number(self.clause, token.at)

    def whole(self, token: Token) -> int:
        """A count, at most a million."""
        number = self.number(token)
        if not isinstance(number, int) or number > 1_000_000:
            raise Misread(
                codes.BAD_LITERAL.at(self.span(token), "how often is a whole number, at most 1000000")
            )
        return number

    def text(self, token: Token) -> str:
        return atoms.text(self.clause, token.at)

    def name(self, token: Any) -> tree.Name:
        found = cast(Token, token)
        text = self.text(found) if found.type == "STRING" else str(found)
        return tree.Name(text, span=self.span(found))
