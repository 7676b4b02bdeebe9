"""Recipes of objects, and of the names of things."""

from __future__ import annotations

from typing import cast

from atamo_rules.syntax import tree
from atamo_rules.syntax.atoms import as_value, text
from atamo_rules.syntax.ingredients import Maker, Of, Recipe, every, index
from atamo_rules.syntax.parts import Clause, Leaf, Part


def object_value(of: Of, part: Part) -> Recipe:
    entries, first, last = every(of, part.children), part.first, part.last
    return lambda clause: tree.ObjectValue(
        tuple([entry(clause) for entry in entries]), span=clause.span(first, last)
    )


def entry(of: Of, part: Part) -> Recipe:
    keys, value = every(of, part.children)
    first, last = part.first, part.last
    return lambda clause: tree.Argument(
        keys(clause), as_value(clause, value(clause)), span=clause.span(first, last)
    )


def keys(of: Of, part: Part) -> Recipe:
    (begin, *steps) = part.children
    at, quoted, rest = index(begin), cast(Leaf, begin).kind == "STRING", every(of, steps)

    def make(clause: Clause) -> tuple[tree.Step, ...]:
        key = text(clause, at) if quoted else clause.texts[at]
        return (tree.Step(key, span=clause.span(at, at)), *[step(clause) for step in rest])

    return make


def name(of: Of, part: Part) -> Recipe:
    (only_one,) = part.children
    at, quoted = index(only_one), cast(Leaf, only_one).kind == "STRING"
    return lambda clause: tree.Name(
        text(clause, at) if quoted else clause.texts[at], span=clause.span(at, at)
    )


NAMES: dict[str, Maker] = {
    "object": object_value,
    "entry": entry,
    "keys": keys,
    "name": name,
    "event_name": name,
}
"""By the rule of the grammar."""
