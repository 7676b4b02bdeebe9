"""Looks at the numbers of a hub again and again, and says when a threshold is broken, and when it no longer is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence, Sized
from typing import TYPE_CHECKING

from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.telemetry.numbers import Gauge
from atamo_rules.hub.telemetry.thresholds import Crossing, Standing, Threshold, judge
from atamo_rules.hub.telemetry.window import Window, reading
from atamo_rules.model.types import Json

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub
    from atamo_rules.model.work import Depth

EVENT = "hub.alert"
"""The event type that alerts come in as, where the rules declare it: rules then decide whom to wake."""
EVERY = 1.0
"""Seconds between two looks."""


class Monitor:
    """Watches one hub. Every alert goes to the hub's alarm and, raised, into the audit as `alert.raised`."""

    def __init__(
        self,
        hub: Hub,
        thresholds: Sequence[Threshold] = (),
        every: float = EVERY,
    ) -> None:
        self.hub = hub
        self.thresholds = tuple(thresholds)
        self.every = every
        self.window = Window()
        self.standing: dict[str, Standing] = {}
        self.values: dict[str, float] = {}
        self.depth: Depth | None = None
        hub.meter.gauges[:] = self.gauges()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self.every)

    async def look(self) -> tuple[Crossing, ...]:
        """Take the numbers as they are now, and say what follows from them."""
        now = self.hub.clock.passed()
        self.depth = depth = await self.hub.store.depth()
        self.values = {
            **self.window.take(reading(self.hub.meter, now)),
            "under_way": float(depth.waiting + depth.running + depth.later),
            "oldest": depth.oldest,
            "dead": float(depth.dead),
        }
        self.standing, alerts = judge(self.thresholds, self.values, self.standing, now)
        for alert in alerts:
            await self._say(alert)
        return alerts

    async def _say(self, alert: Crossing) -> None:
        threshold, state = alert.threshold, "raised" if alert.raised else "cleared"
        self.hub.alarm(Alert("threshold", str(alert)))
        value = f"{alert.value:g}"
        if alert.raised:
            await self.hub.note(
                "alert.raised", name=threshold.name, measure=threshold.measure, limit=alert.limit, value=value
            )
        if EVENT in self.hub.current.ruleset.events:
            body: Json = {
                "name": threshold.name, "state": state, "measure": threshold.measure, "limit": alert.limit,
                "value": value, "message": str(alert),
            }  # fmt: skip
            taken, _ = await self.hub.submit_json({"type": EVENT, "source": "/atamo/monitor", "data": body})
            if taken.refused:
                sys.stderr.write(f"atamo: the alert does not fit `{EVENT}`: {'; '.join(taken.refused)}\n")

    def gauges(self) -> list[Gauge]:
        """What is looked up rather than counted."""
        hub = self.hub

        def open_actions() -> list[tuple[tuple[str, ...], float]]:
            depth = self.depth
            if depth is None:
                return []
            states = ("waiting", "running", "later", "held")
            return [((state,), float(getattr(depth, state))) for state in states]

        def one(name: str) -> Callable[[], list[tuple[tuple[str, ...], float]]]:
            return lambda: [] if self.depth is None else [((), float(getattr(self.depth, name)))]

        def length(of: Sized) -> Callable[[], list[tuple[tuple[str, ...], float]]]:
            return lambda: [((), float(len(of)))]

        def rules() -> list[tuple[tuple[str, ...], float]]:
            ruleset = hub.current.ruleset
            return [((ruleset.digest,), float(len(ruleset.rules)))]

        return [
            Gauge("atamo_open_actions", "Open actions, by where they are.", ("state",), open_actions),
            Gauge("atamo_oldest_action_seconds", "How old the oldest open action is.", (), one("oldest")),
            Gauge("atamo_dead_letters", "Actions that were given up and not done again.", (), one("dead")),
            Gauge("atamo_open_requests", "Requests that are in memory.", (), length(hub.requests.open)),
            Gauge("atamo_shared_calls", "Calls known by what they ask.", (), length(hub.calls.flights)),
            Gauge("atamo_rules", "Rules in force, under their digest.", ("digest",), rules),
        ]
