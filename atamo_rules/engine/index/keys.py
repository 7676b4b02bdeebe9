"""What one test of a path against constants lets an index look up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import inf
from typing import Any as Anything

from atamo_rules.engine.index.literals import of_globs, of_regexes
from atamo_rules.engine.index.numbers import SAFE, nearest
from atamo_rules.engine.index.paths import several
from atamo_rules.engine.index.places import (
    EVERYWHERE,
    PART,
    PREFIX,
    SPELLED,
    SUFFIX,
    VALUE,
    Key,
    Place,
    named,
    range_place,
    text_place,
    value_place,
)
from atamo_rules.engine.shapes.spelled import apart
from atamo_rules.model.meaning import (
    EACH,
    Const,
    Get,
    Spelled,
    Step,
    Test,
)
from atamo_rules.model.types import Anything as Open
from atamo_rules.model.types import ListOf, Text

SIDES = {"lt": (False, 0), "le": (False, 1), "gt": (True, 1), "ge": (True, 0)}
"""For each comparison, whether it holds right of its cut, and whether that lies above the number."""
TEXTS, NUMBERS = frozenset({str}), (int, Decimal)

SHORTEST = 3
"""Characters of a part of a text that are worth looking for: shorter ones are in too many texts. One beyond ASCII is
rare enough."""


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
            return valued(left.steps, quick, node.ignore_case)
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
            return valued(left.steps, constants, node.ignore_case)
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


def valued(steps: tuple[Step, ...], constants: tuple[Anything, ...], fold: bool = False) -> Key | None:
    """Equality, by hash. Numbers are looked up as whichever of Python's numbers an event may hold, and asked again
    wherever two that are not equal could have one hash key."""
    if not fold and TEXTS.issuperset(map(type, constants)):
        texts = constants if len(constants) == 1 else tuple(dict.fromkeys(constants))
        return named(Key, (value_place(steps), texts, True))
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
    return Key(value_place(steps, fold), tuple(values), exact)


def _bounded(steps: tuple[Step, ...], operator: str, constants: tuple[Anything, ...]) -> Key | None:
    place, number = range_place(steps), constants[0]
    if place is None or len(constants) != 1 or type(number) is bool or not isinstance(number, NUMBERS):
        return None
    over, above = SIDES[operator]
    pair = ((number, above), None) if over else (None, (number, above))
    return named(Key, (place, pair, False))


def _contained(left: Get, constants: tuple[Anything, ...], node: Test) -> Key | None:
    if isinstance(left.type, ListOf):
        return valued((*left.steps, EACH), constants, node.ignore_case)
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
    return named(Key, (text_place(kind, left.steps, fold, open), values, exact))


def _telling(part: str) -> bool:
    return len(part) >= SHORTEST or not part.isascii()


def _literal(left: Get, kind: str, texts: Sequence[str], fold: bool) -> Key | None:
    """Texts that a glob cannot fit without."""
    if fold and not all(text.isascii() for text in texts):
        return None  # RE2 ignores case by simple folding, which is finer than casefold only for ASCII
    if kind == VALUE:
        found = valued(left.steps, tuple(texts), fold)
        return found and found._replace(exact=False)  # half a surrogate pair fits no pattern
    return _textual(kind, left, texts, fold, exact=False)
