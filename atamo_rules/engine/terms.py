"""Terms to closures: what a value is for one event. Total: whatever the body holds, a value or ABSENT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from atamo_rules.engine import calls, conditions, render, through
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.readers import of_type, reader
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.meaning import (
    EACH,
    LEAVES,
    THROUGH,
    Apply,
    Arith,
    Const,
    Filled,
    Get,
    Lookup,
    MakeList,
    MakeRecord,
    Now,
    Otherwise,
    Tally,
    Term,
    Verdict,
)

Value: TypeAlias = Callable[[Frame], Any]


def term(node: Term) -> Value:
    """The closure of a term."""
    match node:
        case Const():
            value = node.value
            return lambda frame: value
        case Get():
            return get(node)
        case Now():
            return lambda frame: frame.event.at
        case Apply():
            return _apply(node)
        case Arith():
            return _arith(node)
        case Otherwise():
            return _otherwise(node)
        case Tally():
            return _tally(node)
        case Verdict():
            return conditions.condition(node.condition)
        case Lookup():
            return _lookup(node)
        case MakeList():
            return _list(tuple(term(item) for item in node.items))
        case MakeRecord() | Filled():
            return render.maker(node)


def _list(items: tuple[Value, ...]) -> Value:
    """A list of values as they are; absent where one of them is. In an argument, `render` makes JSON of it."""

    def run(frame: Frame) -> Any:
        found = [item(frame) for item in items]
        return ABSENT if any(one is ABSENT for one in found) else found

    return run


def get(node: Get) -> Value:
    """One value at a path; for a path through arrays, the list of all the values there."""
    type = node.type
    walk = values(node)
    read = reader(type)

    def one(frame: Frame) -> Any:
        for found in walk(frame):
            return found if read is None else read(found)
        return ABSENT

    def every(frame: Frame) -> Any:
        found = list(walk(frame)) if read is None else [read(item) for item in walk(frame)]
        return [item for item in found if item is not ABSENT and item is not None and of_type(item, type)]

    if LEAVES in node.steps:
        return lambda frame: list(walk(frame))
    if node.listed:
        return every
    if node.many:
        return through.whole(node)
    if read is None:
        return direct(node)
    return one


def direct(node: Get) -> Value:
    """A path without arrays, as straight as Python allows."""
    root, steps = node.root, node.steps
    keys = tuple(step for step in steps if isinstance(step, str))
    if root == "event" and len(keys) == len(steps) == 1:
        key = keys[0]

        def shallow(frame: Frame) -> Any:
            body = frame.roots["event"]
            return body.get(key, ABSENT) if isinstance(body, dict) else ABSENT

        return shallow

    def deep(frame: Frame) -> Any:
        found = frame.root(root)
        for step in steps:
            if isinstance(step, str):
                if not isinstance(found, dict):
                    return ABSENT
                found = found.get(step, ABSENT)
            elif isinstance(step, int) and isinstance(found, list | tuple) and step < len(found):
                found = found[step]
            else:
                return ABSENT
        return found

    return deep


def values(node: Get) -> Callable[[Frame], Any]:
    """Every value a path leads to, in document order; arrays of arrays are entered where EACH stands."""
    steps, root = node.steps, node.root
    if THROUGH in steps or LEAVES in steps:
        return through.values(node)

    def walk(frame: Frame) -> Any:
        found = [frame.root(root)]
        for step in steps:
            following: list[Any] = []
            for value in found:
                if step is EACH:
                    if isinstance(value, list | tuple):
                        following.extend(value)
                elif isinstance(step, str):
                    if isinstance(value, dict) and step in value:
                        following.append(value[step])
                elif isinstance(value, list | tuple) and isinstance(step, int) and step < len(value):
                    following.append(value[step])
            found = following
        return (value for value in found if value is not ABSENT)

    return walk


def _apply(node: Apply) -> Value:
    call, arguments = calls.applied(node), tuple(term(argument) for argument in node.arguments)
    if len(arguments) == 1:
        (only,) = arguments
        return lambda frame: call(only(frame))
    return lambda frame: call(*[argument(frame) for argument in arguments])


def _arith(node: Arith) -> Value:
    left, right, calculate = term(node.left), term(node.right), calls.arithmetic(node.operator)
    return lambda frame: calculate(left(frame), right(frame))


def _otherwise(node: Otherwise) -> Value:
    value, instead = term(node.value), term(node.fallback)
    choose = calls.fallback(node.value)

    def run(frame: Frame) -> Any:
        found = choose(value(frame), ABSENT)
        return instead(frame) if found is ABSENT else found

    return run


def elements(node: Term) -> Value:
    """What a quantifier goes through: a list, or something else where there is none."""
    return through.elements(node) if isinstance(node, Get) and node.steps[-1:] == (THROUGH,) else term(node)


def _tally(node: Tally) -> Value:
    collection, holds, variable = (
        elements(node.collection),
        conditions.condition(node.condition),
        node.variable,
    )

    def run(frame: Frame) -> Any:
        found = collection(frame)
        if not isinstance(found, list | tuple):
            return 0
        return sum(holds(frame.bound(variable, item)) for item in found)

    return run


def _lookup(node: Lookup) -> Value:
    table = node.table
    rows = [
        (tuple(conditions.condition(cell) for cell in row.cells), render.maker(row.outputs))
        for row in table.rows
    ]

    def matching(frame: Frame) -> Any:
        for cells, outputs in rows:
            if all(cell(frame) for cell in cells):
                yield outputs(frame)

    def first(frame: Frame) -> Any:
        return next(matching(frame), ABSENT)

    def exactly(frame: Frame) -> Any:
        found = list(matching(frame))
        return found[0] if len(found) == 1 else ABSENT

    if table.mode == "first row wins":
        return first
    if table.mode == "exactly one row":
        return exactly
    return lambda frame: list(matching(frame))
