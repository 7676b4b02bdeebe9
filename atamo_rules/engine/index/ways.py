"""What a condition asks of one field that an index can answer: its access predicates (Fabret et al., SIGMOD 2001).

A *way* is a tuple of keys of which every event that satisfies the condition has at least one. Of an `and` any part
gives a way; an `or` needs one of every part, and they are taken together. A negation gives none. What a key says is a
consequence of the condition, never more: an event that has the key need not match.
"""

from __future__ import annotations

from collections.abc import Sequence

from atamo_rules.engine.index.conjuncts import conjuncts, disjuncts
from atamo_rules.engine.index.keys import test_key, valued
from atamo_rules.engine.index.numbers import Cut
from atamo_rules.engine.index.paths import several
from atamo_rules.engine.index.places import ABSENT, RANGE, Either, Key, Place, Way, named
from atamo_rules.model.meaning import (
    EACH,
    LEAVES,
    THROUGH,
    Among,
    Any,
    Condition,
    Get,
    Holds,
    Not,
    Present,
    Test,
)


def ways(parts: Sequence[Condition]) -> tuple[tuple[int, Way], ...]:
    """The ways to a condition whose conjuncts are `parts`, each with the number of the part it was taken from.

    Two bounds of one number are one range; it counts as taken from the part of the first.
    """
    found: list[tuple[int, Way]] = []
    bounds: dict[Place, tuple[int, Cut | None, Cut | None]] = {}
    for number, part in enumerate(parts):
        way = test_key(part) if type(part) is Test else key(part)
        if way is None:
            continue
        if type(way) is Key and way.place.kind == RANGE:
            low, high = way.values
            if way.place in bounds:
                first, one, two = bounds[way.place]
                bounds[way.place] = (first, _most(one, low), _least(two, high))
            else:
                bounds[way.place] = (number, low, high)
        else:
            found.append((number, way))
    for place, (number, low, high) in bounds.items():
        found.append((number, named(Key, (place, (low, high), False))))
    return tuple(found)


def key(node: Condition) -> Way | None:
    """The way one conjunct gives, if any."""
    if isinstance(node, Test):
        return test_key(node)
    if isinstance(node, Holds):
        if isinstance(node.term, Get) and node.term.root == "event":
            return valued(node.term.steps, (True,))
        return None
    if isinstance(node, Not) and isinstance(node.part, Present):
        return _absent(node.part)
    if isinstance(node, Any | Not):
        parts = disjuncts(node)
        if len(parts) < 2:
            return None
        found = []
        for part in parts:
            inner = ways(conjuncts(part))
            if not inner:
                return None
            found.append(tuple(way for _, way in inner))
        return _together(found)
    if isinstance(node, Among):
        return _among(node)
    return None


def _absent(node: Present) -> Key | None:
    """`x is absent`: rules for events of other kinds ask it, and all of them are passed by at once."""
    term = node.term
    if not isinstance(term, Get) or term.root != "event" or not term.steps or several(term.steps):
        return None
    return Key(Place(ABSENT, term.steps), (None,), True)


def _together(parts: Sequence[tuple[Way, ...]]) -> Way:
    """`a is 1 or a is 2` is one key with two values; else either."""
    first = parts[0][0]
    if isinstance(first, Key) and first.place.kind != RANGE:
        single = [ways[0] for ways in parts if len(ways) == 1]
        same = [way for way in single if isinstance(way, Key) and way.place == first.place]
        if len(same) == len(parts):
            values = dict.fromkeys(value for way in same for value in way.values)
            return Key(first.place, tuple(values))
    return Either(tuple(parts))


def _among(node: Among) -> Way | None:
    """`any x in xs has (x.a is 1 and …)`: an element of which the path inside leads to the value."""
    collection = node.collection
    if node.quantifier != "any" or not isinstance(collection, Get) or collection.root != "event":
        return None
    if THROUGH in collection.steps or LEAVES in collection.steps:
        return None
    # The elements of a path through lists are the values it leads to; those of any other are in the list it leads to.
    elements = collection.steps if collection.many else (*collection.steps, EACH)
    for part in conjuncts(node.condition):
        if isinstance(part, Test) and isinstance(part.left, Get) and part.left.root == node.variable:
            steps = (*elements, *part.left.steps)
            inner = Get("event", steps, part.left.type, span=part.left.span)
            way = test_key(Test(part.operator, inner, part.right, part.kind, part.ignore_case, part.many,
                                span=part.span))  # fmt: skip
            if way is not None:
                return way._replace(exact=False)
    return None


def _most(one: Cut | None, two: Cut | None) -> Cut | None:
    return max(one, two) if one and two else one or two


def _least(one: Cut | None, two: Cut | None) -> Cut | None:
    return min(one, two) if one and two else one or two
