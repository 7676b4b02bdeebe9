"""Arguments to values: each is compiled once to a closure, which runs only when its rule fires.

A value that cannot be made (a template reads what is absent in an open type, or grows too large) is a `Problem`: a
sentence in the decision, not an exception that anybody has to catch outside the engine.
"""

from __future__ import annotations

from typing import Any

from atamo_rules.engine import templates, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.problem import Problem as Problem
from atamo_rules.engine.templates import LONGEST as LONGEST
from atamo_rules.engine.templates import MOST_STEPS as MOST_STEPS
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import jsonable
from atamo_rules.model.meaning import Filled, MakeList, MakeRecord, Term
from atamo_rules.model.types import Json

MOST_KEPT = 200_000
"""Closures kept for nodes that were filled once: nodes are immutable, and live as long as their ruleset."""


def argument(node: Term, frame: Frame) -> Json:
    """The JSON of an argument. Raises Problem."""
    found = value(node, frame)
    if found is ABSENT:
        raise Problem(f"`{node.span.text}` is absent")
    return jsonable(found)


def value(node: Term, frame: Frame) -> Any:
    """The runtime value of a term, objects and templates included. Raises Problem inside those."""
    return kept_maker(node)(frame)


def kept_maker(node: Term) -> terms.Value:
    """The closure of an argument, made once."""
    key = id(node)
    known = _MAKERS.get(key)
    if known is None or known[0] is not node:
        if len(_MAKERS) >= MOST_KEPT:
            _MAKERS.clear()
        known = _MAKERS[key] = (node, maker(node))
    return known[1]


_MAKERS: dict[int, tuple[Term, terms.Value]] = {}


def maker(node: Term) -> terms.Value:
    """The closure of an argument, to be kept by who fills it often."""
    match node:
        case MakeRecord():
            return _record(node)
        case MakeList():
            return _list(node)
        case Filled():
            return templates.filled(node)
        case _:
            return terms.term(node)


_AS_THEY_ARE = frozenset((str, int, bool, type(None)))
"""Types of values that are JSON as they are."""


def _record(node: MakeRecord) -> terms.Value:
    entries = [(key, maker(inner), optional, inner) for key, inner, optional in node.entries]

    def run(frame: Frame) -> Any:
        made: dict[str, Any] = {}
        for key, make, optional, inner in entries:
            found = make(frame)
            if type(found) in _AS_THEY_ARE:
                made[key] = found
            elif found is not ABSENT:
                made[key] = jsonable(found)
            elif not optional:
                raise Problem(f"`{inner.span.text}`, needed for `{key}`, is absent")
        return made

    return run


def _list(node: MakeList) -> terms.Value:
    items = [(maker(item), item) for item in node.items]

    def run(frame: Frame) -> Any:
        made = []
        for make, item in items:
            found = make(frame)
            if found is ABSENT:
                raise Problem(f"`{item.span.text}` is absent")
            made.append(jsonable(found))
        return made

    return run
