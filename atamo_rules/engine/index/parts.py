"""Parts of texts: few are looked for one by one, many in one pass."""

from __future__ import annotations

from typing import Any

from atamo_rules.engine.index.buckets import Bucket, Entry, Filing, Nested
from atamo_rules.engine.index.paths import Reads, several
from atamo_rules.engine.index.places import Place
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.index.texts import folded, texts, texts_at
from atamo_rules.engine.search import search

FEW = 12
"""Parts of texts that are looked for one by one."""


class Parts:
    """Texts somewhere in a text: few are looked for one by one, many in one pass."""

    ordered = False

    def __init__(self, place: Place, buckets: dict[str, list[Entry]], nested: Nested, repeats: bool) -> None:
        self._place = place
        self.repeats = repeats or several(place.steps) or bool(place.read)
        self._filing = Filing(list(buckets.values()), nested, spelled=bool(place.read))
        self._needles: list[tuple[str, Bucket]] = [
            (text, self._filing[bucket]) for text, bucket in buckets.items()
        ]
        self._buckets = [bucket for _, bucket in self._needles]
        self._search = search(list(buckets)) if len(buckets) > FEW else None

    def emit(self, source: Source, reads: Reads) -> None:
        texts(source, reads, self._place, self._look)

    def _look(self, source: Source, name: str) -> None:
        if self._search is not None:
            text = folded(source, name, True) if self._place.fold and not self._place.read else name
            # Only a text can be encoded; half of a surrogate pair cannot.
            found = f"{source.given(self._search)}({text}.encode()) or ()"
            with source.block(f"for n in {found}:"):
                source.line(f"b = {source.given(self._buckets)}[n]")
                self._filing.emit(source, "b")
            return
        with source.block(f"if {name}.__class__ is not str:"):
            source.line("raise TypeError")  # `in` would find an element of a list
        if self._place.fold and not self._place.read:
            name = folded(source, name, True)
        with source.block(f"for n, b in {source.given(self._needles)}:"), source.block(f"if n in {name}:"):
            self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        found = texts_at(body, self._place)
        for needle, bucket in self._needles:
            if any(needle in text for text in found):
                self._filing.take(bucket, body, out)
