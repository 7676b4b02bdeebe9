"""Conditions that are too long for one line, with their brackets broken as an author would have broken them."""

from __future__ import annotations

from dataclasses import replace

from atamo_rules.syntax import tree
from atamo_rules.syntax.rows import STEP, Row, Rows, joined, listed, shifted, width
from atamo_rules.syntax.wording import CHAIN, COMPARISON, NOT, SUM, compare, expression


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
        case tree.Not() if level > NOT:
            return (Row("("), *shifted(spread(expr, NOT, room - STEP), STEP), Row(")"))
        case tree.Not():
            return joined("not ", spread(expr.part, SUM, room - len("not ")))
        case tree.Compare() if level > COMPARISON:
            return joined("(", spread(expr, COMPARISON, room - 1), ")")
        case tree.Compare(right=tree.ListValue() as items) if "between" not in expr.operator:
            return compare(expr, False, _items(items))
        case tree.Compare(right=tree.Call(arguments=(tree.ListValue() as items,)) as call):
            return compare(expr, False, joined(f"{call.function.text}(", _items(items), ")"))
        case tree.AllOf() | tree.AnyOf() if level > CHAIN:
            return (Row("("), *shifted(_lines(expr, room - STEP), STEP), Row(")"))
        case tree.AllOf() | tree.AnyOf():
            return _lines(expr, room)
    return text


def _items(value: tree.ListValue) -> Rows:
    """The items of a list on lines of their own."""
    parts = [
        (replace(rows[0], place=item.span), *rows[1:]) for item in value.items for rows in (expression(item),)
    ]
    return listed(parts, "[", "]", broken=True)


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
