"""Recipes of conditions: chains, negations, states, comparisons."""

from __future__ import annotations

from atamo_rules.syntax import tree
from atamo_rules.syntax.atoms import as_value, operator, regex
from atamo_rules.syntax.ingredients import Maker, Of, Recipe, every, index, leaf, only, spaced
from atamo_rules.syntax.mixed import say_mixed
from atamo_rules.syntax.parts import Clause, Leaf, Part


def value(of: Of, part: Part) -> Recipe:
    inner = only(of, part)
    return lambda clause: as_value(clause, inner(clause))


def chain(of: Of, part: Part) -> Recipe:
    joiners = [child for child in part.children if isinstance(child, Leaf)]
    if not joiners:
        return only(of, part)
    items = [child for child in part.children if isinstance(child, Part)]
    inner, first, last = every(of, items), part.first, part.last
    made: type[tree.AllOf] | type[tree.AnyOf] = tree.AllOf if joiners[0].kind == "AND" else tree.AnyOf
    mixed = len({joiner.kind for joiner in joiners}) > 1

    def make(clause: Clause) -> tree.Expr:
        parts = tuple([one(clause) for one in inner])
        if mixed:
            say_mixed(clause, joiners, items)
        return made(parts, span=clause.span(first, last))

    return make


def negation(of: Of, part: Part) -> Recipe:
    inner, first, last = of(part.children[1]), part.first, part.last
    return lambda clause: tree.Not(inner(clause), span=clause.span(first, last))


def state(of: Of, part: Part) -> Recipe:
    inner, state = of(part.children[0]), leaf(part, 1)
    first, last = part.first, part.last
    return lambda clause: tree.State(
        spaced(clause.texts[state]), inner(clause), span=clause.span(first, last)
    )


def compare(of: Of, part: Part) -> Recipe:
    left, right, at = of(part.children[0]), of(part.children[2]), leaf(part, 1)
    folded, first, last = len(part.children) > 3, part.first, part.last

    def make(clause: Clause) -> tree.Expr:
        name, quantifier = operator(clause.texts[at])
        one, two = left(clause), right(clause)
        return tree.Compare(name, one, two, quantifier, folded, span=clause.span(first, last))

    return make


def match(of: Of, part: Part) -> Recipe:
    left, right, at = of(part.children[0]), of(part.children[2]), leaf(part, 1)
    folded, first, last = len(part.children) > 3, part.first, part.last

    def make(clause: Clause) -> tree.Expr:
        name, quantifier = operator(clause.texts[at])
        pattern, subject = right(clause), left(clause)
        return tree.Compare(name, subject, pattern, quantifier, folded, span=clause.span(first, last))

    return make


def pattern(of: Of, part: Part) -> Recipe:
    found = [index(child) for child in part.children]
    first, last = part.first, part.last
    if found == [first]:  # one without brackets
        return lambda clause: regex(clause, first)
    return lambda clause: tree.ListValue(
        tuple([regex(clause, at) for at in found]), span=clause.span(first, last)
    )


def between(of: Of, part: Part) -> Recipe:
    left, low, high = (of(part.children[at]) for at in (0, 2, 4))
    first, last = part.first, part.last

    def make(clause: Clause) -> tree.Expr:
        one, two = low(clause), high(clause)
        bounds = tree.ListValue((one, two), span=one.span.to(two.span))
        return tree.Compare(
            "is between",
            left(clause),
            bounds,
            span=clause.span(first, last),
        )

    return make


CONDITIONS: dict[str, Maker] = {
    "condition": only,
    "expression": only,
    "group": only,
    "value": value,
    "chain": chain,
    "negation": negation,
    "state": state,
    "compare": compare,
    "match": match,
    "pattern": pattern,
    "between": between,
}
"""By the rule of the grammar."""
