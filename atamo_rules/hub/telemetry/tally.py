"""What a hub did since it started, counted once from its audit: what `atamo top` shows and monitors scrape."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from atamo_rules.hub.telemetry import numbers
from atamo_rules.hub.telemetry.numbers import SECONDS, Spread
from atamo_rules.model.audit import Note
from atamo_rules.model.types import Json

LAST = 1000
"""Latest lengths of time that a median is taken over."""
MOST_OPEN = 100_000
"""Events, and attempts, whose beginnings wait for their end; those that never end make room."""
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

    def add(self, time: timedelta) -> None:
        """One more. A clock that was set back makes no negative time."""
        self._unsorted.append(time)
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
        times = [max(0.0, time.total_seconds()) for time in self._unsorted]
        self._unsorted.clear()
        self._latest.extend(times)
        self._spread.total += sum(times)
        for seconds in times:
            self._spread.counts[bisect_left(SECONDS, seconds)] += 1


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
        self.kinds.update(map(_KIND, notes))
        for note in notes:
            count = _HANDLERS.get(note.kind)
            if count is not None:
                count(self, note)
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

    # Every message passes these five: they call as little as they can.

    def _accepted(self, note: Note) -> None:
        self.types.add(str(note.what.get("type", "")))
        events = self._events
        events[note.event] = note.at
        if len(events) > MOST_OPEN:
            _forget_first(events)

    def _finished(self, note: Note) -> None:
        begun = self._events.pop(note.event, None)
        if begun is not None:
            self.took.add(note.at - begun)

    def _decided(self, note: Note) -> None:
        for rule in note.what.get("matched") or ():  # type: ignore[union-attr]
            self.fired.add(str(rule))

    def _started(self, note: Note) -> None:
        what = note.what
        agent = self._targets.get(what["target"]) or self._agent(what["target"])  # type: ignore[arg-type]
        agent.counts["started"] += 1
        actions = self._actions
        actions[what["action"]] = note.at
        if len(actions) > MOST_OPEN:
            _forget_first(actions)

    def _ended(self, note: Note) -> None:
        what, kind = note.what, note.kind
        agent = self._targets.get(what["target"]) or self._agent(what["target"])  # type: ignore[arg-type]
        agent.counts[kind[7:]] += 1
        begun = self._actions.pop(what["action"], None)
        if begun is not None and kind != "action.lost":  # nobody knows when it ended
            agent.took.add(note.at - begun)
        if kind in _TROUBLES:
            self.troubles.append(note)

    def _alerted(self, note: Note) -> None:
        self.alerts.add(str(note.what.get("name", "")))

    def _agent(self, target: Json) -> OfAgent:
        """A target that was not heard of before."""
        name = str(target).partition(".")[0]
        found = self._targets[str(target)] = self.agents.setdefault(name, OfAgent())
        return found


def _forget_first(open: dict[Any, datetime]) -> None:
    """What never ends is forgotten, the oldest first: memory stays bounded."""
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


_KIND = attrgetter("kind")
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
