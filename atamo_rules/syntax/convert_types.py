"""Types, fields, parameters, lists and definitions: the parts of a clause to our tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.convert_expression import Expressions, Misread, negated
from atamo_rules.syntax.convert_trigger import tokens, trees
from atamo_rules.syntax.parts import Token, Tree


@dataclass(frozen=True, slots=True)
class FieldLine:
    """What follows `name:` of a field. `type` is None for `list of` with the item's fields below it."""

    type: type_tree.TypeExpr | None
    optional: bool = False
    default: tree.Expr | None = None
    about: tree.Literal | None = None


class Types(Expressions):
    """What is declared with a type."""

    def _field(self, node: Tree) -> FieldLine:
        parts = trees(node)
        default = next((self.take(part) for part in parts if part.data == "default"), None)
        about = tokens(node, "STRING")
        return FieldLine(
            self.take(parts[0]),
            bool(tokens(node, "OPTIONAL")),
            default,
            self.literal(about[0]) if about else None,
        )

    def _plain(self, node: Tree) -> type_tree.Plain:
        ranges = trees(node, "range")
        low, high = self.take(ranges[0]) if ranges else (None, None)
        return type_tree.Plain(" ".join(str(node.children[0]).split()), low, high, span=self.span(node))

    def _range(self, node: Tree) -> tuple[int | Decimal | None, int | Decimal | None]:
        bounds = [self.take(child) for child in trees(node)]
        if len(bounds) == 2:
            return bounds[0], bounds[1]
        text = self.written(node)
        return (None, bounds[0]) if text.startswith("..") else (bounds[0], None)

    def _signed(self, node: Tree) -> int | Decimal:
        number = self.number(cast(Token, node.children[-1]))
        return negated(number) if len(node.children) == 2 else number

    def _one_of(self, node: Tree) -> type_tree.OneOf:
        values = tuple(self.take(child) for child in trees(node))
        return type_tree.OneOf(values, span=self.span(node))

    def _choice(self, node: Tree) -> tree.Literal:
        literal = self.literal(cast(Token, node.children[-1]), negative=len(node.children) == 2)
        return replace(literal, span=self.span(node))

    def _default(self, node: Tree) -> tree.Expr:
        first = node.children[0]
        if isinstance(first, Tree):
            return cast(tree.Expr, self.take(first))
        if len(node.children) == 2 and cast(Token, node.children[1]).type == "UNIT":
            return self.quantity(node)
        return self._choice(node)

    def _list_default(self, node: Tree) -> tree.ListValue:
        return tree.ListValue(tuple(self.take(child) for child in trees(node)), span=self.span(node))

    def _list_of(self, node: Tree) -> type_tree.TypeExpr | None:
        inner = trees(node)
        if not inner:
            return None
        item = self.take(inner[0])
        return None if item is None else type_tree.ListOf(item, span=self.span(node))

    def _map_of(self, node: Tree) -> type_tree.TypeExpr:
        value = self.take(trees(node)[0])
        if value is None:
            raise Misread(
                codes.SYNTAX.at(
                    self.span(node), "`list of` needs a type here", help="write `map of list of text`"
                )
            )
        return type_tree.MapOf(value, span=self.span(node))

    def _param(self, node: Tree) -> decl.Param:
        line = self.take(trees(node)[0])
        name = self.name(node.children[0])
        if line.type is None:
            raise Misread(codes.SYNTAX.at(self.span(node), "`list of` needs a type here"))
        return decl.Param(name, line.type, line.default, line.about, span=self.span(node))

    def _list_items(self, node: Tree) -> tuple[tree.Literal, ...]:
        return tuple(self.take(child) for child in node.children)

    def _define_head(self, node: Tree) -> tuple[tree.Name, tuple[decl.Parameter, ...]]:
        return self.name(node.children[0]), tuple(self.take(one) for one in trees(node, "parameter"))

    def _define(self, node: Tree) -> decl.Define:
        name, parameters = self._define_head(node)
        return decl.Define(name, parameters, self.take(node.children[-1]), span=self.span(node))

    def _parameter(self, node: Tree) -> decl.Parameter:
        name, what = node.children
        if isinstance(what, Token):
            return decl.Parameter(self.name(name), event=self.name(what), span=self.span(node))
        return decl.Parameter(self.name(name), type=self.take(what), span=self.span(node))
