"""The parts of a clause that says when a rule fires, to our tree."""

from __future__ import annotations

from typing import cast

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.convert_expression import Expressions, Misread
from atamo_rules.syntax.parts import Token, Tree


def tokens(node: Tree, kind: str) -> list[Token]:
    """The tokens of one kind right under a node."""
    return [child for child in node.children if isinstance(child, Token) and child.type == kind]


def trees(node: Tree, kind: str = "") -> list[Tree]:
    """The subtrees right under a node, of one rule or all."""
    found = [child for child in node.children if isinstance(child, Tree)]
    return [child for child in found if child.data == kind] if kind else found


class Triggers(Expressions):
    """What stands behind `on` and `every`, and behind `at most`."""

    def _trigger(self, node: Tree) -> decl.On:
        return cast(decl.On, self.take(node.children[0]))

    def _on(self, node: Tree) -> decl.On:
        alias = tokens(node, "NAME")
        return decl.On(
            self.take(trees(node)[0]),
            bool(tokens(node, "REQUEST")),
            self.name(alias[0]) if alias else None,
            span=self.span(node),
        )

    def _times(self, node: Tree) -> decl.Times:
        on, length, *by = trees(node)
        count = self.literal(tokens(node, "NUMBER")[0])
        return decl.Times(self.take(on), count, self.take(length), self.by(by), span=self.span(node))

    def _different(self, node: Tree) -> decl.Different:
        on, *_ = trees(node)
        count = self.literal(tokens(node, "NUMBER")[0])
        of = tuple(self.take(path) for path in trees(node, "path"))
        length = self.take(trees(node, "length")[0])
        by = self.by(trees(node, "by"))
        return decl.Different(self.take(on), count, of, length, by, span=self.span(node))

    def _collect(self, node: Tree) -> decl.Collect:
        on, length, *by = trees(node)
        numbers = tokens(node, "NUMBER")
        count = self.literal(numbers[0]) if numbers else None
        return decl.Collect(self.take(on), self.take(length), count, self.by(by), span=self.span(node))

    def _then(self, node: Tree) -> decl.Then:
        ons = tuple(self.take(child) for child in trees(node, "on"))
        length = self.take(trees(node, "length")[0])
        return decl.Then(ons, length, self.by(trees(node, "by")), span=self.span(node))

    def _without(self, node: Tree) -> decl.Without:
        on, missing, length, *by = trees(node)
        return decl.Without(
            self.take(on), self.take(missing), self.take(length), self.by(by), span=self.span(node)
        )

    def by(self, found: list[Tree]) -> tuple[tree.Path, ...]:
        return tuple(self.take(path) for path in trees(found[0])) if found else ()

    def _at_most(self, node: Tree) -> decl.AtMost:
        numbers = tokens(node, "NUMBER")
        count = self.number(numbers[0]) if numbers else 1
        if not isinstance(count, int):
            raise Misread(codes.BAD_LITERAL.at(self.span(numbers[0]), "how often is a whole number"))
        lengths = trees(node, "length")
        units = tokens(node, "UNIT")
        per = (
            self.take(lengths[0])
            if lengths
            else tree.Quantity(1, str(units[0]).removesuffix("s"), span=self.span(units[0]))
        )
        return decl.AtMost(count, per, self.by(trees(node, "by")), span=self.span(node))

    def _schedule(self, node: Tree) -> decl.Schedule:
        zone = tokens(node, "STRING")
        period = " ".join(str(child) for child in trees(node)[0].children)
        missed = [str(token).split()[1] for token in tokens(node, "MISSED")]
        return decl.Schedule(period, self.literal(zone[0]) if zone else None, *missed, span=self.span(node))
