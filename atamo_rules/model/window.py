"""Time as a rule means it: what it counts or waits for, how often it may act, and under which key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from atamo_rules.model.meaning import Term

WindowKind: TypeAlias = Literal["times", "different", "then", "without", "collect"]


@dataclass(frozen=True, slots=True)
class Step:
    """An event that a window takes part in. `alias` is the root under which conditions and actions read its body, or
    `event` for the one whose bare names they are; `key` are the terms of its key, read from its own body."""

    event: str
    alias: str
    key: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """What makes a rule fire. `times`: its one step `count` times within the length. `different`: that with `count`
    different values of the terms `different`. `then`: its steps in their order, the last within the length of the
    first. `without`: its first step, where the second does not come in time. `collect`: its one step, when the length
    after the first of them is over, or there are `count`. With `late` it goes by the time events say of themselves, and
    waits so long for those that come late; without, by the moment they are taken."""

    kind: WindowKind
    steps: tuple[Step, ...]
    within: timedelta
    count: int = 1
    different: tuple[Term, ...] = ()
    late: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Throttle:
    """How often a rule may act under one key: `count` times in any stretch of `per`."""

    count: int
    per: timedelta
    key: tuple[Term, ...] = ()


COLLECTED = "events"
"""The name under which the actions of a rule that collects read the bodies of all events, the first first."""
OVER = "time.over"
"""The type of the events that time makes: nobody declares it, and no event from outside is of it."""

Missed: TypeAlias = Literal["once", "all", "skip"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule fires that no event makes fire: as `cron` says, else each time that `every` is over. `zone` is an
    IANA name. `missed` says how moments are made up for at which nobody looked."""

    cron: str
    every: timedelta
    zone: str
    missed: Missed = "once"


@dataclass(frozen=True, slots=True)
class Time:
    """The clauses of a rule about time. `rule` is its id.

    `window_digest` and `throttle_digest` name what their states mean: a state is kept as long as its name stands.
    `by` are the author's words for the key of the window, `throttle_by` for that of the throttle.
    """

    rule: str
    window: Window | None = None
    throttle: Throttle | None = None
    window_digest: str = ""
    throttle_digest: str = ""
    schedule: Schedule | None = None
    by: tuple[str, ...] = ()
    throttle_by: tuple[str, ...] = ()

    @property
    def events(self) -> tuple[str, ...]:
        """The event types of the window's steps; empty without a window."""
        return tuple(step.event for step in self.window.steps) if self.window is not None else ()

    @property
    def joins(self) -> bool:
        """Whether several events make it fire, each with a part of its own, or none does."""
        return self.schedule is not None or (self.window is not None and len(self.window.steps) > 1)
