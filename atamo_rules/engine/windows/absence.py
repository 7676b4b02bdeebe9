"""`A without B within D`: events that wait for another, and the moment at which it did not come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from atamo_rules.engine.windows.state import Micros, State

MOST = 1000
"""Events that wait under one key; the oldest makes room, and its rule does not fire."""

Waiting: TypeAlias = "list[Any]"
"""The moment at which it is over, and the event that waits (`engine.windows.event`)."""


class Waited(NamedTuple):
    """`fired` are the events whose time is over, the first first; `ended` how many wait no longer because the other
    came; `open` how many still wait; `lost` how many made room."""

    state: State | None
    open: int
    fired: Sequence[Any] = ()
    ended: int = 0
    lost: int = 0


def waits(state: State | None, now: Micros, within: Micros, event: Any) -> Waited:
    """An event that begins to wait. The other may come up to the very end of the length."""
    held = state.held if state is not None else []
    due = now + within
    if held and due < held[-1][0]:
        due = held[-1][0]
    held = [*held, [due, event]]
    lost = max(0, len(held) - MOST)
    return Waited(_state(held[lost:]), len(held) - lost, lost=lost)


def came(state: State | None, now: Micros, joins: Callable[[Any], bool]) -> Waited:
    """The other event: all that it `joins` wait no longer. Those whose time is over already are left to fire, however
    late that is noticed."""
    held = state.held if state is not None else []
    left = [one for one in held if one[0] < now or not joins(one[1])]
    return Waited(state if len(left) == len(held) else _state(left), len(left), ended=len(held) - len(left))


def over(state: State | None, now: Micros) -> Waited:
    """The moment is here: what waited until now fires."""
    held = state.held if state is not None else []
    left = [one for one in held if one[0] > now]
    return Waited(_state(left), len(left), [one for one in held if one[0] <= now])


def _state(held: list[Waiting]) -> State | None:
    return State(held[0][0], True, held) if held else None
