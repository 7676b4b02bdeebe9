"""Thresholds and intervals of the number at one path: one bisection answers for all of them.

A rule that is one threshold and nothing else is answered exactly, by a slice of the rules in the order of their
thresholds. An interval is filed in every slot that it touches; slots are joined until that is few on average.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from atamo_rules.engine.index.buckets import Bucket, Entry, Filing, Matching
from atamo_rules.engine.index.numbers import Cut, Slots, nearest
from atamo_rules.engine.index.paths import Reads, value_at
from atamo_rules.engine.index.pausing import Pause
from atamo_rules.engine.index.source import Source
from atamo_rules.model.meaning import Step

PER_SPAN = 6
"""Slots that an interval is filed in, on average at most."""

Put: TypeAlias = Callable[[Entry, list[Entry]], None]
"""Puts an entry into a bucket."""
Span = tuple["Cut | None", "Cut | None", Entry]


class Numbers:
    """Everything that one path's number is asked. Filled first, then finished, then read only."""

    repeats = False
    ordered = False

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = steps
        self.over: list[tuple[Cut, str]] = []
        """Rules that are nothing but: the number lies right of this cut."""
        self.under: list[tuple[Cut, str]] = []
        self.spans: list[Span] = []
        self.cuts: list[Cut] = []
        """What others want told apart as well."""
        self.slots = Slots(())
        self._name: tuple[Source, str] | None = None

    def finish(self, nested: Callable[[list[Entry]], Matching | None], put: Put) -> None:
        """Lay the slots out, now that every cut is known."""
        apart = coarse(self.spans)
        wanted = [cut for cut, _ in self.over] + [cut for cut, _ in self.under]
        self.slots = slots = Slots([*wanted, *apart, *self.cuts])
        count = len(slots)
        self.ordered = not wanted
        over = sorted((slots.right_of(cut)[0], id) for cut, id in self.over)
        under = sorted((slots.right_of(cut)[0], id) for cut, id in self.under)
        self._over, self._under = [id for _, id in over], [id for _, id in under]
        self._overs = _counts([slot for slot, _ in over], count)
        self._unders = _counts([slot for slot, _ in under], count)
        # What is no number is neither over nor under anything.
        self._overs[-1] = 0
        self._unders[0] = self._unders[-1] = len(self.under)
        self._filing: Filing | None = None
        self._lists: list[Bucket | None] = []
        if self.spans:
            buckets = _filed(self.spans, apart, put)
            self._filing = Filing([bucket for bucket in buckets if bucket], nested)
            of = joined(slots, apart)
            self._lists = [self._filing[buckets[slot]] if buckets[slot] else None for slot in of]

    def warm(self, pause: Pause) -> None:
        """Make now what places a number of each kind, which otherwise the first event that has one does."""
        for kind in (float, int, Decimal):
            pause()
            self.slots[kind]

    def slot(self, source: Source, reads: Reads) -> str:
        """The variable that holds the slot, read once in a function."""
        if self._name is None or self._name[0] is not source:
            name, _ = reads.value(self.steps)
            made = source.fresh("k")
            source.line(f"{made} = {source.given(self.slots)}[{name}.__class__]({name})")
            self._name = (source, made)
        return self._name[1]

    def emit(self, source: Source, reads: Reads) -> None:
        """Lines that put the ids of matching rules into `out`."""
        if not (self.over or self.under or self.spans):
            return
        slot = self.slot(source, reads)
        if self.over:
            source.line(f"n = {source.given(self._overs)}[{slot}]")
            with source.block("if n:"):
                source.line(f"out += {source.given(self._over)}[:n]")
        if self.under:
            source.line(f"n = {source.given(self._unders)}[{slot}]")
            with source.block(f"if n < {len(self._under)}:"):
                source.line(f"out += {source.given(self._under)}[n:]")
        if self._filing is not None:
            source.line(f"b = {source.given(self._lists)}[{slot}]")
            with source.block("if b is not None:"):
                self._filing.emit(source, "b")

    def collect(self, body: Any, out: list[str]) -> None:
        """The same of any body, whatever it holds."""
        slot = self.slots.of(value_at(body, self.steps))
        out += self._over[: self._overs[slot]]
        out += self._under[self._unders[slot] :]
        if self._filing is not None:
            found = self._lists[slot]
            if found is not None:
                self._filing.take(found, body, out)


def joined(slots: Slots, cuts: Sequence[Cut]) -> list[int]:
    """For every slot, the slot that it is a part of where only `cuts` are told apart. They are among the slots' own."""
    of, at = [0], 1
    chosen = set(cuts)
    of.append(1)
    for cut in slots.cuts:
        at += cut in chosen
        of.append(at)
    of.append(len(cuts) + 2)
    return of


def _counts(firsts: Sequence[int], count: int) -> list[int]:
    """For every slot, how many of the rising first slots are not beyond it."""
    found: list[int] = []
    done = 0
    for slot in range(count):
        while done < len(firsts) and firsts[done] <= slot:
            done += 1
        found.append(done)
    return found


def coarse(spans: Sequence[Span]) -> tuple[Cut, ...]:
    """The ends of intervals, thinned until an interval touches few slots."""
    slots = Slots([cut for low, high, _ in spans for cut in (low, high) if cut is not None])
    cuts, step = slots.cuts, 1
    # By the numbers of their cuts; where an interval has no end, by those before the first and after the last.
    ends = [
        (
            -1 if low is None else slots.right_of(low)[0] - 2,
            len(cuts) if high is None else slots.right_of(high)[0] - 2,
        )
        for low, high, _ in spans
    ]
    # Of every `step` cuts one is kept: an interval begins in the slot of the last that is not after its own.
    while len(cuts) > 8 * step:
        if sum([-(-last // step) - first // step for first, last in ends]) <= PER_SPAN * len(spans):
            break
        step *= 2
    return cuts[::step]


class Touching:
    """Which slots between cuts an interval touches: from `first` up to, and not with, `last`."""

    def __init__(self, cuts: Sequence[Cut]) -> None:
        self._slots = Slots(cuts)
        self._count = len(cuts)

    def first(self, low: Cut | None) -> int:
        """The slot in which what is right of a cut begins; a cut that is not among these lies within its slot."""
        if low is None:
            return 1
        slot, clean = self._slots.right_of(low)
        return slot if clean else slot - 1

    def last(self, high: Cut | None) -> int:
        """One past the slot in which what is left of a cut ends."""
        return self._count + 2 if high is None else self._slots.right_of(high)[0]


def _filed(spans: Sequence[Span], cuts: Sequence[Cut], put: Put) -> list[list[Entry]]:
    ranks = Touching(cuts)
    buckets: list[list[Entry]] = [[] for _ in range(len(cuts) + 3)]
    for low, high, entry in spans:
        for slot in range(ranks.first(low), ranks.last(high)):
            put(entry, buckets[slot])
    return buckets


def touched(low: Cut, high: Cut, sorted_numbers: Sequence[float]) -> float:
    """The share of a path's thresholds that lie in an interval: how many events it is taken to reach."""
    here = bisect_left(sorted_numbers, nearest(high[0])) - bisect_left(sorted_numbers, nearest(low[0]))
    return max(here, 1) / (len(sorted_numbers) + 1)
