"""Rules without a selective key, all at once: a bit for every term, and for every field the terms it leaves standing.

After Lakshman and Stiliadis (1998), with whole numbers as the bit vectors. For each field two vectors are looked up by
the event's value: the terms whose tests of the field *may* hold, and those whose tests *must*. Both are and-ed over the
fields. What must hold is an answer; what only may is asked itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from atamo_rules.engine.index.bits import mask, positions
from atamo_rules.engine.index.forms import BOOLEAN, ITEMS, NUMBER, PRESENT, TEXT, Ask, Term
from atamo_rules.engine.index.numbers import Cut, Slots, nearest, ordered
from atamo_rules.engine.index.paths import Reads, value_at, values_at
from atamo_rules.engine.index.probes import listed
from atamo_rules.engine.index.ranges import Numbers, joined
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.shapes import Residual
from atamo_rules.model.meaning import Step

MOST_VALUES = 256
"""Texts of one path that are told apart."""
MOST_CUTS = 192
"""Thresholds of one path that are told apart: two thirds by rank, the others around the widest gaps."""

Rest = Callable[[], Residual]
Both = tuple[int, int]
"""The terms that may hold, and those that must."""


class Dense:
    """The terms of some rules, and how they are answered. `rules` are (id, its terms, its condition), in order."""

    def __init__(
        self, rules: Sequence[tuple[str, Sequence[Term], Rest]], numbers: Mapping[tuple[Step, ...], Numbers]
    ) -> None:
        asks: dict[tuple[str, tuple[Step, ...]], list[tuple[int, tuple[Ask, ...]]]] = {}
        ids: list[str] = []
        rests: list[Rest] = []
        sure: list[int] = []
        for id, found, rest in rules:
            for term in found:
                bit = len(ids)
                ids.append(id)
                rests.append(rest)
                whole = term.whole
                by_path: dict[tuple[str, tuple[Step, ...]], tuple[Ask, ...]] = {}
                for ask in term.asks:
                    by_path[ask[:2]] = (*by_path.get(ask[:2], ()), ask)
                for path, here in by_path.items():
                    asks.setdefault(path, []).append((bit, here))
                    whole = whole and not (path[0] == ITEMS and sum(not one.negated for one in here) > 1)
                if whole:
                    sure.append(bit)
        self._ids = ids
        self._size = len(ids)
        self._all = (1 << self._size) - 1
        self._rests = _Rests(rests)
        self._sure = mask(sure, self._size)
        self.repeats = len(set(ids)) < len(ids)
        self._fields: list[Field] = [
            FIELDS[kind](steps, found, self._size, numbers) for (kind, steps), found in asks.items()
        ]

    def emit(self, source: Source, reads: Reads) -> None:
        """Lines that put the ids of matching rules into `out`."""
        may = "m"
        source.line(f"{may} = {source.given(self._all)}")
        must = self._sure and any(not field.exact for field in self._fields)
        if must:
            source.line(f"u = {source.given(self._sure)}")
        for field in self._fields:
            field.emit(source, reads)
        with source.block("if m:"):
            if not self._sure:
                known = "0"
            else:
                known = "u & m" if must else f"m & {source.given(self._sure)}"
            source.line(f"{source.given(self.answer)}(m, {known}, e, out)")

    def collect(self, body: Any, out: list[str]) -> None:
        """The same of any body, whatever it holds."""
        may, must = self._all, self._sure
        for field in self._fields:
            one, two = field.of(body)
            may &= one
            must &= two
        self.answer(may, must & may, body, out)

    def answer(self, may: int, must: int, body: Any, out: list[str]) -> None:
        """Put the ids of terms into `out`: of those that must hold, and of the others that are asked and do."""
        ids = self._ids
        if must == self._all:
            out += ids
        elif must:
            out += [ids[at] for at in positions(must)]
        unsure = may ^ must
        if unsure:
            rests = self._rests
            out += [ids[at] for at in positions(unsure) if rests[at](body)]


class _Rests(dict[int, Residual]):
    """By its bit, the function of a rule's condition, made when it is first asked."""

    def __init__(self, made: Sequence[Rest]) -> None:
        super().__init__()
        self._made = made

    def __missing__(self, bit: int) -> Residual:
        found = self[bit] = self._made[bit]()
        return found


# --- fields ---------------------------------------------------------------------------------------------


class Field:
    """What the value at one path leaves standing. `exact`: what may hold, so far as it goes, must."""

    exact = True

    def __init__(
        self,
        steps: tuple[Step, ...],
        found: Sequence[tuple[int, tuple[Ask, ...]]],
        size: int,
        numbers: Mapping[tuple[Step, ...], Numbers],
    ) -> None:
        self.steps = steps
        self.free = ((1 << size) - 1) ^ mask((bit for bit, _ in found), size)
        """The terms that ask nothing here."""

    def emit(self, source: Source, reads: Reads) -> None:
        """Lines that and the terms into `m`, and where this is not exact, into `u`."""
        raise NotImplementedError

    def of(self, body: Any) -> Both:
        """The terms that may and must hold, of any body."""
        raise NotImplementedError


class Texts(Field):
    """`is`, `is one of`, and their negations, on texts."""

    def __init__(self, steps: tuple[Step, ...], found: Any, size: int, numbers: Any) -> None:
        super().__init__(steps, found, size, numbers)
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
        base = self.free | mask(other, size)
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


class Booleans(Field):
    """`is true`, `is false`, and their negations, which hold of whatever is no boolean too."""

    def __init__(self, steps: tuple[Step, ...], found: Any, size: int, numbers: Any) -> None:
        super().__init__(steps, found, size, numbers)
        self._masks = {
            value: self.free | mask((bit for bit, asks in found if _stands(asks, value)), size)
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


class Presence(Field):
    """`is present` and `is absent`."""

    def __init__(self, steps: tuple[Step, ...], found: Any, size: int, numbers: Any) -> None:
        super().__init__(steps, found, size, numbers)
        self._there, self._missing = (
            self.free | mask((bit for bit, asks in found if all(ask.negated is no for ask in asks)), size)
            for no in (False, True)
        )

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.value(self.steps)
        source.line(f"m &= {source.given(self._missing)} if {name} is None else {source.given(self._there)}")

    def of(self, body: Any) -> Both:
        found = self._missing if value_at(body, self.steps) is None else self._there
        return (found, found)


class Items(Field):
    """`contains`, `contains any of`, and their negations, on lists of texts. Of two that a term asks, the second is
    not looked at here."""

    def __init__(self, steps: tuple[Step, ...], found: Any, size: int, numbers: Any) -> None:
        super().__init__(steps, found, size, numbers)
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
        self._unasked = ((1 << size) - 1) ^ mask(asking, size)
        self._wanted = {value: mask(bits, size) for value, bits in wanted.items()}
        self._refused = {value: mask(bits, size) for value, bits in refused.items()}

    def emit(self, source: Source, reads: Reads) -> None:
        name, _ = reads.elements(self.steps)
        with source.block(f"if {name} is None:"):
            source.line(f"m &= {source.given(self._unasked)}")
        with source.block("else:"):
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
        wanted, refused = self._unasked, 0
        for value in values_at(body, self.steps):
            if isinstance(value, str):
                wanted |= self._wanted.get(value, 0)
                refused |= self._refused.get(value, 0)
        found = wanted & ~refused
        return (found, found)


class Thresholds(Field):
    """Comparisons and equality of a number. Where there are too many thresholds to tell all apart, a term whose own
    lies within the slot may hold there, and need not."""

    def __init__(
        self, steps: tuple[Step, ...], found: Any, size: int, numbers: Mapping[tuple[Step, ...], Numbers]
    ) -> None:
        super().__init__(steps, found, size, numbers)
        self._numbers = numbers[steps]
        cuts = ordered(
            cut for _, asks in found for ask in asks for pair in ask.what for cut in pair if cut is not None
        )
        self.cuts = _apart(cuts) if len(cuts) > MOST_CUTS else cuts
        self.exact = len(self.cuts) == len(cuts)
        self._size = size
        count = len(self.cuts) + 3
        may, must = _standing(found, self.cuts, count)
        self._coarse = list(
            zip(_sweep(may, self.free, size, count), _sweep(must, self.free, size, count), strict=True)
        )
        self._numbers.cuts += self.cuts
        self._may: list[int] = []
        self._both: list[Both] = []

    def finish(self) -> None:
        """Point every slot of the path at its vectors, once the slots are laid out."""
        of = joined(self._numbers.slots, self.cuts)
        self._both = [self._coarse[slot] for slot in of]
        self._may = [both[0] for both in self._both]

    def emit(self, source: Source, reads: Reads) -> None:
        if not self._both:
            self.finish()
        slot = self._numbers.slot(source, reads)
        if self.exact:
            source.line(f"m &= {source.given(self._may)}[{slot}]")
        else:
            source.line(f"a, b = {source.given(self._both)}[{slot}]")
            source.line("m &= a")
            source.line("u &= b")

    def of(self, body: Any) -> Both:
        if not self._both:
            self.finish()
        return self._both[self._numbers.slots.of(value_at(body, self.steps))]


FIELDS: dict[str, type[Field]] = {
    TEXT: Texts,
    NUMBER: Thresholds,
    BOOLEAN: Booleans,
    ITEMS: Items,
    PRESENT: Presence,
}

Toggles = dict[int, list[int]]


def _sweep(toggles: Toggles, free: int, size: int, count: int) -> list[int]:
    """The vector of every slot, from the terms that change their standing where it begins."""
    found: list[int] = []
    bits = free
    for slot in range(count):
        here = toggles.get(slot)
        if here:
            bits ^= mask(here, size)
        found.append(bits)
    return found


def _standing(found: Any, cuts: Sequence[Cut], count: int) -> tuple[Toggles, Toggles]:
    """Where terms change their standing: those that may hold, and those that must."""
    slots = Slots(())
    slots.cuts = tuple(cuts)
    may: Toggles = {}
    must: Toggles = {}
    for bit, asks in found:
        outer: list[tuple[int, int]] = [(0, count)]
        inner = outer
        for ask in asks:
            wide, narrow = _spans(ask.what, slots, count)
            if ask.negated:
                wide, narrow = _others(narrow, count), _others(wide, count)
            outer, inner = _meet(outer, wide), _meet(inner, narrow)
        for spans, toggles in ((outer, may), (inner, must)):
            for first, last in spans:
                toggles.setdefault(first, []).append(bit)
                toggles.setdefault(last, []).append(bit)
    return may, must


def _spans(
    pairs: Iterable[Any], slots: Slots, count: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The slots that some intervals touch, and those that they fill."""
    wide: list[tuple[int, int]] = []
    narrow: list[tuple[int, int]] = []
    for low, high in pairs:
        first = last = 1
        if low is not None:
            last = slots.right_of(low)
            first = last if _among(low, last, slots) else last - 1
        end = past = count - 1
        if high is not None:
            past = slots.right_of(high)
            end = past if _among(high, past, slots) else past - 1
        wide.append((first, past))
        narrow.append((last, end))
    return _union(wide), _union(narrow)


def _among(cut: Cut, slot: int, slots: Slots) -> bool:
    return slot - 2 < len(slots.cuts) and slots.cuts[slot - 2] == cut


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, last in sorted(span for span in spans if span[0] < span[1]):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _others(spans: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    edges = [0, *(edge for span in spans for edge in span), count]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _meet(one: Sequence[tuple[int, int]], two: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(max(a, c), min(b, d)) for a, b in one for c, d in two if max(a, c) < min(b, d)]


def _apart(cuts: Sequence[Cut]) -> tuple[Cut, ...]:
    """Thresholds to tell apart: some by rank, and both ends of the widest gaps, in which many numbers may lie."""
    by_rank = {at * len(cuts) // (MOST_CUTS * 2 // 3) for at in range(MOST_CUTS * 2 // 3)}
    values = [nearest(cut[0]) for cut in cuts]
    gaps = sorted(range(1, len(cuts)), key=lambda at: values[at] - values[at - 1], reverse=True)
    widest = {end for at in gaps[: MOST_CUTS // 6] for end in (at - 1, at)}
    return tuple(cuts[at] for at in sorted(by_rank | widest | {0, len(cuts) - 1}))
