"""The parts of one clause to our tree. With `recipes`, the only place that knows the grammar's rule names.

What each start symbol gives: condition, expression → Expr; value → Value; object → ObjectValue; field → FieldLine;
param → Param; list_items → tuple of Literal; define → Define; define_head → (Name, parameters); trigger → Trigger;
at_most → AtMost; schedule → Schedule; principals → tuple of Principal; do_head → Do; let → Let; safe → Safe;
completing → Completing; cell → Cell; given → Given; expect → Expect; mock → Mock; keys → tuple of Step; name → Name;
length → Quantity; on → On.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.convert_expression import Misread, negated
from atamo_rules.syntax.convert_trigger import Triggers, tokens, trees
from atamo_rules.syntax.parts import Token, Tree
from atamo_rules.syntax.words import MOST_RETRIES as MOST_RETRIES

__all__ = ["Converter", "FieldLine", "Misread"]


@dataclass(frozen=True, slots=True)
class FieldLine:
    """What follows `name:` of a field. `type` is None for `list of` with the item's fields below it."""

    type: type_tree.TypeExpr | None
    optional: bool = False
    default: tree.Expr | None = None
    about: tree.Literal | None = None


class Converter(Triggers):
    """Every clause; triggers and expressions come from the classes above."""

    # --- types ------------------------------------------------------------------------------------------

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

    # --- principals -------------------------------------------------------------------------------------

    def _principals(self, node: Tree) -> tuple[decl.Principal, ...]:
        return tuple(self.take(child) for child in node.children)

    def _principal(self, node: Tree) -> decl.Principal:
        kind, name = node.children
        return decl.Principal(str(kind), self.take(name), span=self.span(node))

    # --- actions ----------------------------------------------------------------------------------------

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

    # --- tables -----------------------------------------------------------------------------------------

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

    # --- tests ------------------------------------------------------------------------------------------

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

    def whole(self, token: Token) -> int:
        number = self.number(token)
        if not isinstance(number, int) or number > 1_000_000:
            raise Misread(
                codes.BAD_LITERAL.at(self.span(token), "how often is a whole number, at most 1000000")
            )
        return number

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
