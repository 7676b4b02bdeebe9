"""What is kept of one window under one key, and where: values that a store can hold as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.printing import jsonable
from atamo_rules.model.people import User
from atamo_rules.model.strict_json import encode, encode_sorted
from atamo_rules.model.types import Json

Micros: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z, the only form of time in a state."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


class Place(NamedTuple):
    """Where a state is kept: `shelf` is that of one window for one organisation (`shelf_of`), `key` the canonical text
    of the key's values (`key_of`)."""

    shelf: str
    key: str


class State(NamedTuple):
    """`wake` is when something happens by itself: with `fires` the rule fires then, else nothing is left to keep.
    `held` is what the kind of window makes of it; it is never changed in place."""

    wake: Micros
    fires: bool
    held: list[Any]

    def document(self) -> list[Json]:
        """It as JSON."""
        return [self.wake, self.fires, self.held]


def state_of(document: Any) -> State:
    """The state that was written as JSON."""
    wake, fires, held = document
    return State(int(wake), bool(fires), list(held))


def window_of(rule: str, part: str, digest: str) -> str:
    """The name of a window of a rule, or of its `throttle`, with the digest of what its states mean."""
    return f"{rule} {part} {digest[:16]}"


def shelf_of(window: str, user: User | None) -> str:
    """The name of a shelf: of one window for one organisation, that of whoever sent an event. Nothing is counted,
    joined or held back across organisations; who belongs to none shares one with what nobody signed."""
    return f"{window} {encode(user.organisation if user is not None else '')}"


def window_on(shelf: str) -> str:
    """The name of the window whose shelf it is; empty for what no shelf is called."""
    window, found, _ = shelf.partition(' "')
    return window if found else ""


def part_of(shelf: str) -> str:
    """Which part of its rule a shelf is of: its `window`, its `throttle`, or what else it keeps."""
    _, part, _ = window_on(shelf).split(" ")
    return part


def key_of(values: Iterable[Any]) -> str | None:
    """The canonical text of a key: equal values, equal text, and no others. None where a value is missing or null: no
    key, so nothing is counted under it. 1 and 1.0 are one number; a boolean is no number, a text no other kind."""
    found = []
    for value in values:
        if value is ABSENT or value is None:
            return None
        found.append(_plain(jsonable(value)))
    return encode_sorted(found)


def _plain(value: Any) -> Any:
    """Numbers in one spelling each."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            return str(value)
        whole = value.adjusted() < 400 and value == value.to_integral_value()
        return int(value) if whole else value.normalize()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def micros(at: datetime) -> Micros:
    """A moment as states write it."""
    return (at - _EPOCH) // _MICRO


def moment(at: Micros) -> datetime:
    """The moment that a state writes, in UTC."""
    return _EPOCH + at * _MICRO


def length(of: timedelta) -> Micros:
    """A length of time as states write it."""
    return of // _MICRO
