"""Triggers: the parts of a clause that says when a rule fires, to our tree."""

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
        count = self.literal(tokens(node, "NUMBER")[0])
        return decl.Times(self.take(trees(node, "on")[0]), count, *self._window(node), span=self.span(node))

    def _different(self, node: Tree) -> decl.Different:
        on, count = self.take(trees(node, "on")[0]), self.literal(tokens(node, "NUMBER")[0])
        of = tuple(self.take(path) for path in trees(node, "path"))
        return decl.Different(on, count, of, *self._window(node), span=self.span(node))

    def _collect(self, node: Tree) -> decl.Collect:
        numbers = tokens(node, "NUMBER")
        count = self.literal(numbers[0]) if numbers else None
        within, by, late = self._window(node)
        return decl.Collect(self.take(trees(node, "on")[0]), within, count, by, late, span=self.span(node))

    def _then(self, node: Tree) -> decl.Then:
        ons = tuple(self.take(child) for child in trees(node, "on"))
        return decl.Then(ons, *self._window(node), span=self.span(node))

    def _without(self, node: Tree) -> decl.Without:
        on, missing = trees(node, "on")
        return decl.Without(self.take(on), self.take(missing), *self._window(node), span=self.span(node))

    def _window(self, node: Tree) -> tuple[tree.Quantity, tuple[tree.Path, ...], tree.Quantity | None]:
        """The length of a window, its key, and how late events may come that it goes by the time of."""
        late = trees(node, "event_time")
        return (
            self.take(trees(node, "length")[0]),
            self.by(trees(node, "by")),
            self.take(trees(late[0])[0]) if late else None,
        )

    def by(self, found: list[Tree]) -> tuple[tree.Path, ...]:
        """The key of a clause."""
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
