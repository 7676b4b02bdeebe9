"""The indexes that look a value up: equality, elements of lists, beginnings, ends and parts of texts.

Each can be asked in two ways that answer alike: by lines in the generated function, which may raise when an event is
not as its type says, and by `collect`, which takes whatever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from atamo_rules.engine.index.buckets import Bucket, Entry, Filing, Matching
from atamo_rules.engine.index.keys import ABSENT, ELEMENT, EVERYWHERE, PART, PREFIX, SUFFIX, VALUE, Place
from atamo_rules.engine.index.paths import Reads, several, spelled_at, value_at, values_at
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.search import search

Nested = Callable[[list[Entry]], "Matching | None"]

SHARED = 1.5
"""Different texts under one key, on average at most, where beginnings or ends are looked up by fewer characters."""
STEPS = 3
"""Different lengths of the last steps of paths from which on they are looked up as such."""
RARELY = 0.15
"""The same where texts are of any kind: of all texts, the share that has one of the shorter ends, times the rules."""
FEW = 12
"""Parts of texts that are looked for one by one."""


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


def listed(source: Source, name: str) -> None:
    """Only a list has elements: a text would give its characters, and an object its keys."""
    with source.block(f"if {name}.__class__ is not list:"):
        source.line("raise TypeError")


def folded(source: Source, name: str, must: bool) -> str:
    """The casefolded text in a variable."""
    made = f"{name}f"
    source.line(f"{made} = {name}.casefold()" + ("" if must else f" if {name} is not None else None"))
    return made


def texts(source: Source, reads: Reads, place: Place, look: Callable[[Source, str], None]) -> None:
    """Lines that look at the text at a path, or at every text of a path that may lead to several. What is read as text
    is folded already."""
    if place.read:
        # Of a hundred fields that rules name an event has a few: what is absent is passed by at once.
        name, must = reads.value(place.steps)
        with source.block("if True:" if must else f"if {name} is not None:"):
            name = reads.spelled(place.steps, everywhere=place.read == EVERYWHERE, fold=place.fold)
            with source.block(f"for t in {name}:"):
                look(source, "t")
        return
    if several(place.steps):
        name, must = reads.elements(place.steps)
        with source.block("if True:" if must else f"if {name} is not None:"):
            listed(source, name)
            with source.block(f"for t in {name}:"):
                if place.open:
                    with source.block("if isinstance(t, (list, tuple)):"):
                        source.line("raise TypeError")
                with source.block("if isinstance(t, str):"):
                    look(source, "t")
        return
    name, must = reads.value(place.steps)
    if must:
        look(source, name)
    else:
        with source.block(f"if {name} is not None:"):
            look(source, name)


def texts_at(body: Any, place: Place) -> list[str]:
    """The texts that a place is about, as they are looked up, whatever the body is."""
    if place.read:
        return spelled_at(body, place.steps, everywhere=place.read == EVERYWHERE, fold=place.fold)
    found = values_at(body, place.steps) if several(place.steps) else [value_at(body, place.steps)]
    if place.open:
        found = [item for one in found for item in (one if isinstance(one, list | tuple) else (one,))]
    return [one.casefold() if place.fold else one for one in found if isinstance(one, str)]


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
