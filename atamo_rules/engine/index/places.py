"""Places in an event where an index looks; keys, what it looks up there; ways, the keys of which an event has one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any as Anything
from typing import NamedTuple, TypeAlias

from atamo_rules.engine.index.paths import several
from atamo_rules.model.meaning import Step

VALUE, ELEMENT, PREFIX, SUFFIX, PART, RANGE = "value", "element", "prefix", "suffix", "part", "range"
ABSENT = "absent"
"""What a place is looked at for. Of ABSENT the one value is None."""

OWN, SPELLED, EVERYWHERE = "", "spelled", "everywhere"
"""Whether values are looked up as they are, as the texts that they are read as, or as all texts below them."""


class Place(NamedTuple):
    """One index: how it asks, and of which path. `fold`: of the casefolded text. `open`: the path may lead to a list
    where a part of a text is asked for. `read`: OWN, SPELLED or EVERYWHERE."""

    kind: str
    steps: tuple[Step, ...]
    fold: bool = False
    open: bool = False
    read: str = OWN


class Key(NamedTuple):
    """What is looked up at a place. `exact`: an event that has the key satisfies the part it was taken from.

    `values` are texts, numbers or booleans; for a range one pair of cuts, either None for no bound.
    """

    place: Place
    values: tuple[Anything, ...]
    exact: bool = False


named = tuple.__new__
"""A named tuple in half the time that its constructor takes: one is made for every test of every rule."""


@lru_cache(4096)
def value_place(steps: tuple[Step, ...], fold: bool = False) -> Place:
    """Where the values of a path are looked up. Rules share it, which saves its memory and most of comparing it."""
    return Place(ELEMENT if several(steps) else VALUE, steps, fold)


@lru_cache(4096)
def range_place(steps: tuple[Step, ...]) -> Place | None:
    """Where a number is placed among thresholds; None for a path that may lead to several."""
    return None if several(steps) else Place(RANGE, steps)


@lru_cache(4096)
def text_place(kind: str, steps: tuple[Step, ...], fold: bool, open: bool) -> Place:
    """Where beginnings, ends or parts of texts are looked up."""
    return Place(kind, steps, fold, open)


class Either(NamedTuple):
    """The ways of each part of an `or`: one of every part is needed."""

    parts: tuple[tuple[Way, ...], ...]


Way: TypeAlias = "Key | Either"


def keys_of(way: Way) -> Iterator[Key]:
    """Every key that a way could take."""
    if isinstance(way, Key):
        yield way
    else:
        for part in way.parts:
            for inner in part:
                yield from keys_of(inner)
