"""Conditions that are too long for one line, with their brackets broken as an author would have broken them."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.syntax import tree
from atamo_rules.syntax.rows import STEP, Row, Rows, joined, shifted, width
from atamo_rules.syntax.wording import CHAIN, NOT, SUM, expression


def spread(expr: tree.Expr, level: int, room: int) -> Rows:
    """An expression where something of a level may stand: as its author broke it, else in so many characters a line."""
    text = expression(expr, level)
    if len(text) > 1 or width(text) <= room:
        return text
    match expr:
        case tree.Quantified():
            head = f"{expr.quantifier} {expr.variable.text} in "
            begun = joined(head, expression(expr.collection, SUM), " has (")
            inner = _lines(expr.condition, room - STEP)
            return joined(begun, (Row(""), *shifted(inner, STEP), Row(")")))
        case tree.AllOf() | tree.AnyOf() if level > CHAIN:
            return (Row("("), *shifted(_lines(expr, room - STEP), STEP), Row(")"))
        case tree.AllOf() | tree.AnyOf():
            return _lines(expr, room)
    return text


def _lines(expr: tree.Expr, room: int) -> Rows:
    """The parts of a chain on lines of their own."""
    if not isinstance(expr, tree.AllOf | tree.AnyOf):
        return spread(expr, CHAIN, room)
    word = "and" if isinstance(expr, tree.AllOf) else "or"
    done = spread(expr.parts[0], NOT, room)
    for part in expr.parts[1:]:
        first, *rest = joined(f"{word} ", spread(part, NOT, room - len(word) - 1))
        done = (*done, replace(first, place=part.span), *rest)
    return done
