"""Beginnings and ends of texts, looked up by as few lengths as there need be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atamo_rules.engine.index.buckets import Bucket, Entry, Filing, Nested
from atamo_rules.engine.index.paths import Reads, several
from atamo_rules.engine.index.places import PREFIX, SUFFIX, Place
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.index.texts import folded, texts, texts_at

SHARED = 1.5
"""Different texts under one key, on average at most, where beginnings or ends are looked up by fewer characters."""
STEPS = 3
"""Different lengths of the last steps of paths from which on they are looked up as such."""
RARELY = 0.15
"""The same where texts are of any kind: of all texts, the share that has one of the shorter ends, times the rules."""


class Ends:
    """Beginnings, or ends, of texts: one hash lookup for every length there is among the keys. Ends that begin where
    the last step of a path does are looked up by that step, whatever its length."""

    ordered = False

    def __init__(self, place: Place, buckets: dict[str, list[Entry]], nested: Nested, repeats: bool) -> None:
        self._place = place
        self.repeats = repeats or several(place.steps) or bool(place.read)
        self._filing = Filing(list(buckets.values()), nested, spelled=bool(place.read))
        self._mark = separator(place, list(buckets))
        steps = {text for text in buckets if last_step(text, self._mark)}
        self._steps: dict[str, Bucket] = {text: self._filing[buckets[text]] for text in steps}
        self._tables: list[tuple[int, dict[str, Bucket]]] = [
            (
                n,
                {
                    text: self._filing[bucket]
                    for text, bucket in buckets.items()
                    if len(text) == n and text not in steps
                },
            )
            for n in sorted({len(text) for text in buckets if text not in steps})
        ]

    def emit(self, source: Source, reads: Reads) -> None:
        texts(source, reads, self._place, self._lookups)

    def _lookups(self, source: Source, name: str) -> None:
        if self._place.fold and not self._place.read:
            name = folded(source, name, True)
        looked_up = [
            (table, f"[:{length}]" if self._place.kind == PREFIX else f"[-{length}:]")
            for length, table in self._tables
        ]
        if self._steps:
            looked_up.append((self._steps, f"[{name}.rfind({self._mark!r}):]"))
        for table, cut in looked_up:
            source.line(f"b = {source.given(table)}.get({name}{cut})")
            with source.block("if b is not None:"):
                self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        for text in texts_at(body, self._place):
            found = [table.get(end(self._place, text, length)) for length, table in self._tables]
            if self._steps:
                found.append(self._steps.get(text[text.rfind(self._mark) :]))
            for bucket in found:
                if bucket is not None:
                    self._filing.take(bucket, body, out)


def end(place: Place, text: str, length: int) -> str:
    """The beginning or end of a text, as the place asks for."""
    return text[:length] if place.kind == PREFIX else text[-length:]


def separator(place: Place, texts: Sequence[str]) -> str:
    """The character that begins the last step of most of some ends, as a backslash does; empty where too few are such
    for that to save lookups."""
    if place.kind != SUFFIX:
        return ""
    lengths: dict[str, set[int]] = {}
    for text in texts:
        if not text[0].isalnum() and last_step(text, text[0]):
            lengths.setdefault(text[0], set()).add(len(text))
    mark = max(lengths, key=lambda mark: (len(lengths[mark]), mark), default="")
    return mark if mark and len(lengths[mark]) >= STEPS else ""


def last_step(text: str, mark: str) -> bool:
    """Whether an end is the last step of a path, and so the end of those texts alone whose last step it is."""
    return mark != "" and text[0] == mark and text.rfind(mark) == 0


def looked_up(place: Place, texts: Sequence[str]) -> dict[str, str]:
    """For every beginning or end, what it is looked up by. A longer one is looked up by no more than the characters of
    a shorter one where that hardly makes it less selective: that saves a lookup."""
    mark = separator(place, texts)
    found = {text: text for text in texts if last_step(text, mark)}
    by_length: dict[int, list[str]] = {}
    for text in texts:
        if text not in found:
            by_length.setdefault(len(text), []).append(text)
    base, members, heads = 0, 0, set[str]()
    for length in sorted(by_length):
        here = by_length[length]
        joined = {end(place, text, base) for text in here} | heads
        few = members + len(here) <= SHARED * len(joined)
        if place.read:
            few = few and float(len(here) * 2.0 ** (-base / 2)) <= RARELY
        if base and few:
            members, heads = members + len(here), joined
        else:
            base, members, heads = length, len(here), set(here)
        for text in here:
            found[text] = end(place, text, base)
    return found
