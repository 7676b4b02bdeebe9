"""What the windows of rules hold when events have passed: keys, and what a store keeps for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atamo_rules.cli.passing import Passing
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.state import Place, State, window_on
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import encode


@dataclass(frozen=True, slots=True)
class Holding:
    """A window of a rule, or its throttle: the most keys it had at one time; characters that a store keeps of a key,
    its name included, on average and at most; and how often one was written."""

    rule: str
    part: str
    keys: int
    each: float
    largest: int
    writes: int


class Weighed(Book):
    """A book that weighs what is put into it."""

    def __init__(self) -> None:
        super().__init__()
        self.most_keys: Counter[str] = Counter()
        self.characters: Counter[str] = Counter()
        self.largest: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()

    def keep(self, written: Mapping[Place, State | None]) -> None:
        super().keep(written)
        for place, state in written.items():
            window = window_on(place.shelf)
            if state is None:
                continue
            size = len(place.shelf) + len(place.key) + len(encode(state.document()))
            self.writes[window] += 1
            self.characters[window] += size
            self.largest[window] = max(self.largest[window], size)
            self.most_keys[window] = max(self.most_keys[window], self.keys(window))


def holdings(ruleset: Ruleset, events: Sequence[Event]) -> tuple[Holding, ...]:
    """What windows hold while the events pass, one after the other at the times they say, the largest first."""
    if all(rule.time is None for rule in ruleset.rules):
        return ()
    book = Weighed()
    passing = Passing(ruleset, book)
    for event in events:
        passing.take(event)
    found = []
    for window, writes in book.writes.items():
        rule, part, _ = window.split(" ")
        each = book.characters[window] / writes
        found.append(Holding(rule, part, book.most_keys[window], each, book.largest[window], writes))
    return tuple(sorted(found, key=lambda one: (-one.keys * one.each, one.rule, one.part)))
