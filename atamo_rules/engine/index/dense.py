"""Rules without a selective key, all at once: a bit for every term, and for every field the terms it leaves standing.

After Lakshman and Stiliadis (1998), with whole numbers as the bit vectors. For each field two vectors are looked up by
the event's value: the terms whose tests of the field *may* hold, and those whose tests *must*. Both are and-ed over the
fields. What must hold is an answer; what only may is asked itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from atamo_rules.engine.index.bits import FEW, Picker, Spans, mask, positions
from atamo_rules.engine.index.buckets import Entry
from atamo_rules.engine.index.fields import Booleans, Field, Items, Making, OpenItems, Presence, Texts
from atamo_rules.engine.index.forms import BOOLEAN, HELD, ITEMS, NUMBER, PRESENT, TEXT, Ask, Term
from atamo_rules.engine.index.paths import Reads
from atamo_rules.engine.index.pausing import Pause, nothing, paused
from atamo_rules.engine.index.ranges import Numbers
from atamo_rules.engine.index.rests import entry
from atamo_rules.engine.index.source import Source
from atamo_rules.engine.index.thresholds import Thresholds
from atamo_rules.model.meaning import Condition, Step

Path: TypeAlias = "tuple[str, tuple[Step, ...]]"
"""What kind of answer, and where."""
FIELDS: dict[str, Making] = {
    TEXT: Texts,
    NUMBER: Thresholds,
    BOOLEAN: Booleans,
    ITEMS: Items,
    HELD: OpenItems,
    PRESENT: Presence,
}


class Dense:
    """The terms of some rules, and how they are answered. `rules` are (id, its terms, its conjuncts), in order."""

    def __init__(
        self,
        rules: Sequence[tuple[str, Sequence[Term], tuple[Condition, ...]]],
        numbers: Mapping[tuple[Step, ...], Numbers],
        pause: Pause = nothing,
    ) -> None:
        asks: dict[Path, list[tuple[int, tuple[Ask, ...]]]] = {}
        ids: list[str] = []
        rests = [parts for _, _, parts in rules]
        rule_of: list[int] = []
        sure: list[int] = []
        for number, (id, found, _) in enumerate(paused(rules, pause)):
            for term in found:
                bit = len(ids)
                ids.append(id)
                rule_of.append(number)
                whole = term.whole
                by_path: dict[Path, tuple[Ask, ...]] = {}
                for ask in term.asks:
                    path = ask[:2]
                    known = by_path.get(path)
                    by_path[path] = (ask,) if known is None else (*known, ask)
                for path, mine in by_path.items():
                    here = asks.get(path)
                    if here is None:
                        here = asks[path] = []
                    here.append((bit, mine))
                    if whole and path[0] in (ITEMS, HELD) and sum([not one.negated for one in mine]) > 1:
                        whole = False
                if whole:
                    sure.append(bit)
        self._picked = Picker(ids)
        self._of_rules = Spans([len(found) for _, found, _ in rules if found])
        self._every = [id for id, found, _ in rules if found]
        self._size = len(ids)
        self._all = (1 << self._size) - 1
        self._rests = _Rests(rests)
        self._rule_of = rule_of
        self._sure = mask(sure, self._size)
        self._fields: list[Field] = []
        for (kind, steps), asked in asks.items():
            pause()
            self._fields.append(FIELDS[kind](steps, asked, self._size, numbers))
        pause()

    def emit(self, source: Source, reads: Reads) -> None:
        """Lines that put the ids of matching rules into `out`."""
        may = "m"
        source.line(f"{may} = {source.given(self._all)}")
        must = any(not field.exact for field in self._fields)
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
        """Put the ids of rules into `out`, in their order: of those of which a term must hold, and of the others that
        are asked and do."""
        unsure = may ^ must
        if unsure:
            rests, rule_of = self._rests, self._rule_of
            found = [at for at in positions(unsure) if (c := rests[rule_of[at]])[0](body, c)]
            if len(found) > FEW:
                must |= mask(found, self._size)
            else:
                for at in found:
                    must |= 1 << at
        held = self._of_rules.any(must)
        if held == self._of_rules.last:
            out += self._every
        elif held:
            out += self._picked(held)

    def warm(self, pause: Pause) -> None:
        """Make every function now."""
        for number in range(self._rule_of[-1] + 1):
            self._rests[number]
            pause()


class _Rests(dict[int, Entry]):
    """By its number, what is left to ask of a rule, made when it is first asked."""

    def __init__(self, parts: Sequence[tuple[Condition, ...]]) -> None:
        super().__init__()
        self._parts = parts

    def __missing__(self, number: int) -> Entry:
        found = self[number] = entry("", self._parts[number])
        return found
