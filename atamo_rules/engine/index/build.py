"""Rules of one event type to one function that gives the ids of those that match a body, in the rules' order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from atamo_rules.engine.index.buckets import Entry, Matching, always, asking, holding
from atamo_rules.engine.index.dense import Dense
from atamo_rules.engine.index.ends import looked_up
from atamo_rules.engine.index.forms import NUMBER, terms
from atamo_rules.engine.index.paths import Reads
from atamo_rules.engine.index.pausing import Pause, nothing, paused
from atamo_rules.engine.index.places import PREFIX, RANGE, SUFFIX, Key, Place
from atamo_rules.engine.index.plan import WRITTEN_OUT, Item, Plan, item, plan, threshold
from atamo_rules.engine.index.probes import Probe, probe
from atamo_rules.engine.index.ranges import Numbers
from atamo_rules.engine.index.rests import Entries, Later, Warming, of_body
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.index.written import WhenAsked, write
from atamo_rules.engine.shapes import Residual
from atamo_rules.model.meaning import Condition, Step
from atamo_rules.model.types import Type

DEEPEST = 3
"""Indexes within indexes."""


@dataclass(frozen=True, slots=True)
class Built:
    """The function of an index, and the ids of rules that it can only name as candidates: they read more than the
    body."""

    match: Matching
    framed: frozenset[str]
    functions: tuple[Warming, ...] = ()
    """Where rules' functions are made when they are first asked."""


PASSING, GENERATED, WRITTEN = 0, 1, 2
"""How much is done for the speed of an index: no code of its own, as rules will soon come or go; a function of its
own; and that with its few rules written into it."""


def build(items: Sequence[Item], type: Type, pause: Pause = nothing, effort: int = GENERATED) -> Built:
    """The index of some rules; `items` are in the order in which the rules are tried."""
    made = plan(items, written=effort == WRITTEN, pause=pause)
    functions: list[Warming] = []
    match = _Making(made, type, 0, items, pause, effort, functions).function()
    return Built(match, frozenset([one.id for one in items if one.framed]), tuple(functions))


def looped(items: Sequence[Item]) -> Built:
    """The index of a few rules that come and go: each is asked in turn."""
    entries = [(one.id, one.rest or _rest(one)) for one in items]
    framed = frozenset([one.id for one in items if one.framed])
    return Built(lambda body: [id for id, rest in entries if rest(body)], framed)


def _rest(one: Item) -> Residual:
    """What is asked of a rule, kept for all the loops that it will be in."""
    one.framed = not all(map(of_body, one.parts))
    one.rest = always if one.framed or not one.parts else Later(one.parts)
    return one.rest


class _Making:
    """An index while it is built from its plan."""

    def __init__(
        self,
        plan: Plan,
        type: Type,
        depth: int,
        items: Sequence[Item],
        pause: Pause,
        effort: int,
        functions: list[Warming],
    ) -> None:
        self._plan = plan
        self._type = type
        self._depth = depth
        self._items = items
        self._pause = pause
        self._effort = effort
        self._entries = Entries()
        self._functions = functions
        functions.append(self._entries)
        self._of_entry: dict[int, tuple[Item, int]] = {}
        self._numbers: dict[tuple[Step, ...], Numbers] = {}
        self._repeats = False

    def function(self) -> Matching:
        if not self._plan.filed and not self._plan.dense:
            scanned = self._scanned()
            if not self._written_out():
                return loop(self._entries)
            return self._written([], None, scanned, WhenAsked(lambda: self._written([], None, scanned)))
        buckets: dict[Place, dict[Any, list[Entry]]] = {}
        many: set[Place] = set()
        self._file(buckets, many)
        probes: list[Probe] = [
            probe(place, found, self._nested, place in many) for place, found in buckets.items()
        ]
        scanned = self._scanned()
        dense = self._dense(scanned)
        for numbers in self._numbers.values():
            numbers.finish(self._nested, self._entries.put)
            self._functions.append(numbers)
        probes += self._numbers.values()
        return self._written(probes, dense, scanned)

    # --- filing -----------------------------------------------------------------------------------------

    def _file(self, buckets: dict[Place, dict[Any, list[Entry]]], many: set[Place]) -> None:
        shorter = _shorter(self._plan.filed)
        for one in paused(self._plan.filed, self._pause):
            assert one.way is not None
            only = threshold(one)
            if only is not None:
                self._threshold(one, only)
                continue
            keys: Sequence[Key] = one.keys
            if shorter:
                keys = [_cut(key, shorter[key.place]) if key.place in shorter else key for key in keys]
            if len(keys) == 1:
                self._place(keys[0], self._entry(one, one.way[0] if keys[0].exact else -1), buckets, many)
                continue
            entry, self._repeats = self._entry(one), True
            for key in keys:
                self._place(key, entry, buckets, many)

    def _place(
        self, key: Key, entry: Entry, buckets: dict[Place, dict[Any, list[Entry]]], many: set[Place]
    ) -> None:
        place, values, _ = key
        if place.kind == RANGE:
            low, high = values
            self._number(place.steps).spans.append((low, high, entry))
            return
        if len(values) > 1:
            many.add(place)
        here = buckets.get(place)
        if here is None:
            here = buckets[place] = {}
        for value in values:
            bucket = here.get(value)
            if bucket is None:
                bucket = here[value] = []
            if not bucket or bucket[-1] is not entry:
                self._entries.put(entry, bucket)

    def _threshold(self, one: Item, key: Key) -> None:
        low, high = key.values
        numbers = self._number(key.place.steps)
        if low is not None:
            numbers.over.append((low, one.id))
        else:
            numbers.under.append((high, one.id))

    def _number(self, steps: tuple[Step, ...]) -> Numbers:
        found = self._numbers.get(steps)
        if found is None:
            found = self._numbers[steps] = Numbers(steps)
        return found

    def _entry(self, one: Item, drop: int = -1) -> Entry:
        """The rule with what is left to ask once the part of some number is known to hold."""
        parts = _without(one.parts, drop)
        if not all(map(of_body, parts)):
            one.framed = True
            parts = ()
        entry = self._entries.add(one.id, parts)
        self._of_entry[id(entry)] = (one, drop)
        return entry

    def _nested(self, bucket: list[Entry]) -> Matching | None:
        """An index of an overfull bucket, where that is cheaper than asking all of it."""
        if self._depth >= DEEPEST:
            return None
        items = []
        for entry in bucket:
            one, drop = self._of_entry[id(entry)]
            items.append(item(one.id, one.order, _without(one.parts, drop), closed=one.closed))
        made = plan(items, pause=self._pause)
        if not made.filed and not made.dense:
            return None
        effort = min(self._effort, GENERATED)
        inner = _Making(made, self._type, self._depth + 1, items, self._pause, effort, self._functions)
        return inner.function()

    def _scanned(self) -> list[Entry]:
        found: list[Entry] = []
        for one in self._plan.scanned:
            self._entries.put(self._entry(one), found)
        return found

    def _dense(self, scanned: list[Entry]) -> Dense | None:
        rules = []
        for one in paused(self._plan.dense, self._pause):
            one.terms = one.terms or terms(one.parts)
            if not all(term.whole for term in one.terms) and not all(map(of_body, one.parts)):
                self._entries.put(self._entry(one), scanned)
                continue
            rules.append((one.id, one.terms, one.parts))
            for term in one.terms:
                for ask in term.asks:
                    if ask.kind == NUMBER and ask.steps not in self._numbers:
                        self._number(ask.steps)
        if not rules:
            return None
        made = Dense(rules, self._numbers, self._pause)
        self._functions.append(made)
        return made

    # --- the function -----------------------------------------------------------------------------------

    def _written(
        self,
        probes: Sequence[Probe],
        dense: Dense | None,
        scanned: list[Entry],
        alone: Matching | None = None,
    ) -> Matching:
        """The function. `alone` is that of the same index in which every rule of a few stands alone."""
        order = self._order()
        carefully = _Careful(self._entries, probes, dense, scanned, order)
        if self._effort == PASSING:
            return carefully
        source = Source()
        reads = Reads(source, self._type)
        source.line("out = []")
        for one in probes:
            one.emit(source, reads)
        if dense is not None:
            dense.emit(source, reads)
        if scanned:
            self._scan(source, reads, scanned, alone)
        repeats = self._repeats or any(one.repeats for one in probes)
        live = [one for one in probes if not isinstance(one, Numbers) or one.over or one.under or one.spans]
        single = len(live) + bool(scanned) + (dense is not None) == 1
        if repeats or not (single and all(one.ordered for one in live)):
            with source.block("if len(out) > 1:"):
                if repeats:
                    source.line("out = list(dict.fromkeys(out))")
                source.line(f"out.sort(key={source.given(order)})" if order is not None else "out.sort()")
        source.line("return out")

        return source.function(carefully)

    def _written_out(self) -> bool:
        """Whether the rules of the loop are few enough, and stay long enough, to stand in the function themselves."""
        return self._effort == WRITTEN and 0 < len(self._plan.scanned) <= WRITTEN_OUT

    def _scan(self, source: Source, reads: Reads, scanned: list[Entry], alone: Matching | None) -> None:
        if not self._written_out():
            asking(source, source.given(scanned))
            return
        parts = {one.id: one.parts for one in self._plan.scanned}
        write(source, reads, [(entry, parts[entry[1]]) for entry in scanned], alone)

    def _order(self) -> Callable[[str], int] | None:
        """What rules are sorted by; None where it is the id."""
        if len({one.order for one in self._items}) == 1:
            return None
        return {one.id: number for number, one in enumerate(self._items)}.__getitem__


class _Careful:
    """An index without its generated function: for events that are not as their type says."""

    __slots__ = ("_dense", "_entries", "_order", "_probes", "_scanned")

    def __init__(
        self,
        entries: Entries,
        probes: Sequence[Probe],
        dense: Dense | None,
        scanned: list[Entry],
        order: Callable[[str], int] | None,
    ) -> None:
        self._entries = entries  # held here: they hold one another weakly
        self._probes, self._dense, self._scanned, self._order = probes, dense, scanned, order

    def __call__(self, body: Any) -> list[str]:
        out: list[str] = []
        for one in self._probes:
            one.collect(body, out)
        if self._dense is not None:
            self._dense.collect(body, out)
        out += holding(self._scanned, body)
        return sorted(dict.fromkeys(out), key=self._order)


def loop(entries: Entries) -> Matching:
    """The index of a few rules: each is asked in turn."""
    if all(entry[0] is always for entry in entries.all):
        ids = [entry[1] for entry in entries.all]
        return lambda body: list(ids)
    return lambda body: holding(entries.all, body)


def _without(parts: tuple[Condition, ...], drop: int) -> tuple[Condition, ...]:
    return parts if drop < 0 else parts[:drop] + parts[drop + 1 :]


def _shorter(filed: Sequence[Item]) -> dict[Place, dict[str, str]]:
    """By what beginnings and ends are looked up."""
    found: dict[Place, dict[str, None]] = {}
    for one in filed:
        for key in one.keys:
            if key.place.kind in (PREFIX, SUFFIX):
                found.setdefault(key.place, {}).update(dict.fromkeys(key.values))
    return {place: looked_up(place, tuple(texts)) for place, texts in found.items()}


def _cut(key: Key, by: dict[str, str]) -> Key:
    """A beginning or end as it is looked up; where that is not all of it, the rule asks for the rest itself."""
    cut = dict.fromkeys([by[text] for text in key.values])
    return key if tuple(cut) == key.values else Key(key.place, tuple(cut), exact=False)
