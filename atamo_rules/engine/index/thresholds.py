"""What a number leaves standing of the terms of bit vectors, by the slot in which it lies among their thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from atamo_rules.engine.index.bits import mask
from atamo_rules.engine.index.fields import Both, Found, free
from atamo_rules.engine.index.forms import Ask
from atamo_rules.engine.index.numbers import Cut, Slots, nearest, ordered
from atamo_rules.engine.index.paths import Reads, value_at
from atamo_rules.engine.index.ranges import Numbers, joined
from atamo_rules.engine.index.source import Source
from atamo_rules.model.meaning import Step

MOST_CUTS = 192
"""Thresholds of one path that are told apart: two thirds by rank, the others around the widest gaps."""

Toggles: TypeAlias = dict[int, list[int]]
Spans: TypeAlias = list[tuple[int, int]]


class Thresholds:
    """Comparisons and equality of a number. Where there are too many thresholds to tell all apart, a term whose own
    lies within the slot may hold there, and need not."""

    def __init__(
        self, steps: tuple[Step, ...], found: Found, size: int, numbers: Mapping[tuple[Step, ...], Numbers]
    ) -> None:
        self.steps = steps
        base = free(found, size)
        self._numbers = numbers[steps]
        cuts = ordered(
            cut for _, asks in found for ask in asks for pair in ask.what for cut in pair if cut is not None
        )
        self.cuts = _apart(cuts) if len(cuts) > MOST_CUTS else cuts
        self.exact = len(self.cuts) == len(cuts)
        self._size = size
        count = len(self.cuts) + 3
        may, must = _standing(found, self.cuts, count)
        self._coarse = list(zip(_sweep(may, base, size, count), _sweep(must, base, size, count), strict=True))
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


def _standing(found: Found, cuts: Sequence[Cut], count: int) -> tuple[Toggles, Toggles]:
    """Where terms change their standing: those that may hold, and those that must."""
    slots = Slots(cuts)
    may: Toggles = {}
    must: Toggles = {}
    for bit, asks in found:
        outer, inner = _asked(asks[0], slots, count)
        for ask in asks[1:]:
            wide, narrow = _asked(ask, slots, count)
            outer, inner = _meet(outer, wide), _meet(inner, narrow)
        for spans, toggles in ((outer, may), (inner, must)):
            for first, last in spans:
                toggles.setdefault(first, []).append(bit)
                toggles.setdefault(last, []).append(bit)
    return may, must


def _asked(ask: Ask, slots: Slots, count: int) -> tuple[Spans, Spans]:
    """The slots in which a test may hold, and those in which it must."""
    wide, narrow = _spans(ask.what, slots, count)
    return (_others(narrow, count), _others(wide, count)) if ask.negated else (wide, narrow)


def _spans(pairs: Iterable[Any], slots: Slots, count: int) -> tuple[Spans, Spans]:
    """The slots that some intervals touch, and those that they fill."""
    wide: Spans = []
    narrow: Spans = []
    for low, high in pairs:
        first = last = 1
        if low is not None:
            last, clean = slots.right_of(low)
            first = last if clean else last - 1
        end = past = count - 1
        if high is not None:
            past, clean = slots.right_of(high)
            end = past if clean else past - 1
        wide.append((first, past))
        narrow.append((last, end))
    return _union(wide), _union(narrow)


def _union(spans: Spans) -> Spans:
    if len(spans) == 1:
        return spans if spans[0][0] < spans[0][1] else []
    found: Spans = []
    for first, last in sorted(span for span in spans if span[0] < span[1]):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _others(spans: Spans, count: int) -> Spans:
    edges = [0, *(edge for span in spans for edge in span), count]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _meet(one: Spans, two: Spans) -> Spans:
    return [(max(a, c), min(b, d)) for a, b in one for c, d in two if max(a, c) < min(b, d)]


def _apart(cuts: Sequence[Cut]) -> tuple[Cut, ...]:
    """Thresholds to tell apart: some by rank, and both ends of the widest gaps, in which many numbers may lie."""
    by_rank = {at * len(cuts) // (MOST_CUTS * 2 // 3) for at in range(MOST_CUTS * 2 // 3)}
    values = [nearest(cut[0]) for cut in cuts]
    gaps = sorted(range(1, len(cuts)), key=lambda at: values[at] - values[at - 1], reverse=True)
    widest = {end for at in gaps[: MOST_CUTS // 6] for end in (at - 1, at)}
    return tuple(cuts[at] for at in sorted(by_rank | widest | {0, len(cuts) - 1}))
