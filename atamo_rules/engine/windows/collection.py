"""`collect for D or N`: events gathered until a length of time after the first is over, or there are so many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from atamo_rules.engine.windows.state import Micros, State
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

LARGEST = 262_144
"""Characters of JSON after which a collection is full, however few events it has: it is written whole with each."""


class Collected(NamedTuple):
    """`bodies` are those of the collection that is full with this event, the first first, else None; `have` how many
    its collection has."""

    state: State | None
    bodies: list[Json] | None
    have: int


class Collection(NamedTuple):
    """One that is over: when, the event that came last, as it is kept, and the bodies of all."""

    due: Micros
    last: Any
    bodies: list[Json]


def collected(state: State | None, now: Micros, length: Micros, most: int, event: Any) -> Collected:
    """One more event, as it is kept (`engine.windows.waiting`). It belongs to the collection that is open up to the
    very end of its time; what is over and was not seen to yet stays as it is."""
    held = list(state.held) if state is not None else []
    due, size, bodies = now + length, 0, []
    if held and now <= held[-1][0]:
        due, size, _, bodies = held.pop()
    bodies = [*bodies, event["body"]]
    size += len(encode(event["body"]))
    if len(bodies) >= most or size >= LARGEST:
        return Collected(_state(held), bodies, len(bodies))
    return Collected(_state([*held, [due, size, event, bodies]]), None, len(bodies))


def over(state: State | None, now: Micros) -> tuple[State | None, Sequence[Collection]]:
    """The moment is here: the collections whose time is over, and what is left."""
    held = state.held if state is not None else []
    left = [one for one in held if one[0] > now]
    return _state(left), [Collection(due, last, bodies) for due, _, last, bodies in held if due <= now]


def _state(held: list[Any]) -> State | None:
    return State(held[0][0], True, held) if held else None
