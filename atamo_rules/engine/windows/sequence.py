"""`A then B within D`: attempts that began with A and wait for what comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from atamo_rules.engine.windows.state import Micros, State
from atamo_rules.model.types import Json

MOST = 100
"""Attempts that are open under one key; the oldest makes room."""

Bodies: TypeAlias = "Mapping[str, Json]"
Joins: TypeAlias = "Callable[[Bodies], bool]"


class Advanced(NamedTuple):
    """`bodies` are those of the events before, by alias, where the sequence is whole; `open` how many attempts are
    under way after this event; `lost` how many made room."""

    state: State | None
    bodies: Bodies | None
    open: int
    lost: int = 0


def begun(state: State | None, now: Micros, within: Micros, alias: str, body: Json) -> Advanced:
    """The first event of a sequence: one more attempt."""
    now, kept = _kept(state, now, within)
    kept = [*kept, [1, now, {alias: body}]]
    lost = max(0, len(kept) - MOST)
    return Advanced(State(now + within + 1, False, kept[lost:]), None, len(kept) - lost, lost)


def advanced(
    state: State | None,
    now: Micros,
    within: Micros,
    at: int,
    last: bool,
    alias: str,
    body: Json,
    joins: Joins,
) -> Advanced:
    """An event for the step `at` (from 1). Every attempt that waits for it and `joins` goes on with it. With the last
    step the sequence is whole: the oldest attempt that joins is the one that is told, and all that is open under the
    key is used up."""
    now, kept = _kept(state, now, within)
    moved: list[Any] = []
    for attempt in kept:
        stage, begin, bodies = attempt
        if stage != at or not joins(bodies):
            moved.append(attempt)
        elif last:
            return Advanced(None, bodies, 0)
        else:
            moved.append([stage + 1, begin, {**bodies, alias: body}])
    if not moved:
        return Advanced(None, None, 0)
    return Advanced(State(max(one[1] for one in kept) + within + 1, False, moved), None, len(moved))


def _kept(state: State | None, now: Micros, within: Micros) -> tuple[Micros, list[list[Any]]]:
    """The moment, never before the last attempt began, and the attempts that are still in time."""
    if state is None:
        return now, []
    now = max(now, state.held[-1][1])
    return now, [attempt for attempt in state.held if now - attempt[1] <= within]
