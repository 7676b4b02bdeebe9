"""How many events a key lets through, estimated from what the rules themselves name at its place.

Rules are written about events that occur: a field on which they name many values is one that tells events apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeAlias

from atamo_rules.engine.index.ends import end
from atamo_rules.engine.index.numbers import nearest
from atamo_rules.engine.index.pausing import Pause, nothing, paused
from atamo_rules.engine.index.places import (
    ABSENT,
    ELEMENT,
    PART,
    PREFIX,
    RANGE,
    SUFFIX,
    VALUE,
    Either,
    Key,
    Place,
    Way,
    keys_of,
)
from atamo_rules.engine.index.ranges import touched

SIDE = 0.5
"""The share of events that one bound alone is taken to hold of."""
OFTEN = {VALUE: 1.0, ELEMENT: 2.0, PREFIX: 1.5, SUFFIX: 1.5, PART: 4.0}
"""How many of the values of a path an event has, about."""
LENGTHS = 16
"""Lengths of beginnings or ends for which it is counted how many there are."""
FEW_VALUES = 16
"""Most values of a path for which it is counted how many rules name each: a value that all rules name tells no event
apart."""

Values: TypeAlias = "tuple[Any, ...]"


Share: TypeAlias = Callable[[Values], float]
"""The share of events that have one of some values."""


class Statistics:
    """What the rules of one index name, by place. `ways` are those of each rule."""

    def __init__(self, ways: Sequence[tuple[tuple[int, Way], ...]], pause: Pause = nothing) -> None:
        alone: dict[Place, list[Values]] = {}
        inside: dict[Place, list[Values]] = {}
        for mine in paused(ways, pause):
            for _, way in mine:
                if type(way) is Key:
                    here = alone.get(way.place)
                    if here is None:
                        here = alone[way.place] = []
                    here.append(way.values)
                else:
                    for key in keys_of(way):
                        inside.setdefault(key.place, []).append(key.values)
        self.counts: dict[Place, int] = {}
        """How many different values are named at each place."""
        self._shares: dict[Place, Share] = {}
        for place in (*alone, *(place for place in inside if place not in alone)):
            pause()
            named = _named(place, alone.get(place, []), inside.get(place, []), len(ways))
            self.counts[place], self._shares[place] = named
        self.spelled = any(place.read for place in self.counts)
        """Whether some of it is read as text."""

    def share(self, way: Way) -> float:
        """The share of events that are taken to reach a rule by a way."""
        if type(way) is Key:
            return self._shares[way.place](way.values)
        assert isinstance(way, Either)
        return sum(min(map(self.share, part)) for part in way.parts)

    def best(self, way: Way) -> Iterator[Key]:
        """The keys under which a rule is filed by a way: of an `or`, the most selective of every part."""
        if isinstance(way, Key):
            yield way
        else:
            for part in way.parts:
                for key in self.best(min(part, key=self.share)):
                    # It may be the key of every part, and yet settles none of them.
                    yield key._replace(exact=False)


def _named(place: Place, alone: Sequence[Values], inside: Sequence[Values], rules: int) -> tuple[int, Share]:
    """How many values are named at a place, and what share of events has one of some. `alone` are those that parts of
    an `and` name, `inside` those of parts of an `or`."""
    if place.kind == RANGE:
        numbers = sorted(nearest(cut[0]) for cut in _each(alone, inside) if cut is not None)
        return (0, lambda pair: SIDE if None in pair else touched(pair[0], pair[1], numbers))
    if place.kind == ABSENT:
        return (1, lambda _: SIDE)
    values = set(_each(alone, inside))
    count = len(values)
    one = OFTEN[place.kind] / (count + 1)
    if place.kind in (PREFIX, SUFFIX):
        heads = _heads(place, values)
        shares = {text: OFTEN[place.kind] / (heads[len(text)] + 1) for text in values}
        if place.read:
            shares = {text: min(share, _rarely(text)) for text, share in shares.items()}
        return (count, lambda texts: sum([shares[text] for text in texts]))
    if place.read and place.kind == PART:
        return (count, lambda texts: sum([min(one, _rarely(text)) for text in texts]))
    if place.kind == VALUE and count <= FEW_VALUES:
        often = Counter(chain.from_iterable(alone))
        return (count, lambda some: max(len(some) * one, *[often[value] / rules for value in some]))
    return (count, lambda some: len(some) * one)


def _each(alone: Iterable[Values], inside: Iterable[Values]) -> Iterator[Any]:
    return chain.from_iterable(chain(alone, inside))


def _rarely(text: str) -> float:
    """The share of other texts that have a text in them, at most: what is read as text may be of any kind of event, so
    that how few texts the rules name at a path says little, and how long each is says more."""
    return float(2.0 ** (-len(text) / 2))


def _heads(place: Place, texts: Iterable[str]) -> dict[int, int]:
    """How many beginnings or ends of each length the rules tell apart: two characters tell less than ten."""
    found: dict[int, int] = {}
    known = [text for text in texts if isinstance(text, str)]
    for length in sorted({len(text) for text in known})[:LENGTHS]:
        found[length] = len({end(place, text, length) for text in known if len(text) >= length})
    least = max(found.values())
    return {len(text): found.get(len(text), least) for text in known}
