"""What a hub did since it started, counted from its audit: what `atamo top` shows."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from atamo_rules.model.audit import Note
from atamo_rules.model.types import Json

LAST = 1000
"""Latest lengths of time that a median is taken over."""
OPEN = 50_000
"""Events and actions under way whose beginnings are remembered."""
TROUBLES = 20
"""Latest failures that are remembered."""


@dataclass(slots=True)
class OfAgent:
    """Attempts of one agent, by how they ended."""

    counts: Counter[str] = field(default_factory=Counter)
    took: deque[float] = field(default_factory=lambda: deque(maxlen=LAST))


class Tally:
    """Counts what it hears. It also wakes whoever waits for the next record."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.agents: dict[str, OfAgent] = {}
        self.took: deque[float] = deque(maxlen=LAST)
        """Seconds from an event's being accepted to its being over."""
        self.troubles: deque[Note] = deque(maxlen=TROUBLES)
        self.last = 0
        self._events: dict[str, datetime] = {}
        self._actions: dict[str, datetime] = {}
        self._targets: dict[str, OfAgent] = {}
        self._bell = asyncio.Event()
        self._waiting = 0

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Take records as they are committed; `first` is the position of the first of them."""
        self.last = first + len(notes) - 1
        for note in notes:
            self.kinds[note.kind] += 1
            handler = _HANDLERS.get(note.kind)
            if handler is not None:
                handler(self, note)
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

    def document(self) -> dict[str, Json]:
        """The counts as JSON."""
        return {
            "position": self.last,
            "kinds": dict(self.kinds),
            "fired": dict(self.rules.most_common(100)),
            "agents": {
                name: {"counts": dict(one.counts), "took_ms": spread(one.took)}
                for name, one in self.agents.items()
            },
            "took_ms": spread(self.took),
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

    def _accepted(self, record: Note) -> None:
        _remember(self._events, record.event, record.at)

    def _finished(self, record: Note) -> None:
        begun = self._events.pop(record.event, None)
        if begun is not None:
            self.took.append((record.at - begun).total_seconds())

    def _decided(self, record: Note) -> None:
        for rule in record.what["matched"]:  # type: ignore[union-attr]
            self.rules[rule] += 1  # type: ignore[index]

    def _started(self, record: Note) -> None:
        what = record.what
        _remember(self._actions, str(what["action"]), record.at)
        self._agent(what["target"]).counts["started"] += 1

    def _ended(self, record: Note) -> None:
        what = record.what
        agent = self._agent(what["target"])
        agent.counts[record.kind[7:]] += 1
        begun = self._actions.pop(str(what["action"]), None)
        if begun is not None:
            agent.took.append((record.at - begun).total_seconds())
        if record.kind != "action.done":
            self.troubles.append(record)

    def _agent(self, target: Json) -> OfAgent:
        found = self._targets.get(target)  # type: ignore[arg-type]
        if found is None:
            name = str(target).partition(".")[0]
            found = self._targets[str(target)] = self.agents.setdefault(name, OfAgent())
        return found


def _remember(begun: dict[str, datetime], name: str, at: datetime) -> None:
    """What never ends is forgotten, the oldest first: memory stays bounded."""
    begun[name] = at
    if len(begun) > OPEN:
        del begun[next(iter(begun))]


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


_HANDLERS: dict[str, Callable[[Tally, Note], None]] = {
    "event.accepted": Tally._accepted,
    "event.finished": Tally._finished,
    "event.decided": Tally._decided,
    "action.started": Tally._started,
    "action.done": Tally._ended,
    "action.retry": Tally._ended,
    "action.failed": Tally._ended,
    "action.timeout": Tally._ended,
    "action.lost": Tally._ended,
}
