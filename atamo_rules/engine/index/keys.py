"""What a condition asks of one field that an index can answer: its access predicates (Fabret et al., SIGMOD 2001).

A *way* is a tuple of keys of which every event that satisfies the condition has at least one. Of an `and` any part
gives a way; an `or` needs one of every part, and they are taken together. A negation gives none. What a key says is a
consequence of the condition, never more: an event that has the key need not match.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Any as Anything
from typing import NamedTuple, TypeAlias

from atamo_rules.engine.index.literals import of_globs, of_regexes
from atamo_rules.engine.index.numbers import SAFE, Cut, nearest
from atamo_rules.engine.index.paths import several
from atamo_rules.engine.shapes.spelled import apart
from atamo_rules.model.meaning import (
    EACH,
    LEAVES,
    THROUGH,
    All,
    Among,
    Any,
    Condition,
    Const,
    Get,
    Holds,
    Not,
    Present,
    Spelled,
    Step,
    Test,
)
from atamo_rules.model.types import Anything as Open
from atamo_rules.model.types import ListOf, Text

VALUE, ELEMENT, PREFIX, SUFFIX, PART, RANGE = "value", "element", "prefix", "suffix", "part", "range"
ABSENT = "absent"
"""What a place is looked at for. Of ABSENT the one value is None."""

OWN, SPELLED, EVERYWHERE = "", "spelled", "everywhere"
"""Whether values are looked up as they are, as the texts that they are read as, or as all texts below them."""

SIDES = {"lt": (False, 0), "le": (False, 1), "gt": (True, 1), "ge": (True, 0)}
"""For each comparison, whether it holds right of its cut, and whether that lies above the number."""
TEXTS, NUMBERS = frozenset({str}), (int, Decimal)

SHORTEST = 3
"""Characters of a part of a text that are worth looking for: shorter ones are in too many texts. One beyond ASCII is
rare enough."""


class Place(NamedTuple):
    """One index: how it asks, and of which path. `fold`: of the casefolded text. `open`: the path may lead to a list
    where a part of a text is asked for. `read`: OWN, SPELLED or EVERYWHERE."""

    kind: str
    steps: tuple[Step, ...]
    fold: bool = False
    open: bool = False
    read: str = OWN


class Key(NamedTuple):
    """What is looked up at a place. `exact`: an event that has the key satisfies the part it was taken from.

    `values` are texts, numbers or booleans; for a range one pair of cuts, either None for no bound.
    """

    place: Place
    values: tuple[Anything, ...]
    exact: bool = False


_tuple = tuple.__new__
"""A named tuple in half the time that its constructor takes: one is made for every test of every rule."""


@lru_cache(4096)
def _value(steps: tuple[Step, ...], fold: bool = False) -> Place:
    """Where the values of a path are looked up. Rules share it, which saves its memory and most of comparing it."""
    return Place(ELEMENT if several(steps) else VALUE, steps, fold)


@lru_cache(4096)
def _range(steps: tuple[Step, ...]) -> Place | None:
    """Where a number is placed among thresholds; None for a path that may lead to several."""
    return None if several(steps) else Place(RANGE, steps)


@lru_cache(4096)
def _text(kind: str, steps: tuple[Step, ...], fold: bool, open: bool) -> Place:
    return Place(kind, steps, fold, open)


class Either(NamedTuple):
    """The ways of each part of an `or`: one of every part is needed."""

    parts: tuple[tuple[Way, ...], ...]


Way: TypeAlias = "Key | Either"


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
        found.append((number, _tuple(Key, (place, (low, high), False))))
    return tuple(found)


def keys_of(way: Way) -> Iterator[Key]:
    """Every key that a way could take."""
    if isinstance(way, Key):
        yield way
    else:
        for part in way.parts:
            for inner in part:
                yield from keys_of(inner)


def key(node: Condition) -> Way | None:
    """The way one conjunct gives, if any."""
    if isinstance(node, Test):
        return test_key(node)
    if isinstance(node, Holds):
        if isinstance(node.term, Get) and node.term.root == "event":
            return _valued(node.term.steps, (True,))
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


def test_key(node: Test) -> Key | None:
    """The key of one test of a path against constants."""
    left, right, operator = node.left, node.right, node.operator
    if type(left) is Get and type(right) is Const and left.root == "event" and not node.many:
        listed = operator == "in"
        if listed and not isinstance(right.value, list | tuple):
            return None
        quick: tuple[Anything, ...] = tuple(right.value) if listed else (right.value,)  # type: ignore[arg-type]
        if not quick:
            return None
        if node.kind == "text" and (listed or operator == "eq"):  # these two are most tests there are
            return _valued(left.steps, quick, node.ignore_case)
        if node.kind == "number" and operator in SIDES:
            return _bounded(left.steps, operator, quick)
        return _key(operator, left, quick, node)
    if isinstance(left, Const) and operator == "eq":
        left, right = right, left
    if isinstance(left, Spelled):
        return _spelled(left, right, node)
    if not isinstance(left, Get) or left.root != "event" or not isinstance(right, Const):
        return None
    constant: Anything = right.value
    if operator == "eq" and not node.many:
        constants: tuple[Anything, ...] = (constant,)
    elif operator == "in" or node.many == "any":
        if not isinstance(constant, list | tuple):
            return None
        constants = tuple(constant)
    elif node.many == "all":
        texts = (
            [one for one in constant if isinstance(one, str)] if isinstance(constant, list | tuple) else []
        )
        if not texts or several(left.steps):
            return None
        found = _key(operator, left, (max(texts, key=len),), node)
        return found and found._replace(exact=False)
    else:
        constants = (constant,)
    return _key(operator, left, constants, node) if constants else None


def _spelled(left: Spelled, right: Anything, node: Test) -> Key | None:
    """The same key as of a text, looked up by each of the texts that stand there. Texts of a whole event are searched
    as one, in which a part may reach from one into the next: then the rule is asked again."""
    get = left.get
    if left.numbers or get.many:
        return None
    text = Get(get.root, get.steps, Text(), span=get.span)
    found = test_key(Test(node.operator, text, right, node.kind, node.ignore_case, node.many, span=node.span))
    if found is None or not all(isinstance(one, str) for one in found.values):
        return None
    if not left.everywhere:
        return found._replace(place=found.place._replace(read=SPELLED))
    if not all(map(_telling, found.values)):
        return None
    exact = found.exact and found.place.kind == PART and apart(found.values)
    return Key(Place(PART, get.steps, node.ignore_case, read=EVERYWHERE), found.values, exact)


def _key(operator: str, left: Get, constants: tuple[Anything, ...], node: Test) -> Key | None:
    if node.kind in ("moment", "date", "duration"):
        return None
    match operator:
        case "eq" | "in":
            return _valued(left.steps, constants, node.ignore_case)
        case "lt" | "le" | "gt" | "ge":
            return _bounded(left.steps, operator, constants)
        case "contains":
            return _contained(left, constants, node)
    if not all(isinstance(one, str) for one in constants):
        return None
    texts: tuple[str, ...] = constants
    match operator:
        case "prefix" | "suffix":
            return _textual(
                PREFIX if operator == "prefix" else SUFFIX, left, texts, node.ignore_case, exact=True
            )
        case "glob":
            return _literal(left, *of_globs(texts), node.ignore_case)
        case "regex":
            required = of_regexes(texts, node.ignore_case)
            if required.texts:
                return _textual(PART, left, required.texts, required.fold, exact=False)
    return None


def _valued(steps: tuple[Step, ...], constants: tuple[Anything, ...], fold: bool = False) -> Key | None:
    """Equality, by hash. Numbers are looked up as whichever of Python's numbers an event may hold, and asked again
    wherever two that are not equal could have one hash key."""
    if not fold and TEXTS.issuperset(map(type, constants)):
        texts = constants if len(constants) == 1 else tuple(dict.fromkeys(constants))
        return _tuple(Key, (_value(steps), texts, True))
    values: dict[Anything, None] = {}
    exact = True
    for one in constants:
        if isinstance(one, str):
            values[one.casefold() if fold else one] = None
        elif fold or not isinstance(one, bool | int | Decimal):
            return None
        else:
            values[one] = None
            if isinstance(one, bool) or not (isinstance(one, int) and 1 < abs(one) < SAFE):
                exact = False  # 1 and True are one key; so are the float nearest to 0.1 and its exact value
                if not isinstance(one, bool) and abs(near := nearest(one)) < inf:
                    values[near] = None
    return Key(_value(steps, fold), tuple(values), exact)


def _bounded(steps: tuple[Step, ...], operator: str, constants: tuple[Anything, ...]) -> Key | None:
    place, number = _range(steps), constants[0]
    if place is None or len(constants) != 1 or type(number) is bool or not isinstance(number, NUMBERS):
        return None
    over, above = SIDES[operator]
    pair = ((number, above), None) if over else (None, (number, above))
    return _tuple(Key, (place, pair, False))


def _contained(left: Get, constants: tuple[Anything, ...], node: Test) -> Key | None:
    if isinstance(left.type, ListOf):
        return _valued((*left.steps, EACH), constants, node.ignore_case)
    if not all(isinstance(one, str) for one in constants):
        return None
    open = isinstance(left.type, Open)
    return _textual(PART, left, constants, node.ignore_case, exact=not open, open=open)


def _textual(
    kind: str, left: Get, texts: Sequence[str], fold: bool, *, exact: bool, open: bool = False
) -> Key | None:
    values = tuple(dict.fromkeys([one.casefold() for one in texts] if fold else texts))
    if not all(map(_telling, values) if kind == PART else values):
        return None
    return _tuple(Key, (_text(kind, left.steps, fold, open), values, exact))


def _telling(part: str) -> bool:
    return len(part) >= SHORTEST or not part.isascii()


def _literal(left: Get, kind: str, texts: Sequence[str], fold: bool) -> Key | None:
    """Texts that a glob cannot fit without."""
    if fold and not all(text.isascii() for text in texts):
        return None  # RE2 ignores case by simple folding, which is finer than casefold only for ASCII
    if kind == VALUE:
        found = _valued(left.steps, tuple(texts), fold)
        return found and found._replace(exact=False)  # half a surrogate pair fits no pattern
    return _textual(kind, left, texts, fold, exact=False)


def _most(one: Cut | None, two: Cut | None) -> Cut | None:
    return max(one, two) if one and two else one or two


def _least(one: Cut | None, two: Cut | None) -> Cut | None:
    return min(one, two) if one and two else one or two
