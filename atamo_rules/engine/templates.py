"""Templates to closures: bounded in steps and size, and never reading a value as a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeAlias

from atamo_rules.engine import conditions, render, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.problem import Problem
from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import printed
from atamo_rules.model.meaning import Bind, Branch, Filled, Get, Loop, Meant, Output, Part

MOST_STEPS = 20_000
"""Parts a template may go through, loops counted."""
LONGEST = 1_048_576
"""Characters a template may make."""


class _Filling:
    """One template while it is filled: its pieces, and how much of its allowance is used."""

    __slots__ = ("out", "size", "steps")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.size = 0
        self.steps = 0

    def text(self, piece: str) -> None:
        self.size += len(piece)
        if self.size > LONGEST:
            raise Problem(f"the template makes more than {LONGEST} characters")
        self.out.append(piece)

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Problem(f"the template takes more than {MOST_STEPS} steps")


_Step: TypeAlias = Callable[[_Filling, Frame], Frame]
"""One part: it writes, and gives the frame of the parts after it."""
_Block: TypeAlias = Callable[[_Filling, Frame], None]


def filled(node: Filled) -> terms.Value:
    """The closure of a template: its text. The closure raises Problem."""
    flat = [part for part in node.parts if isinstance(part, str | Output)]
    if len(flat) == len(node.parts) <= MOST_STEPS:
        return _flat(flat)
    block = _block(node.parts)

    def run(frame: Frame) -> str:
        filling = _Filling()
        block(filling, frame)
        return "".join(filling.out)

    return run


def _flat(parts: list[str | Output]) -> terms.Value:
    """A template of texts and values alone, which is most of them."""
    pieces = [part if isinstance(part, str) else _output(part) for part in parts]

    def run(frame: Frame) -> str:
        out, size = [], 0
        for piece in pieces:
            made = piece if type(piece) is str else piece(frame)  # type: ignore[operator]
            size += len(made)
            if size > LONGEST:
                raise Problem(f"the template makes more than {LONGEST} characters")
            out.append(made)
        return "".join(out)

    return run


def _output(part: Output) -> Callable[[Frame], str]:
    make = render.maker(part.term)

    def run(frame: Frame) -> str:
        found = make(frame)
        if type(found) is str:
            return found
        if found is ABSENT:
            raise Problem(f"the template reads `{part.span.text}`, which is absent")
        return printed(found)

    return run


def _block(parts: tuple[Part, ...]) -> _Block:
    steps = [_step(part) for part in parts]

    def run(filling: _Filling, frame: Frame) -> None:
        for step in steps:
            filling.step()
            frame = step(filling, frame)

    return run


def _step(part: Part) -> _Step:
    match part:
        case str():
            text = part

            def write(filling: _Filling, frame: Frame) -> Frame:
                filling.text(text)
                return frame

            return write
        case Output():
            make = _output(part)

            def put(filling: _Filling, frame: Frame) -> Frame:
                filling.text(make(frame))
                return frame

            return put
        case Branch():
            return _branch(part)
        case Loop():
            return _loop(part)
        case Bind():
            name, bound = part.variable, render.maker(part.term)
            return lambda filling, frame: frame.bound(name, bound(frame))


def _branch(part: Branch) -> _Step:
    cases = [(conditions.condition(test), _block(inner)) for test, inner in part.cases]
    otherwise = _block(part.otherwise)

    def run(filling: _Filling, frame: Frame) -> Frame:
        for holds, inner in cases:
            if holds(frame):
                inner(filling, frame)
                return frame
        otherwise(filling, frame)
        return frame

    return run


def _loop(part: Loop) -> _Step:
    collection, variable = render.maker(part.collection), part.variable
    inner, otherwise, idle = _block(part.parts), _block(part.otherwise), not part.parts
    counted = _mentions(part.parts, "loop")

    def run(filling: _Filling, frame: Frame) -> Frame:
        found: Any = collection(frame)
        items = found if isinstance(found, list | tuple) else ()
        if not items:
            otherwise(filling, frame)
            return frame
        count = len(items)
        for position, item in enumerate(items):
            if idle:
                filling.step()  # nothing inside counts it, and loops in loops multiply
            bound = frame.bound(variable, item)
            if counted:
                bound.roots["loop"] = {
                    "index": position + 1,
                    "index0": position,
                    "first": position == 0,
                    "last": position == count - 1,
                    "length": count,
                }
            inner(filling, bound)
        return frame

    return run


def _mentions(node: Any, root: str) -> bool:
    """Whether a path in some parts begins with a name."""
    if isinstance(node, Get):
        return node.root == root
    if isinstance(node, tuple):
        return any(_mentions(one, root) for one in node)
    if isinstance(node, Meant):
        return any(_mentions(getattr(node, one.name), root) for one in fields(node))
    return False
