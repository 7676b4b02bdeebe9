"""Recipes of values: sums, lists, calls, literals, paths."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

from atamo_rules.source import codes
from atamo_rules.syntax import tree
from atamo_rules.syntax.atoms import Misread, negated, number, text, unescaped
from atamo_rules.syntax.ingredients import Maker, Of, Recipe, every, index, leaf
from atamo_rules.syntax.parts import Clause, Leaf, Part

_ITEM = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_CONSTANTS = {"TRUE": True, "FALSE": False}


def arithmetic(of: Of, part: Part) -> Recipe:
    left, right, at = of(part.children[0]), of(part.children[2]), leaf(part, 1)
    first, last = part.first, part.last
    return lambda clause: tree.Arithmetic(
        clause.texts[at], left(clause), right(clause), span=clause.span(first, last)
    )


def negative(of: Of, part: Part) -> Recipe:
    inner, first, last = of(part.children[1]), part.first, part.last

    def make(clause: Clause) -> tree.Expr:
        operand, span = inner(clause), clause.span(first, last)
        value = operand.value if isinstance(operand, tree.Literal) else None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return tree.Literal(negated(value), span=span)
        return tree.Negative(operand, span=span)

    return make


def otherwise(of: Of, part: Part) -> Recipe:
    value, fallback = of(part.children[0]), of(part.children[2])
    first, last = part.first, part.last
    return lambda clause: tree.Else(value(clause), fallback(clause), span=clause.span(first, last))


def list_value(of: Of, part: Part) -> Recipe:
    items, first, last = every(of, part.children), part.first, part.last
    return lambda clause: tree.ListValue(
        tuple([item(clause) for item in items]), span=clause.span(first, last)
    )


def texts(of: Of, part: Part) -> Recipe:
    at = leaf(part, 0)

    def make(clause: Clause) -> tree.Expr:
        start = clause.starts[at]
        items: list[tree.Value] = []
        for found in _ITEM.finditer(clause.texts[at]):
            quoted, begin = found[0], start + found.start()
            said = quoted[1:-1] if "\\" not in quoted else unescaped(clause, quoted, begin)
            items.append(tree.Literal(said, span=clause.place(begin, start + found.end())))
        return tree.ListValue(tuple(items), span=clause.span(at, at))

    return make


def call(of: Of, part: Part) -> Recipe:
    at, arguments = leaf(part, 0), every(of, part.children[1:])
    first, last = part.first, part.last

    def make(clause: Clause) -> tree.Expr:
        name = tree.Name(clause.texts[at], span=clause.span(at, at))
        return tree.Call(name, tuple([one(clause) for one in arguments]), span=clause.span(first, last))

    return make


def tally(of: Of, part: Part) -> Recipe:
    function, variable = leaf(part, 0), leaf(part, 1)
    collection, condition = of(part.children[3]), of(part.children[5])
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


def quantified(of: Of, part: Part) -> Recipe:
    quantifier, variable = leaf(part, 0), leaf(part, 1)
    collection, condition = of(part.children[3]), of(part.children[5])
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


def quantity(of: Of, part: Part) -> Recipe:
    amount, unit, first, last = leaf(part, 0), leaf(part, 1), part.first, part.last
    return lambda clause: tree.Quantity(
        number(clause, amount), clause.texts[unit].removesuffix("s"), span=clause.span(first, last)
    )


def literal(of: Of, part: Part) -> Recipe:
    (alone,) = part.children
    at, kind = index(alone), cast(Leaf, alone).kind
    if kind == "STRING":
        return lambda clause: tree.Literal(text(clause, at), span=clause.span(at, at))
    if kind == "NUMBER":
        return lambda clause: tree.Literal(number(clause, at), span=clause.span(at, at))
    value = _CONSTANTS.get(kind)
    return lambda clause: tree.Literal(value, span=clause.span(at, at))


def path(of: Of, part: Part) -> Recipe:
    at, first, last = leaf(part, 0), part.first, part.last
    if len(part.children) == 1:

        def lone(clause: Clause) -> tree.Expr:
            span = clause.span(at, at)
            return tree.Path((tree.Step(clause.texts[at], span=span),), span=span)

        return lone
    rest = every(of, part.children[1:])

    def make(clause: Clause) -> tree.Expr:
        begin = tree.Step(clause.texts[at], span=clause.span(at, at))
        return tree.Path((begin, *[step(clause) for step in rest]), span=clause.span(first, last))

    return make


def step(of: Of, part: Part) -> Recipe:
    (alone,) = part.children
    at, kind = index(alone), cast(Leaf, alone).kind
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


def any_field(of: Of, part: Part) -> Recipe:
    first, last = part.first, part.last
    return lambda clause: tree.AnyField(span=clause.span(first, last))


VALUES: dict[str, Maker] = {
    "list": list_value,
    "length": quantity,
    "arithmetic": arithmetic,
    "negative": negative,
    "otherwise": otherwise,
    "texts": texts,
    "call": call,
    "tally": tally,
    "quantified": quantified,
    "quantity": quantity,
    "literal": literal,
    "path": path,
    "step": step,
    "any_field": any_field,
}
"""By the rule of the grammar."""
