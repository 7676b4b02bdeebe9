"""The parts of one clause to our tree. With `recipes`, the only place that knows the grammar's rule names.

What each start symbol gives: condition, expression → Expr; value → Value; object → ObjectValue; field → FieldLine;
param → Param; list_items → tuple of Literal; define → Define; define_head → (Name, parameters); trigger → Trigger;
at_most → AtMost; schedule → Schedule; principals → tuple of Principal; do_head → Do; let → Let; safe → Safe;
completing → Completing; cell → Cell; given → Given; expect → Expect; mock → Mock; keys → tuple of Step; name → Name;
length → Quantity; on → On.
"""

from __future__ import annotations

from typing import cast

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.convert_actions import Actions
from atamo_rules.syntax.convert_expression import Misread
from atamo_rules.syntax.convert_tests import Tests
from atamo_rules.syntax.convert_trigger import Triggers, trees
from atamo_rules.syntax.convert_types import FieldLine, Types
from atamo_rules.syntax.parts import Token, Tree
from atamo_rules.syntax.words import MOST_RETRIES as MOST_RETRIES

__all__ = ["Converter", "FieldLine", "Misread"]


class Converter(Triggers, Types, Actions, Tests):
    """Every clause: principals and cells of tables here, all else in the classes it is made of."""

    def _principals(self, node: Tree) -> tuple[decl.Principal, ...]:
        return tuple(self.take(child) for child in node.children)

    def _principal(self, node: Tree) -> decl.Principal:
        kind, name = node.children
        return decl.Principal(str(kind), self.take(name), span=self.span(node))

    def _cell(self, node: Tree) -> decl.Cell:
        tests = tuple(self.take(child) for child in trees(node))
        return decl.Cell(tests, span=self.span(node))

    def _cell_is(self, node: Tree) -> tuple[str, tree.Expr]:
        return "is", self.take(node.children[0])

    def _cell_not(self, node: Tree) -> tuple[str, tree.Expr]:
        return "is not", self.take(node.children[1])

    def _cell_compare(self, node: Tree) -> tuple[str, tree.Expr]:
        operator, _ = self.operator(cast(Token, node.children[0]))
        return operator, self.take(node.children[1])

    def _cell_state(self, node: Tree) -> tuple[str, None]:
        return " ".join(str(node.children[0]).split()), None

    def _cell_match(self, node: Tree) -> tuple[str, tree.Expr]:
        operator, _ = self.operator(cast(Token, node.children[0]))
        return operator, self.regex(cast(Token, node.children[1]))

    def _cell_between(self, node: Tree) -> tuple[str, tree.Expr]:
        _, low, _, high = node.children
        one, two = self.take(low), self.take(high)
        return "is between", tree.ListValue((one, two), span=one.span.to(two.span))
