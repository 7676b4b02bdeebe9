"""Counts what the hub does, as it hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from atamo_rules.hub.telemetry.numbers import Counter, Family, Gauge, Histogram
from atamo_rules.model.audit import Note

MOST_OPEN = 100_000
"""Events, and attempts, whose beginnings wait for their end; those that never end make room."""

ARRIVALS = {"event.accepted": "accepted", "event.duplicate": "duplicate", "event.refused": "refused",
            "event.quarantined": "quarantined"}  # fmt: skip
ENDS = {"action.done": "done", "action.failed": "failed", "action.timeout": "timeout",
        "action.cancelled": "cancelled", "action.expired": "expired"}  # fmt: skip
SPARED = {"action.joined": "joined", "cache.hit": "hit", "cache.stale": "stale", "cache.negative": "negative",
          "feed.joined": "feed"}  # fmt: skip
REQUESTS = tuple(f"request.{end}" for end in ("completed", "degraded", "failed", "expired", "cancelled"))


class Meter:
    """The numbers of one hub. It hears every step."""

    def __init__(self) -> None:
        self.events = Counter(
            "atamo_events", "Events that came in, by what became of them at the door.", ("outcome",)
        )
        self.types = Counter("atamo_events_by_type", "Events that were accepted, by their type.", ("type",))
        self.finished = Counter("atamo_events_finished", "Events from which nothing more follows.")
        self.fired = Counter("atamo_rules_fired", "How often each rule matched and acted.", ("rule",))
        self.attempts = Counter("atamo_attempts", "Attempts at actions that were begun.", ("agent",))
        self.retries = Counter("atamo_retries", "Attempts that failed and are made again.", ("agent",))
        self.actions = Counter("atamo_actions", "Actions that ended, and how.", ("agent", "outcome"))
        self.requests = Counter("atamo_requests", "Requests that ended, and how.", ("state",))
        self.spared = Counter(
            "atamo_calls_spared", "Calls that another call, or its kept answer, stood in for.", ("by",)
        )
        self.alerts = Counter("atamo_alerts", "Alerts that were raised.", ("name",))
        self.reloads = Counter("atamo_reloads", "Changes of the rules, taken or refused.", ("outcome",))
        self.event_seconds = Histogram("atamo_event_seconds", "From an event's acceptance to its end.")
        self.attempt_seconds = Histogram("atamo_attempt_seconds", "How long attempts took.", ("agent",))
        self.gauges: list[Gauge] = []
        self._events: dict[str, datetime] = {}
        self._attempts: dict[str, datetime] = {}
        """When those that are open began."""

    @property
    def families(self) -> tuple[Family, ...]:
        return (
            self.events, self.types, self.finished, self.fired, self.attempts, self.retries, self.actions,
            self.requests, self.spared, self.alerts, self.reloads, self.event_seconds, self.attempt_seconds,
            *self.gauges,
        )  # fmt: skip

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Count steps as they are committed."""
        for note in notes:
            count = _COUNTED.get(note.kind)
            if count is not None:
                count(self, note)

    def _arrived(self, note: Note) -> None:
        self.events.add(ARRIVALS[note.kind])
        if note.kind == "event.accepted":
            self.types.add(str(note.what.get("type", "")))
            _begin(self._events, note.event, note.at)

    def _decided(self, note: Note) -> None:
        for rule in note.what.get("matched") or ():  # type: ignore[union-attr]
            self.fired.add(str(rule))

    def _finished(self, note: Note) -> None:
        self.finished.add()
        _end(self._events, note.event, note.at, self.event_seconds)

    def _started(self, note: Note) -> None:
        self.attempts.add(_agent(note))
        _begin(self._attempts, str(note.what.get("action")), note.at)

    def _again(self, note: Note) -> None:
        agent = _agent(note)
        self.retries.add(agent)
        _end(self._attempts, str(note.what.get("action")), note.at, self.attempt_seconds, agent)

    def _ended(self, note: Note) -> None:
        agent = _agent(note)
        self.actions.add(agent, ENDS[note.kind])
        _end(self._attempts, str(note.what.get("action")), note.at, self.attempt_seconds, agent)

    def _spared(self, note: Note) -> None:
        self.spared.add(SPARED[note.kind])

    def _asked(self, note: Note) -> None:
        self.requests.add(note.kind.removeprefix("request."))

    def _alerted(self, note: Note) -> None:
        self.alerts.add(str(note.what.get("name", "")))

    def _reloaded(self, note: Note) -> None:
        self.reloads.add(note.kind.removeprefix("rules."))


def _begin(open: dict[str, datetime], what: str, at: datetime) -> None:
    open[what] = at
    if len(open) > MOST_OPEN:
        del open[next(iter(open))]


def _end(open: dict[str, datetime], what: str, at: datetime, histogram: Histogram, *labels: str) -> None:
    begun = open.pop(what, None)
    if begun is not None:
        # A clock that was set back makes no negative time.
        histogram.observe(max(0.0, (at - begun).total_seconds()), *labels)


def _agent(note: Note) -> str:
    return str(note.what.get("target", "")).partition(".")[0]


_COUNTED: dict[str, Callable[[Meter, Note], None]] = {
    **dict.fromkeys(ARRIVALS, Meter._arrived),
    **dict.fromkeys(ENDS, Meter._ended),
    **dict.fromkeys(SPARED, Meter._spared),
    **dict.fromkeys(REQUESTS, Meter._asked),
    "event.decided": Meter._decided,
    "event.finished": Meter._finished,
    "action.started": Meter._started,
    "action.retry": Meter._again,
    "alert.raised": Meter._alerted,
    "rules.activated": Meter._reloaded,
    "rules.rejected": Meter._reloaded,
}
