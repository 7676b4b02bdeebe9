"""The parts of a condition that must all hold, or of which one must: negations pushed inwards."""

from __future__ import annotations

from atamo_rules.model.meaning import (
    All,
    Any,
    Condition,
    Not,
    Test,
)


def conjuncts(node: Condition) -> list[Condition]:
    """The parts of a condition that must all hold, negations pushed inwards as far as `and` and `or` go."""
    if type(node) is Test:
        return [node]
    if isinstance(node, All):
        found: list[Condition] = []
        for inner in node.parts:
            if type(inner) is Test:
                found.append(inner)
            else:
                found += conjuncts(inner)
        return found
    if isinstance(node, Not):
        inner = node.part
        if isinstance(inner, Not):
            return conjuncts(inner.part)
        if isinstance(inner, Any):
            return [part for one in inner.parts for part in conjuncts(Not(one, span=one.span))]
        if isinstance(inner, All):
            return [Any(tuple(Not(one, span=one.span) for one in inner.parts), span=inner.span)]
    if isinstance(node, Any) and len(node.parts) == 1:
        return conjuncts(node.parts[0])
    return [node]


def disjuncts(node: Condition) -> list[Condition]:
    """The parts of a condition of which one must hold; itself where it is no `or`."""
    if isinstance(node, Any):
        return [part for inner in node.parts for part in disjuncts(inner)]
    if isinstance(node, Not) and isinstance(node.part, All):
        return [part for one in node.part.parts for part in disjuncts(Not(one, span=one.span))]
    return [node]
