"""How conditions and values are made of the tokens of any clause of one shape.

A recipe is made once for a part of a shape, and called with every clause that has it: what the shape decides is
decided, what is left is to put texts and places where they belong. The other parts of clauses have no recipe of their
own (see `convert`): for those, `other` is given a tree of the part and of the clause's tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn, TypeAlias, cast

from atamo_rules.source import codes
from atamo_rules.syntax import tree
from atamo_rules.syntax.atoms import Misread, as_value, negated, number, operator, regex, text, unescaped
from atamo_rules.syntax.mixed import say_mixed
from atamo_rules.syntax.parts import Clause, Leaf, Part, Token, Tree

Recipe: TypeAlias = Callable[[Clause], Any]
Other: TypeAlias = Callable[[Clause, Tree], Any]
_ITEM = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_CONSTANTS = {"TRUE": True, "FALSE": False}


DEEPEST = 300
"""Parts within parts. A clause has less than that unless it is a sum of hundreds of numbers, or a list of lists of …"""


def recipe(part: Part, other: Other) -> Recipe:
    """What makes of any clause of a shape what the whole of it stands for; `other` makes what has no recipe here.

    The recipe raises Misread for a clause that follows the grammar and cannot be meant.
    """
    order: list[Part] = [part]
    depths = [1]
    for at, one in enumerate(order):  # it grows meanwhile
        inner = [child for child in one.children if isinstance(child, Part)]
        order += inner
        depths += [depths[at] + 1] * len(inner)
    if depths[-1] > DEEPEST:
        return _too_deep
    # From the innermost to the whole, so that nothing here goes as deep as the clause.
    recipes = _Recipes(other)
    for one in reversed(order):
        recipes.add(one)
    return recipes.of(part)


def _too_deep(clause: Clause) -> NoReturn:
    raise Misread(
        codes.TOO_DEEP.at(
            clause.fragment.span(0, len(clause.fragment.text)),
            f"parts of this stand within one another more than {DEEPEST} deep",
            help="name parts of it with `define` or `let`",
        )
    )


class _Recipes:
    """The recipes of the parts of one shape, by the names of their rules; thrown away when the whole has one."""

    def __init__(self, other: Other) -> None:
        self._other = other
        self._made: dict[int, Recipe] = {}
        self._trees: dict[int, Callable[[Clause], Tree]] = {}

    def of(self, part: Part | Leaf) -> Recipe:
        """The recipe of a part that was added."""
        return self._made[id(part)]

    def add(self, part: Part) -> None:
        """Make the recipe of a part whose own parts have theirs."""
        if part.rule in RULES:
            made: Recipe = getattr(self, f"_{part.rule}")(part)
            self._trees[id(part)] = lambda clause: Tree(part, [], made)
        else:
            children, other = tuple(map(self._child, part.children)), self._other

            def plant(clause: Clause) -> Tree:
                return Tree(part, [child(clause) for child in children])

            def made(clause: Clause) -> Any:
                return other(clause, plant(clause))

            self._trees[id(part)] = plant
        self._made[id(part)] = made

    def _child(self, child: Part | Leaf) -> Callable[[Clause], Tree | Token]:
        if isinstance(child, Part):
            return self._trees[id(child)]
        kind, index = child.kind, child.index
        return lambda clause: Token(clause.texts[index], kind, index)

    def _all(self, parts: Sequence[Part | Leaf]) -> tuple[Recipe, ...]:
        return tuple(map(self.of, parts))

    # --- conditions -------------------------------------------------------------------------------------

    def _only(self, part: Part) -> Recipe:
        return self.of(part.children[0])

    _condition = _expression = _group = _only

    def _value(self, part: Part) -> Recipe:
        inner = self._only(part)
        return lambda clause: as_value(clause, inner(clause))

    def _chain(self, part: Part) -> Recipe:
        joiners = [child for child in part.children if isinstance(child, Leaf)]
        if not joiners:
            return self._only(part)
        items = [child for child in part.children if isinstance(child, Part)]
        inner, first, last = self._all(items), part.first, part.last
        made: type[tree.AllOf] | type[tree.AnyOf] = tree.AllOf if joiners[0].kind == "AND" else tree.AnyOf
        mixed = len({joiner.kind for joiner in joiners}) > 1

        def make(clause: Clause) -> tree.Expr:
            parts = tuple([one(clause) for one in inner])
            if mixed:
                say_mixed(clause, joiners, items)
            return made(parts, span=clause.span(first, last))

        return make

    def _negation(self, part: Part) -> Recipe:
        inner, first, last = self.of(part.children[1]), part.first, part.last
        return lambda clause: tree.Not(inner(clause), span=clause.span(first, last))

    def _state(self, part: Part) -> Recipe:
        inner, state = self.of(part.children[0]), _leaf(part, 1)
        first, last = part.first, part.last
        return lambda clause: tree.State(
            spaced(clause.texts[state]), inner(clause), span=clause.span(first, last)
        )

    def _compare(self, part: Part) -> Recipe:
        left, right, at = self.of(part.children[0]), self.of(part.children[2]), _leaf(part, 1)
        folded, first, last = len(part.children) > 3, part.first, part.last

        def make(clause: Clause) -> tree.Expr:
            name, quantifier = operator(clause.texts[at])
            one, two = left(clause), right(clause)
            return tree.Compare(
                name, one, two, quantifier, folded, clause.span(at, at), span=clause.span(first, last)
            )

        return make

    def _match(self, part: Part) -> Recipe:
        left, right, at = self.of(part.children[0]), self.of(part.children[2]), _leaf(part, 1)
        folded, first, last = len(part.children) > 3, part.first, part.last

        def make(clause: Clause) -> tree.Expr:
            name, quantifier = operator(clause.texts[at])
            pattern, subject = right(clause), left(clause)
            return tree.Compare(
                name, subject, pattern, quantifier, folded, clause.span(at, at), span=clause.span(first, last)
            )

        return make

    def _pattern(self, part: Part) -> Recipe:
        found = [_index(child) for child in part.children]
        first, last = part.first, part.last
        if found == [first]:  # one without brackets
            return lambda clause: regex(clause, first)
        return lambda clause: tree.ListValue(
            tuple([regex(clause, at) for at in found]), span=clause.span(first, last)
        )

    def _between(self, part: Part) -> Recipe:
        left, low, high = (self.of(part.children[at]) for at in (0, 2, 4))
        at, first, last = _leaf(part, 1), part.first, part.last

        def make(clause: Clause) -> tree.Expr:
            one, two = low(clause), high(clause)
            bounds = tree.ListValue((one, two), span=one.span.to(two.span))
            return tree.Compare(
                "is between",
                left(clause),
                bounds,
                operator_span=clause.span(at, at),
                span=clause.span(first, last),
            )

        return make

    # --- values -----------------------------------------------------------------------------------------

    def _arithmetic(self, part: Part) -> Recipe:
        left, right, at = self.of(part.children[0]), self.of(part.children[2]), _leaf(part, 1)
        first, last = part.first, part.last
        return lambda clause: tree.Arithmetic(
            clause.texts[at], left(clause), right(clause), span=clause.span(first, last)
        )

    def _negative(self, part: Part) -> Recipe:
        inner, first, last = self.of(part.children[1]), part.first, part.last

        def make(clause: Clause) -> tree.Expr:
            operand, span = inner(clause), clause.span(first, last)
            value = operand.value if isinstance(operand, tree.Literal) else None
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                return tree.Literal(negated(value), span=span)
            return tree.Negative(operand, span=span)

        return make

    def _otherwise(self, part: Part) -> Recipe:
        value, fallback = self.of(part.children[0]), self.of(part.children[2])
        first, last = part.first, part.last
        return lambda clause: tree.Else(value(clause), fallback(clause), span=clause.span(first, last))

    def _list(self, part: Part) -> Recipe:
        items, first, last = self._all(part.children), part.first, part.last
        return lambda clause: tree.ListValue(
            tuple([item(clause) for item in items]), span=clause.span(first, last)
        )

    def _texts(self, part: Part) -> Recipe:
        at = _leaf(part, 0)

        def make(clause: Clause) -> tree.Expr:
            start = clause.starts[at]
            items: list[tree.Value] = []
            for found in _ITEM.finditer(clause.texts[at]):
                quoted, begin = found[0], start + found.start()
                said = quoted[1:-1] if "\\" not in quoted else unescaped(clause, quoted, begin)
                items.append(tree.Literal(said, span=clause.place(begin, start + found.end())))
            return tree.ListValue(tuple(items), span=clause.span(at, at))

        return make

    def _call(self, part: Part) -> Recipe:
        at, arguments = _leaf(part, 0), self._all(part.children[1:])
        first, last = part.first, part.last

        def make(clause: Clause) -> tree.Expr:
            name = tree.Name(clause.texts[at], span=clause.span(at, at))
            return tree.Call(name, tuple([one(clause) for one in arguments]), span=clause.span(first, last))

        return make

    def _tally(self, part: Part) -> Recipe:
        function, variable = _leaf(part, 0), _leaf(part, 1)
        collection, condition = self.of(part.children[3]), self.of(part.children[5])
        first, last = part.first, part.last

        def make(clause: Clause) -> tree.Expr:
            word = clause.texts[function]
            if word != "count":
                raise Misread(
                    codes.SYNTAX.at(
                        clause.span(function, function),
                        f"`{word}` does not take `… in … has (…)`: only `count` does",
                    )
                )
            name = tree.Name(clause.texts[variable], span=clause.span(variable, variable))
            return tree.Count(name, collection(clause), condition(clause), span=clause.span(first, last))

        return make

    def _quantified(self, part: Part) -> Recipe:
        quantifier, variable = _leaf(part, 0), _leaf(part, 1)
        collection, condition = self.of(part.children[3]), self.of(part.children[5])
        first, last = part.first, part.last

        def make(clause: Clause) -> tree.Expr:
            name = tree.Name(clause.texts[variable], span=clause.span(variable, variable))
            return tree.Quantified(
                clause.texts[quantifier],
                name,
                collection(clause),
                condition(clause),
                span=clause.span(first, last),
            )

        return make

    def _quantity(self, part: Part) -> Recipe:
        amount, unit, first, last = _leaf(part, 0), _leaf(part, 1), part.first, part.last
        return lambda clause: tree.Quantity(
            number(clause, amount), clause.texts[unit].removesuffix("s"), span=clause.span(first, last)
        )

    _length = _quantity

    def _literal(self, part: Part) -> Recipe:
        (leaf,) = part.children
        at, kind = _index(leaf), cast(Leaf, leaf).kind
        if kind == "STRING":
            return lambda clause: tree.Literal(text(clause, at), span=clause.span(at, at))
        if kind == "NUMBER":
            return lambda clause: tree.Literal(number(clause, at), span=clause.span(at, at))
        value = _CONSTANTS.get(kind)
        return lambda clause: tree.Literal(value, span=clause.span(at, at))

    def _path(self, part: Part) -> Recipe:
        at, first, last = _leaf(part, 0), part.first, part.last
        if len(part.children) == 1:

            def lone(clause: Clause) -> tree.Expr:
                span = clause.span(at, at)
                return tree.Path((tree.Step(clause.texts[at], span=span),), span=span)

            return lone
        rest = self._all(part.children[1:])

        def make(clause: Clause) -> tree.Expr:
            begin = tree.Step(clause.texts[at], span=clause.span(at, at))
            return tree.Path((begin, *[step(clause) for step in rest]), span=clause.span(first, last))

        return make

    def _step(self, part: Part) -> Recipe:
        (leaf,) = part.children
        at, kind = _index(leaf), cast(Leaf, leaf).kind
        if kind == "STRING":
            return lambda clause: tree.Step(text(clause, at), span=clause.span(at, at))
        if kind == "NAME":
            return lambda clause: tree.Step(clause.texts[at], span=clause.span(at, at))

        def make(clause: Clause) -> tree.Step:
            position = number(clause, at)
            if not isinstance(position, int):
                raise Misread(codes.BAD_LITERAL.at(clause.span(at, at), "an index is a whole number"))
            return tree.Step(position, span=clause.span(at, at))

        return make

    def _any_field(self, part: Part) -> Recipe:
        first, last = part.first, part.last
        return lambda clause: tree.AnyField(span=clause.span(first, last))

    # --- objects and names ------------------------------------------------------------------------------

    def _object(self, part: Part) -> Recipe:
        entries, first, last = self._all(part.children), part.first, part.last
        return lambda clause: tree.ObjectValue(
            tuple([entry(clause) for entry in entries]), span=clause.span(first, last)
        )

    def _entry(self, part: Part) -> Recipe:
        keys, value = self._all(part.children)
        first, last = part.first, part.last
        return lambda clause: tree.Argument(
            keys(clause), as_value(clause, value(clause)), span=clause.span(first, last)
        )

    def _keys(self, part: Part) -> Recipe:
        (leaf, *steps) = part.children
        at, quoted, rest = _index(leaf), cast(Leaf, leaf).kind == "STRING", self._all(steps)

        def make(clause: Clause) -> tuple[tree.Step, ...]:
            key = text(clause, at) if quoted else clause.texts[at]
            return (tree.Step(key, span=clause.span(at, at)), *[step(clause) for step in rest])

        return make

    def _name(self, part: Part) -> Recipe:
        (leaf,) = part.children
        at, quoted = _index(leaf), cast(Leaf, leaf).kind == "STRING"
        return lambda clause: tree.Name(
            text(clause, at) if quoted else clause.texts[at], span=clause.span(at, at)
        )

    _event_name = _name


RULES = frozenset(
    "condition expression group value chain negation state compare match pattern between arithmetic negative otherwise"
    " list texts call tally quantified quantity length literal path step any_field object entry keys name"
    " event_name".split()
)
"""The rules that have a recipe."""


@lru_cache(maxsize=256)
def spaced(words: str) -> str:
    """An operator's words with one blank between them."""
    return " ".join(words.split())


def _index(child: Part | Leaf) -> int:
    assert isinstance(child, Leaf)
    return child.index


def _leaf(part: Part, at: int) -> int:
    """The position, among the tokens, of a token that stands right under a part."""
    return _index(part.children[at])
