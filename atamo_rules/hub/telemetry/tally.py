"""What a hub did since it started, counted once from its audit: what `atamo top` shows and monitors scrape."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from math import inf
from typing import Any

from atamo_rules.hub.telemetry import numbers
from atamo_rules.hub.telemetry.numbers import SECONDS, Spread
from atamo_rules.model.audit import Note
from atamo_rules.model.types import Json

LAST = 1000
"""Latest lengths of time that a median is taken over."""
MOST_OPEN = 100_000
"""Events, and attempts, whose beginnings wait for their end; those that never end make room."""
SEVERAL = 32
"""Records of one run, from which on they are counted kind by kind."""
TROUBLES = 20
"""Latest failures that are remembered."""


class Took:
    """Lengths of time: the latest of them, and how all of them are spread. They are put where they belong when somebody
    asks, or when there are many."""

    __slots__ = ("_latest", "_spread", "_unsorted")

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=LAST)
        self._spread = Spread([0] * (len(SECONDS) + 1))
        self._unsorted: list[timedelta] = []

    def add(self, *times: timedelta) -> None:
        """Some more. A clock that was set back makes no negative time."""
        self._unsorted += times
        if len(self._unsorted) >= LAST:
            self._sort()

    @property
    def latest(self) -> deque[float]:
        """In seconds, the newest last."""
        self._sort()
        return self._latest

    @property
    def spread(self) -> Spread:
        """Of all of them, in seconds."""
        self._sort()
        return self._spread

    def _sort(self) -> None:
        if not self._unsorted:
            return
        times = list(map(timedelta.total_seconds, self._unsorted))
        if min(times) < 0.0:
            times = [max(0.0, seconds) for seconds in times]
        self._unsorted.clear()
        self._latest.extend(times)
        self._spread.total += sum(times)
        times.sort()
        below = 0
        for place, bound in enumerate((*SECONDS, inf)):
            upto = bisect_right(times, bound, below)
            self._spread.counts[place] += upto - below
            below = upto


@dataclass(slots=True)
class OfAgent:
    """Attempts of one agent: how many began, and by how they ended."""

    counts: Counter[str] = field(default_factory=Counter)
    took: Took = field(default_factory=Took)


class Tally:
    """Counts what it hears. It also wakes whoever waits for the next record."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.types = numbers.Counter(
            "atamo_events_by_type", "Events that were accepted, by their type.", ("type",)
        )
        self.fired = numbers.Counter("atamo_rules_fired", "How often each rule matched and acted.", ("rule",))
        self.alerts = numbers.Counter("atamo_alerts", "Alerts that were raised.", ("name",))
        self.agents: dict[str, OfAgent] = {}
        self.took = Took()
        """From an event's being accepted to its being over."""
        self.troubles: deque[Note] = deque(maxlen=TROUBLES)
        self.last = 0
        self._events: dict[str, datetime] = {}
        self._actions: dict[Json, datetime] = {}
        """When those that are open began."""
        self._targets: dict[str, OfAgent] = {}
        self._bell = asyncio.Event()
        self._waiting = 0

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Take records as they are committed; `first` is the position of the first of them."""
        self.last = first + len(notes) - 1
        told: dict[str, list[Note]] = defaultdict(list)
        for note in notes:
            told[note.kind].append(note)
        for kind, some in told.items():
            self.kinds[kind] += len(some)
        if len(notes) >= SEVERAL and told.keys().isdisjoint(_APART):
            self._count_together(told)
        else:
            for note in notes:
                count = _HANDLERS.get(note.kind)
                if count is not None:
                    count(self, note)
        _make_room(self._events)
        _make_room(self._actions)
        if self._waiting:
            self._bell.set()
            self._bell = asyncio.Event()

    async def news(self, after: int, seconds: float) -> None:
        """Come back when there is a record beyond a position, at the latest after so many seconds."""
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while self.last <= after:
                    await self._bell.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

    def forget(self, event: str) -> None:
        """Let go of what is remembered of an event's troubles."""
        kept = (note for note in self.troubles if note.event != event)
        self.troubles = deque(kept, maxlen=TROUBLES)

    def document(self) -> dict[str, Json]:
        """The counts as JSON."""
        fired = sorted(self.fired.values.items(), key=lambda one: -one[1])
        return {
            "position": self.last,
            "kinds": dict(self.kinds),
            "fired": {rule: int(count) for (rule,), count in fired[:100]},
            "agents": {
                name: {"counts": dict(one.counts), "took_ms": spread(one.took.latest)}
                for name, one in self.agents.items()
            },
            "took_ms": spread(self.took.latest),
            "troubles": [
                {
                    "at": record.at.isoformat(),
                    "kind": record.kind,
                    "event": record.event,
                    "target": record.what.get("target"),
                    "why": record.what.get("why"),
                }
                for record in reversed(self.troubles)
            ],
        }

    def _count_together(self, told: Mapping[str, Sequence[Note]]) -> None:
        """What the handlers below come to, kind by kind, which takes half as long. Only for records among which nothing
        ends and begins again: those must be counted in their turn."""
        if some := told.get("event.accepted"):
            for type, count in Counter([note.what.get("type", "") for note in some]).items():
                self.types.add(str(type), by=count)
            self._events.update([(note.event, note.at) for note in some])
        if some := told.get("event.decided"):
            matched: Any = [note.what.get("matched") or () for note in some]
            for rule, count in Counter(chain.from_iterable(matched)).items():
                self.fired.add(str(rule), by=count)
        if some := told.get("action.started"):
            whats = [note.what for note in some]
            for target, count in Counter([what["target"] for what in whats]).items():
                self._agent(target).counts["started"] += count
            self._actions.update([(what["action"], note.at) for what, note in zip(whats, some, strict=True)])
        if some := told.get("action.done"):
            whats, begun = [note.what for note in some], self._actions.pop
            for target, count in Counter([what["target"] for what in whats]).items():
                self._agent(target).counts["done"] += count
            took: dict[Json, list[timedelta]] = defaultdict(list)
            for what, note in zip(whats, some, strict=True):
                at = begun(what["action"], None)
                if at is not None:
                    took[what["target"]].append(note.at - at)
            for target, times in took.items():
                self._agent(target).took.add(*times)
        if some := told.get("event.finished"):
            pop = self._events.pop
            self.took.add(*[note.at - at for note in some if (at := pop(note.event, None)) is not None])

    def _accepted(self, note: Note) -> None:
        self.types.add(str(note.what.get("type", "")))
        self._events[note.event] = note.at

    def _finished(self, note: Note) -> None:
        begun = self._events.pop(note.event, None)
        if begun is not None:
            self.took.add(note.at - begun)

    def _decided(self, note: Note) -> None:
        for rule in note.what.get("matched") or ():  # type: ignore[union-attr]
            self.fired.add(str(rule))

    def _started(self, note: Note) -> None:
        what = note.what
        self._agent(what["target"]).counts["started"] += 1
        self._actions[what["action"]] = note.at

    def _ended(self, note: Note) -> None:
        what, kind = note.what, note.kind
        agent = self._agent(what["target"])
        agent.counts[kind[7:]] += 1
        begun = self._actions.pop(what["action"], None)
        if begun is not None and kind != "action.lost":  # nobody knows when it ended
            agent.took.add(note.at - begun)
        if kind in _TROUBLES:
            self.troubles.append(note)

    def _alerted(self, note: Note) -> None:
        self.alerts.add(str(note.what.get("name", "")))

    def _agent(self, target: Json) -> OfAgent:
        found = self._targets.get(target)  # type: ignore[arg-type]
        if found is None:
            name = str(target).partition(".")[0]
            found = self._targets[str(target)] = self.agents.setdefault(name, OfAgent())
        return found


def _make_room(open: dict[Any, datetime]) -> None:
    """What never ends is forgotten, the oldest first: memory stays bounded."""
    while len(open) > MOST_OPEN:
        del open[next(iter(open))]


def spread(times: deque[float]) -> dict[str, Json]:
    """Median, 95th of a hundred and longest, in milliseconds."""
    if not times:
        return {"p50": None, "p95": None, "max": None}
    ordered = sorted(times)
    return {
        "p50": round(ordered[len(ordered) // 2] * 1000),
        "p95": round(ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)] * 1000),
        "max": round(ordered[-1] * 1000),
    }


_TROUBLES = frozenset({"action.retry", "action.failed", "action.timeout", "action.lost"})
_HANDLERS: dict[str, Callable[[Tally, Note], None]] = {
    "event.accepted": Tally._accepted,
    "event.finished": Tally._finished,
    "event.decided": Tally._decided,
    "action.started": Tally._started,
    "action.done": Tally._ended,
    "action.cancelled": Tally._ended,
    "action.expired": Tally._ended,
    **dict.fromkeys(_TROUBLES, Tally._ended),
    "alert.raised": Tally._alerted,
}
_TOGETHER = {"event.accepted", "event.decided", "action.started", "action.done", "event.finished"}
_APART = frozenset(_HANDLERS.keys() - _TOGETHER)
"""Kinds of records that are counted each in its turn, with whatever comes beside."""
