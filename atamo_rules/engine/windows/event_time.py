"""Windows that go by the time events say of themselves: events wait until none that is earlier can come any more, and
are put to the window in the order of their times.

Such a window has a clock of its own, which runs behind the hub's by the lateness that is stated. So its steps are those
of every window, and the order in which events come changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from atamo_rules.engine.windows.state import Micros, State

MOST = 1000
"""Events that wait under one key to be put in order."""

Held: TypeAlias = "list[Any]"
"""The time of an event, the step of its rule that it is for, and the event as it is kept."""


class Entered(NamedTuple):
    """`refused` is why an event is not taken into account, in words; empty when it waits."""

    state: State | None
    refused: str = ""


def entered(state: State | None, now: Micros, at: Micros, late: Micros, step: int, event: Any) -> Entered:
    """An event that says it happened `at`. One of a later time than now happened now; of one that comes later than is
    stated nobody waits any more."""
    held = state.held if state is not None else []
    at = min(at, now)
    if at + late < now:
        return Entered(state, "came too late")
    if len(held) >= MOST:
        return Entered(state, f"{MOST} events wait already")
    return Entered(_state(sorted([*held, [at, step, event]], key=itemgetter(0)), late))


def due(state: State | None, clock: Micros) -> Iterator[Held]:
    """The events that are to be put to the window up to a moment of its clock, the earliest first; of one time in the
    order they came."""
    for one in state.held if state is not None else []:
        if one[0] <= clock:
            yield one


def left(state: State | None, clock: Micros, late: Micros) -> State | None:
    """Those that wait on."""
    return _state([one for one in state.held if one[0] > clock], late) if state is not None else None


def _state(held: list[Held], late: Micros) -> State | None:
    return State(held[0][0] + late, True, held) if held else None
