"""What a part of a condition reads: which values, with which constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from atamo_rules.model.meaning import Among, Condition, Const, Get, Lookup, Meant, Now, Tally, Test


@cache
def _parts(kind: Any) -> tuple[str, ...]:
    """The names of what a kind of node is made of."""
    return tuple(part.name for part in fields(kind) if part.name not in ("span", "type"))


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
            if found is not None and _front(found) != _front(one):
                return None
            found = one
    return found


def _front(get: Get) -> tuple[object, ...]:
    names: list[object] = []
    for step in get.steps:
        if not isinstance(step, str):
            break
        names.append(step)
    return tuple(names)


def compared(node: Condition) -> Iterator[tuple[tuple[str, ...], Test]]:
    """Comparisons with constants in a part about a list, each with the names by which it goes on from an element."""
    for one in nodes(node):
        if isinstance(one, Test) and isinstance(one.right, Const) and isinstance(one.left, Get):
            steps = (
                one.left.steps if one.left.root != "event" else one.left.steps[len(_front(one.left)) + 1 :]
            )
            if all(isinstance(step, str) for step in steps):
                yield steps, one  # type: ignore[misc]
