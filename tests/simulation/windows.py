"""What rules about time must have counted, held back and waited for, told from the audit alone: a naive model that
keeps every moment, and lives as long as the store."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.window import OVER
from tests.simulation.rules import USERS

MINUTE = 60_000_000
THRICE, SELDOM, MISSED = "thrice", "seldom", "missed"

Key = tuple[str, int]
"""An organisation, and the number that is counted by."""


def micros(moment: datetime) -> int:
    """A moment in microseconds."""
    return round(moment.timestamp() * 1_000_000)


@dataclass
class Times:
    """Moments of one key in a stretch of time; those beyond it may be let go of, or hold a clock that was set back."""

    length: int
    inclusive: bool
    kept: list[int] = field(default_factory=list)

    def at(self, now: int) -> tuple[int, list[int]]:
        """The moment that counts, and what stands in the stretch before it."""
        now = max(now, self.kept[-1]) if self.kept else now
        within = self.length if self.inclusive else self.length - 1
        return now, [time for time in self.kept if now - time <= within]

    def gone(self, seen: int) -> bool:
        """Whether a hub that has seen this moment may have let go of all of it."""
        return bool(self.kept) and seen >= self.kept[-1] + self.length + self.inclusive


@dataclass
class WindowBooks:
    """The books on windows. `seen` is the latest moment there was: the clock may have been set back after it, and the
    hub have let go of what was over by then."""

    seen: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    """By event, the number that is counted by."""
    counts: dict[Key, Times] = field(default_factory=lambda: defaultdict(lambda: Times(10 * MINUTE, True)))
    acts: dict[Key, Times] = field(default_factory=lambda: defaultdict(lambda: Times(60 * MINUTE, False)))
    waits: dict[Key, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    """Until when, and the key of the event that the end of the wait makes."""
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By rule, the events of which it was told what they did."""
    orders: set[str] = field(default_factory=set)
    fires: Counter[str] = field(default_factory=Counter)
    acted: Counter[str] = field(default_factory=Counter)

    def enter(self, record: AuditRecord) -> None:
        """A record that is new. Raises AssertionError where it cannot be."""
        kind, what, event = record.kind, record.what, record.event
        if kind == "event.accepted" and what["type"] == "order.placed":
            self.numbers[event] = int(event.removeprefix("e")) % 2
        elif kind == "event.accepted" and what["type"] == OVER:
            self._over(record)
        elif kind == "event.decided" and event.startswith("e"):
            self.orders.add(event)
        elif kind == "action.created":
            self.acted[str(what["rule"])] += 1
            if what.get("follows"):
                self.numbers[str(what["follows"])] = self.numbers[event]
        elif kind == "window.moved":
            self._moved(record)
        self.saw(record.at)

    def saw(self, moment: datetime) -> None:
        """It was so late once."""
        self.seen = max(self.seen, micros(moment))

    def _moved(self, record: AuditRecord) -> None:
        rule, sentence, now = str(record.what["rule"]), str(record.what["window"]), micros(record.at)
        user = USERS.get(record.who)
        key = (user.organisation if user is not None else "", self.numbers[record.event])
        match rule:
            case "thrice":
                self._counted(self.counts[key], now, sentence, record)
            case "seldom":
                self._held_back(self.acts[key], now, sentence, record)
            case "missed" if "waits" in sentence:
                self._waits(self.waits[key], now, sentence, record.event)
            case "missed":
                self._came(self.waits[key], now, sentence)
        assert record.event not in self.told[rule] or rule == "missed", "one event counts twice"
        self.told[rule].add(record.event)
        self.fires[rule] += bool(record.what["fires"])

    def _counted(self, times: Times, now: int, sentence: str, record: AuditRecord) -> None:
        if times.gone(self.seen) and sentence == "1 of 3 within 10 minutes":
            times.kept.clear()
        now, before = times.at(now)
        times.kept = [*before, now]
        assert sentence == f"{len(times.kept)} of 3 within 10 minutes", f"{len(times.kept)} were counted"
        fires = len(times.kept) >= 3
        assert record.what["fires"] is fires
        if fires:
            times.kept.clear()

    def _held_back(self, times: Times, now: int, sentence: str, record: AuditRecord) -> None:
        if times.gone(self.seen) and sentence == "acts after 0 of 1 in 1 hour":
            times.kept.clear()
        now, before = times.at(now)
        if before:
            assert sentence == "held back after 1 of 1 in 1 hour", f"it acted at {before}"
        else:
            assert sentence == "acts after 0 of 1 in 1 hour", "it had not acted"
            times.kept = [now]
        assert record.what["fires"] is not before

    def _waits(self, open: list[tuple[int, str]], now: int, sentence: str, event: str) -> None:
        due = max([now + 10 * MINUTE, *(one for one, _ in open[-1:])])
        id = hashlib.sha256(f"{MISSED}\x00{event}\x00{due}".encode()).hexdigest()[:32]
        open.append((due, f"rule:{MISSED}#{id}"))
        assert sentence == f"waits for 10 minutes, {len(open)} open", f"{len(open)} wait"

    def _came(self, open: list[tuple[int, str]], now: int, sentence: str) -> None:
        left = [one for one in open if one[0] < now]
        ended = len(open) - len(left)
        assert sentence == f"came in time for {ended}, {len(left)} still open", (
            f"{ended} ended, {len(left)} left"
        )
        open[:] = left

    def _over(self, record: AuditRecord) -> None:
        found = [(key, one) for key, open in self.waits.items() for one in open if one[1] == record.event]
        assert found, "the end of no wait"
        ((key, one),) = found
        assert one[0] <= micros(record.at), "a wait is over before its time"
        self.waits[key].remove(one)
        self.fires[MISSED] += 1

    def compare(self) -> None:
        """Every event that was decided is told of, and what fired has acted."""
        for rule in (THRICE, MISSED):
            assert self.orders <= self.told[rule], f"{rule} never saw {sorted(self.orders - self.told[rule])}"
        for rule in (THRICE, SELDOM, MISSED):
            assert self.fires[rule] == self.acted[rule], f"{rule}: {self.fires[rule]} and {self.acted[rule]}"

    def over(self) -> None:
        """The world is over, and so is every wait."""
        open = [one for waits in self.waits.values() for one in waits]
        assert not open, f"waits that were never over: {open}"
