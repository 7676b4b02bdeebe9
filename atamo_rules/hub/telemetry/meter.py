"""The numbers of a hub as a monitor scrapes them, made of what its tally counted when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping

from atamo_rules.hub.telemetry.numbers import Counter, Family, Gauge, Histogram, Labels, bounded
from atamo_rules.hub.telemetry.tally import Tally

ARRIVALS = {"event.accepted": "accepted", "event.duplicate": "duplicate", "event.refused": "refused",
            "event.quarantined": "quarantined"}  # fmt: skip
ENDS = ("done", "failed", "timeout", "cancelled", "expired")
SPARED = {"action.joined": "joined", "cache.hit": "hit", "cache.stale": "stale", "cache.negative": "negative",
          "feed.joined": "feed"}  # fmt: skip
REQUESTS = {f"request.{end}": end for end in ("completed", "degraded", "failed", "expired", "cancelled")}
RELOADS = {"rules.activated": "activated", "rules.rejected": "rejected"}
AT_THE_DOOR = "Events that came in, by what became of them at the door."
FOR_TOKENS = "How long first attempts stood in line because of their agent's rate."
STOOD_IN = "Calls that another call, or its kept answer, stood in for."


class Meter:
    """The numbers of one hub. `gauges` are those that are looked up elsewhere."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.gauges: list[Gauge] = []
        self.rate_waits = Histogram("atamo_rate_wait_seconds", FOR_TOKENS, ("agent",))
        """Told by the lanes."""

    @property
    def families(self) -> tuple[Family, ...]:
        """All numbers as they are now."""
        tally = self.tally
        return (
            self._kinds("atamo_events", AT_THE_DOOR, "outcome", ARRIVALS),
            tally.types, self.finished, tally.fired, self.attempts, self.retries, self.actions,
            self._kinds("atamo_requests", "Requests that ended, and how.", "state", REQUESTS),
            self._kinds("atamo_calls_spared", STOOD_IN, "by", SPARED),
            tally.alerts,
            self._kinds("atamo_reloads", "Changes of the rules, taken or refused.", "outcome", RELOADS),
            self.event_seconds, self.attempt_seconds, self.rate_waits, *self.gauges,
        )  # fmt: skip

    @property
    def finished(self) -> Counter:
        """Events that are over."""
        made = Counter("atamo_events_finished", "Events from which nothing more follows.")
        if count := self.tally.kinds["event.finished"]:
            made.values[()] = count
        return made

    @property
    def attempts(self) -> Counter:
        """Attempts that were begun, by agent."""
        return self._agents("atamo_attempts", "Attempts at actions that were begun.", "started")

    @property
    def retries(self) -> Counter:
        """Attempts that are made again, by agent."""
        return self._agents("atamo_retries", "Attempts that failed and are made again.", "retry")

    @property
    def actions(self) -> Counter:
        """Actions that ended, by agent and how."""
        made = Counter("atamo_actions", "Actions that ended, and how.", ("agent", "outcome"))
        for name, agent in self.tally.agents.items():
            for end in ENDS:
                if count := agent.counts[end]:
                    made.add(name, end, by=count)
        return made

    @property
    def event_seconds(self) -> Histogram:
        """From acceptance to end."""
        made = Histogram("atamo_event_seconds", "From an event's acceptance to its end.")
        if any(self.tally.took.spread.counts):
            made.values[()] = self.tally.took.spread
        return made

    @property
    def attempt_seconds(self) -> Histogram:
        """How long attempts took, by agent."""
        made = Histogram("atamo_attempt_seconds", "How long attempts took.", ("agent",))
        for name, agent in self.tally.agents.items():
            if any(agent.took.spread.counts):
                made.values.setdefault(bounded((name,), made.values), agent.took.spread)
        return made

    def _kinds(self, name: str, about: str, label: str, kinds: Mapping[str, str]) -> Counter:
        """Steps of some kinds."""
        made = Counter(name, about, (label,))
        values: dict[Labels, float] = made.values
        values.update(
            {(word,): self.tally.kinds[kind] for kind, word in kinds.items() if self.tally.kinds[kind]}
        )
        return made

    def _agents(self, name: str, about: str, what: str) -> Counter:
        """Steps of each agent."""
        made = Counter(name, about, ("agent",))
        for agent, did in self.tally.agents.items():
            if count := did.counts[what]:
                made.add(agent, by=count)
        return made
