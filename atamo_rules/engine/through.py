"""Paths that go through lists wherever they stand: nobody said beforehand where there would be any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from atamo_rules.engine.frame import Frame
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.meaning import LEAVES, THROUGH, Each, Get, Step

Walk: TypeAlias = Callable[[Frame], Iterable[Any]]


def values(node: Get) -> Walk:
    """Every value that a path leads to, in document order."""
    root, steps = node.root, node.steps
    keys = tuple(step for step in steps if isinstance(step, str))
    if any(not isinstance(step, str) and step not in (THROUGH, LEAVES) for step in steps):
        return lambda frame: reached(frame.root(root), steps)
    enters = isinstance(steps[-1], Each)
    plain_only = steps[-1] is LEAVES

    def walk(frame: Frame) -> Iterable[Any]:
        # Most events have no list on the way: then there is one value, found by its keys alone.
        found = frame.root(root)
        for key in keys:
            if not isinstance(found, dict):
                return reached(frame.root(root), steps) if isinstance(found, list) else ()
            found = found.get(key, ABSENT)
        if isinstance(found, list) and enters:
            return reached(frame.root(root), steps)
        return () if found is ABSENT or (plain_only and isinstance(found, dict)) else (found,)

    return walk


def whole(node: Get) -> Callable[[Frame], Any]:
    """The value of such a path: the one that is there, or where a list stands on the way the list of all."""
    root, steps = node.root, node.steps
    walk = values(node)

    def read(frame: Frame) -> Any:
        found = list(walk(frame))
        return found if _entered(frame.root(root), steps) else found[0] if found else ABSENT

    return read


def elements(node: Get) -> Callable[[Frame], Any]:
    """What stands at the end of such a path as a list, an object alone being a list of one; ABSENT where nothing
    does."""
    before = (
        values(Get(node.root, node.steps[:-1], node.type, span=node.span)) if len(node.steps) > 1 else None
    )
    root = node.root

    def read(frame: Frame) -> Any:
        found = list(before(frame)) if before is not None else [frame.root(root)]
        return [item for one in found for item in flat(one)] if found else ABSENT

    return read


def flat(value: Any) -> Iterator[Any]:
    """A value, or the values in a list and in the lists in it."""
    waiting = [iter((value,))]
    while waiting:
        for one in waiting[-1]:
            if isinstance(one, list | tuple):
                waiting.append(iter(one))
                break
            if one is not ABSENT:
                yield one
        else:
            waiting.pop()


def reached(begun: Any, steps: tuple[Step, ...]) -> list[Any]:
    """Every value that some steps lead to from a value, in document order."""
    found: Iterable[Any] = (begun,)
    for step in steps:
        found = [inner for value in found for inner in _step(value, step)]
    return [value for value in found if value is not ABSENT]


def _step(value: Any, step: Step) -> Iterable[Any]:
    if step is THROUGH:
        return flat(value)
    if step is LEAVES:
        return (one for one in flat(value) if not isinstance(one, dict))
    if isinstance(value, list | tuple):
        if isinstance(step, Each):
            return value
        return (value[step],) if isinstance(step, int) and step < len(value) else ()
    return (value[step],) if isinstance(value, dict) and isinstance(step, str) and step in value else ()


def _entered(begun: Any, steps: tuple[Step, ...]) -> bool:
    """Whether a list stands on the way, where the path goes through it."""
    found: list[Any] = [begun]
    for step in steps:
        if step is THROUGH and any(isinstance(value, list | tuple) for value in found):
            return True
        found = [inner for value in found for inner in _step(value, step)]
    return False
