"""Arguments and templates to values: bounded in steps and size, and never reading a value as a template.

A value that cannot be made (a template reads what is absent in an open type, or grows too large) is a `Problem`: a
sentence in the decision, not an exception that anybody has to catch outside this file.
"""

from __future__ import annotations

from typing import Any

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import jsonable, printed
from atamo_rules.model.meaning import (
    Bind,
    Branch,
    Filled,
    Loop,
    MakeList,
    MakeRecord,
    Output,
    Part,
    Term,
)
from atamo_rules.model.types import Json

MOST_STEPS = 20_000
"""Parts a template may go through, loops counted."""
LONGEST = 1_048_576
"""Characters a template may make."""


class Problem(Exception):
    """Why a value could not be made; caught where a plan is filled."""


def argument(node: Term, frame: Frame) -> Json:
    """The JSON of an argument. Raises Problem."""
    found = value(node, frame)
    if found is ABSENT:
        raise Problem(f"`{node.span.text}` is absent")
    return jsonable(found)


def value(node: Term, frame: Frame) -> Any:
    """The runtime value of a term, objects and templates included. Raises Problem inside those."""
    match node:
        case MakeRecord():
            made: dict[str, Any] = {}
            for key, inner, optional in node.entries:
                found = value(inner, frame)
                if found is ABSENT:
                    if optional:
                        continue
                    raise Problem(f"`{inner.span.text}`, needed for `{key}`, is absent")
                made[key] = jsonable(found)
            return made
        case MakeList():
            return [argument(item, frame) for item in node.items]
        case Filled():
            return _Filling(frame).all(node)
        case _:
            return _closure(node)(frame)


def _closure(node: Term) -> terms.Value:
    """The closure of a term, made once: nodes are immutable and live as long as their ruleset."""
    key = id(node)
    known = _CLOSURES.get(key)
    if known is not None and known[0] is node:
        return known[1]
    made = terms.term(node)
    if len(_CLOSURES) > 200_000:
        _CLOSURES.clear()
    _CLOSURES[key] = (node, made)
    return made


_CLOSURES: dict[int, tuple[Term, terms.Value]] = {}
_CONDITIONS: dict[int, tuple[Any, conditions.Holding]] = {}


def _holding(node: Any) -> conditions.Holding:
    known = _CONDITIONS.get(id(node))
    if known is not None and known[0] is node:
        return known[1]
    made = conditions.condition(node)
    if len(_CONDITIONS) > 200_000:
        _CONDITIONS.clear()
    _CONDITIONS[id(node)] = (node, made)
    return made


class _Filling:
    """One template while it is filled: its pieces, and how much of its allowance is used."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.out: list[str] = []
        self.size = 0
        self.steps = 0

    def all(self, node: Filled) -> str:
        self.parts(node.parts, self.frame)
        return "".join(self.out)

    def text(self, piece: str) -> None:
        self.size += len(piece)
        if self.size > LONGEST:
            raise Problem(f"the template makes more than {LONGEST} characters")
        self.out.append(piece)

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Problem(f"the template takes more than {MOST_STEPS} steps")

    def parts(self, parts: tuple[Part, ...], frame: Frame) -> None:
        for part in parts:
            self.step()
            match part:
                case str():
                    self.text(part)
                case Output():
                    found = value(part.term, frame)
                    if found is ABSENT:
                        raise Problem(f"the template reads `{part.span.text}`, which is absent")
                    self.text(printed(found))
                case Branch():
                    self.branch(part, frame)
                case Bind():
                    frame = frame.bound(part.variable, value(part.term, frame))
                case Loop():
                    self.loop(part, frame)

    def branch(self, part: Branch, frame: Frame) -> None:
        for test, inner in part.cases:
            if _holding(test)(frame):
                self.parts(inner, frame)
                return
        self.parts(part.otherwise, frame)

    def loop(self, part: Loop, frame: Frame) -> None:
        found = value(part.collection, frame)
        items = found if isinstance(found, list | tuple) else ()
        if not items:
            self.parts(part.otherwise, frame)
            return
        for position, item in enumerate(items):
            if not part.parts:
                self.step()  # nothing inside counts it, and loops in loops multiply
            told = {
                "index": position + 1,
                "index0": position,
                "first": position == 0,
                "last": position == len(items) - 1,
                "length": len(items),
            }
            self.parts(part.parts, frame.bound(part.variable, item).bound("loop", told))
