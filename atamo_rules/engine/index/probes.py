"""The indexes that look a value up: equality, elements of lists, beginnings, ends and parts of texts.

Each can be asked in two ways that answer alike: by lines in the generated function, which may raise when an event is
not as its type says, and by `collect`, which takes whatever is there.
"""

from __future__ import annotations

from typing import Any, Protocol

from atamo_rules.engine.index.buckets import Entry, Nested
from atamo_rules.engine.index.ends import Ends
from atamo_rules.engine.index.equality import Absences, Elements, Values
from atamo_rules.engine.index.parts import Parts
from atamo_rules.engine.index.paths import Reads
from atamo_rules.engine.index.places import ABSENT, ELEMENT, PART, PREFIX, SUFFIX, VALUE, Place
from atamo_rules.engine.index.source import Source


class Probe(Protocol):
    """One source of matches in a type's index."""

    repeats: bool
    """Whether a rule can be found twice in one event."""
    ordered: bool
    """Whether what is found in one event always is in the rules' order."""

    def emit(self, source: Source, reads: Reads) -> None:
        """Lines that put the ids of matching rules into `out`."""

    def collect(self, body: Any, out: list[str]) -> None:
        """The same of any body, whatever it holds."""


def probe(place: Place, buckets: dict[Any, list[Entry]], nested: Nested, repeats: bool) -> Probe:
    """The probe of a place."""
    if place.kind == VALUE:
        return Values(place, buckets, nested)
    if place.kind == ABSENT:
        return Absences(place, buckets, nested)
    if place.kind == ELEMENT:
        return Elements(place, buckets, nested)
    if place.kind in (PREFIX, SUFFIX):
        return Ends(place, buckets, nested, repeats)
    assert place.kind == PART
    return Parts(place, buckets, nested, repeats)
