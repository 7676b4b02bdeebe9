"""What rules do, and what is said of it: the parts of a clause to our tree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.convert_expression import Expressions, Misread
from atamo_rules.syntax.parts import Token, Tree
from atamo_rules.syntax.words import MOST_RETRIES


class Actions(Expressions):
    """Heads of actions, `let`, and the clauses that say how calls are shared and when a request is complete."""

    def _safe(self, node: Tree) -> decl.Safe:
        made, before = decl.Safe(span=self.span(node)), ""
        for child in node.children:
            if isinstance(child, Token):
                before = child.type
                if before in ("EVERYONE", "ORGANISATION", "GROUP"):
                    made = replace(made, by=str(child))
            elif before == "FRESH":
                made = replace(made, fresh=self.take(child))
            elif before == "STALE":
                made = replace(made, stale=self.take(child))
            else:
                made = replace(made, group=self.take(child))
        return made

    def _completing(self, node: Tree) -> decl.Completing:
        made, before = decl.Completing(span=self.span(node)), ""
        for child in node.children:
            if not isinstance(child, Token):
                made = replace(made, **{before: self.take(child)})
            elif child.type == "NUMBER":
                made = replace(made, count=self.whole(child))
            else:
                before = str(child)
                made = replace(made, policy=before) if before in ("all", "first", "any", "after") else made
        return made

    def _do_head(self, node: Tree) -> decl.Do:
        return cast(decl.Do, self.take(node.children[0]))

    def _act(self, node: Tree) -> decl.Do:
        verb, target, *modifiers = node.children
        do = decl.Do(str(verb), self.name(target), span=self.span(node))
        return self.modified(do, modifiers)

    def _emit(self, node: Tree) -> decl.Do:
        _, target, *modifiers = node.children
        return self.modified(decl.Do("emit", self.take(target), span=self.span(node)), modifiers)

    def _reply(self, node: Tree) -> decl.Do:
        return decl.Do("reply", span=self.span(node))

    def _reply_error(self, node: Tree) -> decl.Do:
        error = self.as_value(self.take(node.children[2]))
        return decl.Do("reply", error=error, span=self.span(node))

    def modified(self, do: decl.Do, modifiers: list[Any]) -> decl.Do:
        seen: set[str] = set()
        for modifier in modifiers:
            kind = modifier.data
            if kind in seen:
                raise Misread(codes.REPEATED_CLAUSE.at(self.span(modifier), f"`{do.verb}` says this twice"))
            seen.add(kind)
            if kind == "retry":
                count = self.number(modifier.children[1])
                if not isinstance(count, int) or count > MOST_RETRIES:
                    why = f"how often is a whole number up to {MOST_RETRIES}"
                    raise Misread(codes.BAD_LITERAL.at(self.span(modifier.children[1]), why))
                do = replace(do, retry=count)
            elif kind in ("within", "after"):
                do = replace(do, **{kind: self.take(modifier.children[1])})
            elif kind == "acting":
                _, who, name = modifier.children
                principal = decl.Principal(str(who), self.take(name), span=self.span(modifier))
                do = replace(do, acting_as=principal)
            else:
                do = replace(do, alias=self.name(modifier.children[1]))
        return do

    def _let(self, node: Tree) -> decl.Let:
        name, value = node.children
        return decl.Let(self.name(name), self.take(value), span=self.span(node))
