"""The indexes that look a value up: equality, elements of lists, beginnings, ends and parts of texts.

Each can be asked in two ways that answer alike: by lines in the generated function, which may raise when an event is
not as its type says, and by `collect`, which takes whatever is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from atamo_rules.engine.index.buckets import Bucket, Entry, Filing, Matching
from atamo_rules.engine.index.keys import ELEMENT, PART, PREFIX, SUFFIX, VALUE, Place
from atamo_rules.engine.index.paths import Reads, value_at, values_at
from atamo_rules.engine.index.source import Source

Nested = Callable[[list[Entry]], "Matching | None"]

LENGTHS = 16
"""Lengths of beginnings or ends that are looked up one by one; of more, only the shortest few characters are."""
FEW = 24
"""Parts of texts that are looked for one by one."""
GRAM = 4
"""Characters of a piece of a text by which many parts are found at once."""
STRIDE = 4
"""Every how many characters a text is looked up, at most."""


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


class Values:
    """Equality and membership: one hash lookup of the value at a path."""

    repeats = False
    ordered = True

    def __init__(self, place: Place, buckets: dict[Any, list[Entry]], nested: Nested) -> None:
        self._place = place
        self._filing = Filing(list(buckets.values()), nested)
        self._table: dict[Any, Bucket] = {key: self._filing[bucket] for key, bucket in buckets.items()}

    def emit(self, source: Source, reads: Reads) -> None:
        name, must = reads.value(self._place.steps)
        if self._place.fold:
            name = folded(source, name, must)
        source.line(f"b = {source.given(self._table)}.get({name})")
        with source.block("if b is not None:"):
            self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        found = _looked_up(self._table, value_at(body, self._place.steps), self._place.fold)
        if found is not None:
            self._filing.take(found, body, out)


class Elements:
    """The same for every element of a list, or for everything a path through lists leads to."""

    repeats = True
    ordered = False

    def __init__(self, place: Place, buckets: dict[Any, list[Entry]], nested: Nested) -> None:
        self._place = place
        self._filing = Filing(list(buckets.values()), nested)
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


def listed(source: Source, name: str) -> None:
    """Only a list has elements: a text would give its characters, and an object its keys."""
    with source.block(f"if {name}.__class__ is not list:"):
        source.line("raise TypeError")


def folded(source: Source, name: str, must: bool) -> str:
    """The casefolded text in a variable."""
    made = f"{name}f"
    source.line(f"{made} = {name}.casefold()" + ("" if must else f" if {name} is not None else None"))
    return made


class Ends:
    """Beginnings, or ends, of texts: one hash lookup for every length there is."""

    ordered = False

    def __init__(self, place: Place, buckets: dict[str, list[Entry]], nested: Nested, repeats: bool) -> None:
        self._place = place
        self.repeats = repeats
        lengths = {len(text) for text in buckets}
        if too_many(lengths):
            # The rest of every condition asks for the whole text again, where this is done.
            buckets = _shortened(place, buckets, min(lengths))
            lengths = {min(lengths)}
        self._filing = Filing(list(buckets.values()), nested)
        self._tables: list[tuple[int, dict[str, Bucket]]] = [
            (n, {text: self._filing[bucket] for text, bucket in buckets.items() if len(text) == n})
            for n in sorted(lengths)
        ]

    def emit(self, source: Source, reads: Reads) -> None:
        name, must = reads.value(self._place.steps)
        if must:
            self._lookups(source, name)
        else:
            with source.block(f"if {name} is not None:"):
                self._lookups(source, name)

    def _lookups(self, source: Source, name: str) -> None:
        if self._place.fold:
            name = folded(source, name, True)
        for length, table in self._tables:
            cut = f"[:{length}]" if self._place.kind == PREFIX else f"[-{length}:]"
            source.line(f"b = {source.given(table)}.get({name}{cut})")
            with source.block("if b is not None:"):
                self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        value = value_at(body, self._place.steps)
        if isinstance(value, str):
            text = value.casefold() if self._place.fold else value
            for length, table in self._tables:
                found = table.get(text[:length] if self._place.kind == PREFIX else text[-length:])
                if found is not None:
                    self._filing.take(found, body, out)


def too_many(lengths: set[int]) -> bool:
    """Whether beginnings or ends of so many lengths are looked up by a few characters, and not whole."""
    return len(lengths) > LENGTHS


def _shortened(place: Place, buckets: dict[str, list[Entry]], length: int) -> dict[str, list[Entry]]:
    short: dict[str, list[Entry]] = {}
    for text, bucket in buckets.items():
        known = short.setdefault(text[:length] if place.kind == PREFIX else text[-length:], [])
        known += bucket
    return short


class Parts:
    """Texts somewhere in a text. Few are looked for one by one. Of many, `STRIDE` pieces of `GRAM` characters at
    consecutive offsets are filed, and every `STRIDE`-th piece of the event's text is looked up: one of the pieces must
    be met (after Wu and Manber, 1994)."""

    repeats = True
    ordered = False

    def __init__(self, place: Place, buckets: dict[str, list[Entry]], nested: Nested) -> None:
        self._place = place
        self._filing = Filing(list(buckets.values()), nested)
        self._needles: list[tuple[str, Bucket]] = [
            (text, self._filing[bucket]) for text, bucket in buckets.items()
        ]
        shortest = min(map(len, buckets))
        self._gram = min(GRAM, shortest)
        self._stride = min(STRIDE, shortest - self._gram + 1)
        self._table: dict[str, list[tuple[str, Bucket]]] = {}
        if len(buckets) > FEW:
            for needle in self._needles:
                for offset in range(self._stride):
                    self._table.setdefault(needle[0][offset : offset + self._gram], []).append(needle)

    def emit(self, source: Source, reads: Reads) -> None:
        name, must = reads.value(self._place.steps)
        if must:
            self._search(source, name)
        else:
            with source.block(f"if {name} is not None:"):
                self._search(source, name)

    def _search(self, source: Source, name: str) -> None:
        with source.block(f"if {name}.__class__ is not str:"):
            source.line("raise TypeError")  # `in` would find an element of a list
        if self._place.fold:
            name = folded(source, name, True)
        if not self._table:
            with (
                source.block(f"for n, b in {source.given(self._needles)}:"),
                source.block(f"if n in {name}:"),
            ):
                self._filing.emit(source, "b")
            return
        table = source.given(self._table)
        cuts = source.given(self._cuts)
        source.line("seen = None")
        with source.block(
            f"for g in filter({table}.__contains__, map({name}.__getitem__, {cuts}(len({name})))):"
        ):
            with source.block("if seen is None:"):
                source.line("seen = set()")
            with source.block(f"for n, b in {table}[g]:"):  # noqa: SIM117
                with source.block(f"if n in {name} and n not in seen:"):
                    source.line("seen.add(n)")
                    self._filing.emit(source, "b")

    def _cuts(self, length: int) -> Any:
        return pieces(self._gram, self._stride, length)

    def collect(self, body: Any, out: list[str]) -> None:
        value = value_at(body, self._place.steps)
        texts: list[str] = []
        if isinstance(value, str):
            texts = [value]
        elif self._place.open and isinstance(value, list | tuple):
            texts = [item for item in value if isinstance(item, str)]
        if self._place.fold:
            texts = [text.casefold() for text in texts]
        for needle, bucket in self._needles:
            if any(needle in text for text in texts):
                self._filing.take(bucket, body, out)


_PIECES: dict[tuple[int, int, int], list[slice]] = {}


def pieces(gram: int, stride: int, length: int) -> list[slice]:
    """The slices of a text of some length that are looked up."""
    key = (gram, stride, length)
    found = _PIECES.get(key)
    if found is None:
        found = [slice(at, at + gram) for at in range(0, length - gram + 1, stride)]
        if length < 4096 and len(_PIECES) < 10_000:
            _PIECES[key] = found
    return found


def probe(place: Place, buckets: dict[Any, list[Entry]], nested: Nested, repeats: bool) -> Probe:
    """The probe of a place."""
    if place.kind == VALUE:
        return Values(place, buckets, nested)
    if place.kind == ELEMENT:
        return Elements(place, buckets, nested)
    if place.kind in (PREFIX, SUFFIX):
        return Ends(place, buckets, nested, repeats)
    assert place.kind == PART
    return Parts(place, buckets, nested)
