"""The lines of tests: the parts of a clause to our tree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from atamo_rules.syntax.convert_expression import Expressions
from atamo_rules.syntax.convert_trigger import tokens, trees
from atamo_rules.syntax.parts import Token, Tree


class Tests(Expressions):
    """`given`, `expect` and `mock`."""

    def _given(self, node: Tree) -> decl.Given:
        parts = {part.data: part for part in trees(node)}
        span = self.span(node)
        empty = tree.ObjectValue((), span=span)
        return decl.Given(
            self.take(parts["event_name"]),
            self.worded(self.take(parts["object"])) if "object" in parts else empty,
            self.take(parts["actor"]) if "actor" in parts else None,
            self.take(parts["repeat"]) if "repeat" in parts else None,
            span=span,
        )

    def _actor(self, node: Tree) -> decl.Actor:
        user, *rest = node.children
        groups: list[tree.Name] = []
        organisation = None
        after_of = False
        for child in rest:
            if isinstance(child, Token):
                after_of = child.type == "OF"
            elif after_of:
                organisation = self.take(child)
            else:
                groups.append(self.take(child))
        return decl.Actor(self.take(user), tuple(groups), organisation, span=self.span(node))

    def _repeat(self, node: Tree) -> decl.Repeat:
        count, every = self.whole(tokens(node, "NUMBER")[0]), trees(node, "length")
        return decl.Repeat(count, self.take(every[0]) if every else None, span=self.span(node))

    def _expect(self, node: Tree) -> decl.Expect:
        found = tuple(self.take(child) for child in trees(node))
        return decl.Expect(found, not found, span=self.span(node))

    def _expected(self, node: Tree) -> decl.Expected:
        kind, name = self.take(trees(node, "target")[0])
        matchers = trees(node, "matchers")
        numbers = tokens(node, "NUMBER")
        times = 0 if tokens(node, "NOT") else 1 if tokens(node, "ONCE") else None
        if numbers:
            times = self.whole(numbers[0])
        found = tuple(self.take(one) for one in trees(matchers[0])) if matchers else ()
        return decl.Expected(kind, name, found, times, span=self.span(node))

    def _target(self, node: Tree) -> tuple[str, tree.Name | None]:
        first = node.children[0]
        if isinstance(first, Tree):
            return "action", self.take(first)
        if first.type == "RULE":
            return "rule", self.take(node.children[1])
        return ("error" if len(node.children) == 2 else "reply"), None

    def _matcher(self, node: Tree) -> decl.Matcher:
        keys = self.take(node.children[0])
        span = self.span(node)
        states = tokens(node, "STATE")
        if states:
            return decl.Matcher(keys, " ".join(str(states[0]).split()), None, span=span)
        operators = [child for child in node.children[1:] if isinstance(child, Token)]
        operator = self.operator(operators[0])[0] if operators else "is"
        value = self.worded(self.as_value(self.take(node.children[-1])))
        return decl.Matcher(keys, operator, value, span=span)

    def worded(self, value: Any) -> Any:
        """In the bodies of tests a bare word is a text: there is no event whose field it could be."""
        if isinstance(value, tree.Path) and len(value.steps) == 1:
            return tree.Literal(str(value.steps[0].key), span=value.span)
        if isinstance(value, tree.Template):
            return tree.Literal(value.text, span=value.span)
        if isinstance(value, tree.ListValue):
            return tree.ListValue(tuple(self.worded(item) for item in value.items), span=value.span)
        if isinstance(value, tree.ObjectValue):
            entries = tuple(replace(entry, value=self.worded(entry.value)) for entry in value.entries)
            return tree.ObjectValue(entries, span=value.span)
        return value

    def _mock(self, node: Tree) -> decl.Mock:
        target = self.take(trees(node)[0])
        objects = trees(node, "object")
        texts = tokens(node, "STRING")
        return decl.Mock(
            target,
            self.worded(self.take(objects[0])) if objects else None,
            self.literal(texts[0]) if texts else None,
            bool(tokens(node, "TIMEOUT")),
            span=self.span(node),
        )
