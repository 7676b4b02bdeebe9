"""Equality by hash: of the value at a path, of each element of a list, and of what is absent."""

from __future__ import annotations

from typing import Any

from atamo_rules.engine.index.buckets import Bucket, Entry, Filing, Nested
from atamo_rules.engine.index.paths import Reads, value_at, values_at
from atamo_rules.engine.index.places import Place
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.index.texts import folded, listed, texts, texts_at


class Values:
    """Equality and membership: one hash lookup of the value at a path, or of each of the texts that it is read as."""

    def __init__(self, place: Place, buckets: dict[Any, list[Entry]], nested: Nested) -> None:
        self._place = place
        self.repeats = bool(place.read)
        self.ordered = not place.read
        self._filing = Filing(list(buckets.values()), nested, spelled=bool(place.read))
        self._table: dict[Any, Bucket] = {key: self._filing[bucket] for key, bucket in buckets.items()}

    def emit(self, source: Source, reads: Reads) -> None:
        if self._place.read:
            texts(source, reads, self._place, self._lookup)
            return
        name, must = reads.value(self._place.steps)
        self._lookup(source, folded(source, name, must) if self._place.fold else name)

    def _lookup(self, source: Source, name: str) -> None:
        source.line(f"b = {source.given(self._table)}.get({name})")
        with source.block("if b is not None:"):
            self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        if self._place.read:
            for text in texts_at(body, self._place):
                if text in self._table:
                    self._filing.take(self._table[text], body, out)
            return
        found = _looked_up(self._table, value_at(body, self._place.steps), self._place.fold)
        if found is not None:
            self._filing.take(found, body, out)


class Absences:
    """What is absent at a path, or null there."""

    repeats = False
    ordered = True

    def __init__(self, place: Place, buckets: dict[Any, list[Entry]], nested: Nested) -> None:
        self._place = place
        self._filing = Filing(list(buckets.values()), nested)
        self._bucket: Bucket = self._filing[buckets[None]]

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.value(self._place.steps)
        with source.block(f"if {name} is None:"):
            source.line(f"b = {source.given(self._bucket)}")
            self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        if value_at(body, self._place.steps) is None:
            self._filing.take(self._bucket, body, out)


class Elements:
    """The same for every element of a list, or for everything a path through lists leads to."""

    repeats = True
    ordered = False

    def __init__(self, place: Place, buckets: dict[Any, list[Entry]], nested: Nested) -> None:
        self._place = place
        self._filing = Filing(list(buckets.values()), nested, spelled=bool(place.read))
        self._table: dict[Any, Bucket] = {key: self._filing[bucket] for key, bucket in buckets.items()}

    def emit(self, source: Source, reads: Reads) -> None:
        name, must = reads.elements(self._place.steps)
        table = source.given(self._table)
        if not must:
            with source.block(f"if {name} is not None:"):
                self._lookup(source, name, table)
        else:
            self._lookup(source, name, table)

    def _lookup(self, source: Source, name: str, table: str) -> None:
        listed(source, name)
        with source.block(f"for x in {name}:"):
            item = "x"
            if self._place.fold:
                item = "w"
                source.line("w = x.casefold() if isinstance(x, str) else None")
            source.line(f"b = {table}.get({item})")
            with source.block("if b is not None:"):
                self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        for value in values_at(body, self._place.steps):
            found = _looked_up(self._table, value, self._place.fold)
            if found is not None:
                self._filing.take(found, body, out)


def _looked_up(table: dict[Any, Bucket], value: Any, fold: bool) -> Bucket | None:
    if fold:
        value = value.casefold() if isinstance(value, str) else None
    try:
        return table.get(value)
    except TypeError:  # a list or an object equals no constant
        return None
