"""What a part of a condition reads: which values, with which constants."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from typing import Any

from atamo_rules.model.meaning import Among, Condition, Const, Get, Lookup, Meant, Now, Tally, Test
from atamo_rules.model.types import Anything, MapOf, Record, Type


@cache
def _parts(kind: Any) -> tuple[str, ...]:
    """The names of what a kind of node is made of."""
    return tuple(part.name for part in dataclasses.fields(kind) if part.name not in ("span", "type"))


def nodes(node: Any) -> Iterator[Any]:
    """A node and everything below it."""
    if isinstance(node, tuple):
        for one in node:
            yield from nodes(one)
    elif isinstance(node, Meant):
        yield node
        kind: Any = type(node)
        for name in _parts(kind):
            yield from nodes(getattr(node, name))


def constants(node: Condition) -> Iterator[object]:
    """What the comparisons in a part compare with, one by one."""
    for one in nodes(node):
        if isinstance(one, Test) and isinstance(one.right, Const):
            value = one.right.value
            yield from value if isinstance(value, tuple) else (value,)


def single(node: Condition) -> Get | None:
    """The one value of the event that a part reads, however it does; None where it reads more, or something else."""
    found: Get | None = None
    bound = {one.variable for one in nodes(node) if isinstance(one, Among | Tally)}
    for one in nodes(node):
        if isinstance(one, Lookup | Now):
            return None
        if isinstance(one, Get) and one.root not in bound:
            if one.root != "event" or not one.steps or not isinstance(one.steps[0], str):
                return None
            if found is not None and fields(found) != fields(one):
                return None
            found = one
    return found


def fields(get: Get) -> tuple[str, ...]:
    """The names that a path goes by until it enters a list."""
    return tuple(takewhile(lambda step: isinstance(step, str), get.steps))  # type: ignore[arg-type]


def type_at(type: Type, path: Sequence[str]) -> Type:
    """The declared type of what is at a path."""
    for step in path:
        match type:
            case Record() if step in type.members:
                type = type.members[step].type
            case MapOf():
                type = type.value
            case _:
                return Anything()
    return type


def compared(node: Condition) -> Iterator[tuple[tuple[str, ...], Test]]:
    """Comparisons with constants in a part about a list, each with the names by which it goes on from an element."""
    for one in nodes(node):
        if isinstance(one, Test) and isinstance(one.right, Const) and isinstance(one.left, Get):
            steps = (
                one.left.steps if one.left.root != "event" else one.left.steps[len(fields(one.left)) + 1 :]
            )
            if all(isinstance(step, str) for step in steps):
                yield steps, one  # type: ignore[misc]
