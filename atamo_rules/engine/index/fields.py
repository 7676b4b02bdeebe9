"""What the value at a path leaves standing of the terms of bit vectors: texts, booleans, presence, items of lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from atamo_rules.engine.index.bits import mask
from atamo_rules.engine.index.forms import Ask
from atamo_rules.engine.index.paths import Reads, value_at, values_at
from atamo_rules.engine.index.ranges import Numbers
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.index.texts import listed
from atamo_rules.model.meaning import Step

MOST_VALUES = 256
"""Texts of one path that are told apart."""

Both: TypeAlias = tuple[int, int]
"""The terms that may hold, and those that must."""


Found: TypeAlias = "Sequence[tuple[int, tuple[Ask, ...]]]"
"""Terms, by the number of their bit, and what each asks of one path."""


class Field(Protocol):
    """What the value at one path leaves standing."""

    exact: bool
    """Whether what may hold, so far as this path goes, must."""

    def emit(self, source: Source, reads: Reads) -> None:
        """Lines that intersect `m` with the terms that may hold, and, where this is not exact, `u` with those that
        must."""

    def of(self, body: Any) -> Both:
        """The terms that may and must hold, of any body."""


class Making(Protocol):
    """Makes a field of `size` terms. `numbers` are the slots of every path that numbers are compared at."""

    def __call__(
        self, steps: tuple[Step, ...], found: Found, size: int, numbers: Mapping[tuple[Step, ...], Numbers]
    ) -> Field: ...


def free(found: Found, size: int) -> int:
    """The terms that ask nothing of a path."""
    return ((1 << size) - 1) ^ mask((bit for bit, _ in found), size)


class Texts:
    """`is`, `is one of`, and their negations, on texts."""

    def __init__(self, steps: tuple[Step, ...], found: Found, size: int, numbers: Any) -> None:
        self.steps = steps
        uses = Counter(value for _, asks in found for ask in asks for value in ask.what)
        known = {value for value, _ in uses.most_common(MOST_VALUES)}
        other: list[int] = []
        toggled: dict[str, list[int]] = {value: [] for value in known}
        unsure: list[int] = []
        for bit, asks in found:
            here, elsewhere = _allowed(asks)
            if not known.issuperset(here):
                unsure.append(bit)
                continue
            if elsewhere:
                other.append(bit)
            for value in here:
                toggled[value].append(bit)
        base = free(found, size) | mask(other, size)
        open = mask(unsure, size)
        self.exact = not unsure
        self._other: Both = (base | open, base)
        self._table: dict[Any, Both] = {}
        for value, bits in toggled.items():
            made = base ^ mask(bits, size)
            self._table[value] = (made | open, made)
        self._single = {value: both[0] for value, both in self._table.items()}

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.value(self.steps)
        if self.exact:
            source.line(f"m &= {source.given(self._single)}.get({name}, {source.given(self._other[0])})")
        else:
            source.line(f"a, b = {source.given(self._table)}.get({name}, {source.given(self._other)})")
            source.line("m &= a")
            source.line("u &= b")

    def of(self, body: Any) -> Both:
        value = value_at(body, self.steps)
        return self._table.get(value, self._other) if isinstance(value, str) else self._other


def _allowed(asks: Iterable[Ask]) -> tuple[set[Any], bool]:
    """Values at which a term's standing differs from that at all others, and whether it stands at all others."""
    yes: set[Any] | None = None
    no: set[Any] = set()
    for ask in asks:
        if ask.negated:
            no.update(ask.what)
        else:
            yes = set(ask.what) if yes is None else yes & set(ask.what)
    return (no, True) if yes is None else (yes - no, False)


class Booleans:
    """`is true`, `is false`, and their negations, which hold of whatever is no boolean too."""

    exact = True

    def __init__(self, steps: tuple[Step, ...], found: Found, size: int, numbers: Any) -> None:
        self.steps = steps
        self._masks = {
            value: free(found, size) | mask((bit for bit, asks in found if _stands(asks, value)), size)
            for value in (True, False, None)
        }

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.value(self.steps)
        true, false, other = (source.given(self._masks[value]) for value in (True, False, None))
        source.line(f"m &= {true} if {name} is True else {false} if {name} is False else {other}")

    def of(self, body: Any) -> Both:
        value = value_at(body, self.steps)
        found = self._masks[value if isinstance(value, bool) else None]
        return (found, found)


def _stands(asks: Iterable[Ask], value: bool | None) -> bool:
    return all((value in ask.what) is not ask.negated for ask in asks)


class Presence:
    """`is present` and `is absent`."""

    exact = True

    def __init__(self, steps: tuple[Step, ...], found: Found, size: int, numbers: Any) -> None:
        self.steps = steps
        base = free(found, size)
        self._there, self._missing = (
            base | mask((bit for bit, asks in found if all(ask.negated is no for ask in asks)), size)
            for no in (False, True)
        )

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.value(self.steps)
        source.line(f"m &= {source.given(self._missing)} if {name} is None else {source.given(self._there)}")

    def of(self, body: Any) -> Both:
        found = self._missing if value_at(body, self.steps) is None else self._there
        return (found, found)


class Items:
    """`contains`, `contains any of`, and their negations, on lists of texts. Of two that a term asks, the second is
    not looked at here."""

    exact = True

    def __init__(self, steps: tuple[Step, ...], found: Found, size: int, numbers: Any) -> None:
        self.steps = steps
        wanted: dict[str, list[int]] = {}
        refused: dict[str, list[int]] = {}
        asking: list[int] = []
        for bit, asks in found:
            yes = next((ask for ask in asks if not ask.negated), None)
            if yes is not None:
                asking.append(bit)
                for value in set(yes.what):
                    wanted.setdefault(value, []).append(bit)
            for value in {value for ask in asks if ask.negated for value in ask.what}:
                refused.setdefault(value, []).append(bit)
        self._free = free(found, size)
        self._all = (1 << size) - 1
        self._unasked = self._all ^ mask(asking, size)
        self._wanted = {value: mask(bits, size) for value, bits in wanted.items()}
        self._refused = {value: mask(bits, size) for value, bits in refused.items()}

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.elements(self.steps)
        with source.block(f"if {name} is None:"):
            source.line(f"m &= {source.given(self._unasked)}")
        with source.block("else:"):
            self._emit_list(source, name)

    def _emit_list(self, source: Source, name: str) -> None:
        listed(source, name)
        source.line(f"a = {source.given(self._unasked)}")
        source.line("b = 0")
        with source.block(f"for x in {name}:"):
            if self._wanted:
                source.line(f"a |= {source.given(self._wanted)}.get(x, 0)")
            if self._refused:
                source.line(f"b |= {source.given(self._refused)}.get(x, 0)")
        source.line("m &= a")
        with source.block("if b:"):
            source.line("m &= ~b")

    def of(self, body: Any) -> Both:
        return self._among(values_at(body, self.steps))

    def _among(self, values: Iterable[Any]) -> Both:
        wanted, refused = self._unasked, 0
        for value in values:
            if isinstance(value, str):
                wanted |= self._wanted.get(value, 0)
                refused |= self._refused.get(value, 0)
        found = wanted & ~refused
        return (found, found)


class OpenItems(Items):
    """`Items` where nothing is known of the value: a list is looked up by its items; a text, whose parts are asked for
    then, leaves every term open."""

    exact = False

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.value(self.steps)
        with source.block(f"if {name} is None:"):
            source.line(f"m &= {source.given(self._unasked)}")
        with source.block(f"elif {name}.__class__ is str:"):
            source.line(f"u &= {source.given(self._free)}")
        with source.block("else:"):
            self._emit_list(source, name)

    def of(self, body: Any) -> Both:
        value = value_at(body, self.steps)
        if isinstance(value, str):
            return (self._all, self._free)
        return self._among(value if isinstance(value, list | tuple) else ())
