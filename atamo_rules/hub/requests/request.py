"""A request as it stands: who is expected to answer, who did, and until when anybody waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from atamo_rules.hub.requests.completion import ALL, Completion

Mode = Literal["load", "feed"]
State = Literal[
    "accepted", "routed", "partial", "live", "complete", "degraded", "failed", "cancelled", "expired"
]
OVER = frozenset({"complete", "degraded", "failed", "cancelled", "expired"})
"""The states in which nothing more is pushed."""

PartState = Literal["waiting", "live", "answered", "failed"]


@dataclass(frozen=True, slots=True)
class Clocks:
    """Three clocks, in seconds. `deadline`: until when the load may take. `keep_alive`: how long a feed goes on with
    nobody reading. `retain`: how long the frames are kept once the request is over."""

    deadline: float = 30.0
    keep_alive: float = 120.0
    retain: float = 3600.0


@dataclass(frozen=True, slots=True)
class Part:
    """One who is expected to answer: a rule with a `reply`, perhaps after an `agent.action` it asks, or an agent that
    a rule lets `publish` to whoever asked."""

    id: str
    rule: str
    agent: str = ""
    action: str = ""
    feed: bool = False
    asks: str = ""
    """The action a rule waits for."""
    state: PartState = "waiting"
    answers: int = 0
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.agent}.{self.action}" if self.agent else f"rule {self.rule}"

    @property
    def over(self) -> bool:
        return self.state in ("answered", "failed")


@dataclass(frozen=True, slots=True)
class Options:
    """How somebody wants a request answered. Answers that another had to the same request, at most `max_age` seconds
    ago, will do."""

    mode: Mode = "load"
    policy: Completion = ALL
    clocks: Clocks = Clocks()
    max_age: float = 0.0


PLAIN = Options()


@dataclass(frozen=True, slots=True)
class Request:
    """`opened`, `heard` (somebody read) and `ended` are seconds since 1970; `late` counts answers after the end."""

    id: str
    type: str
    opened: float
    mode: Mode = "load"
    policy: Completion = ALL
    clocks: Clocks = Clocks()
    state: State = "accepted"
    parts: tuple[Part, ...] = ()
    late: int = 0
    heard: float = 0.0
    ended: float | None = None
    forgotten: bool = False
    print: str = ""
    """The fingerprint of what was asked, and of whom by."""
    source: str = ""
    """The request whose answers it has."""
    why: str = ""

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def answered(self) -> int:
        """How many of those expected have answered."""
        return sum(part.answers > 0 or part.state in ("answered", "live") for part in self.parts)

    @property
    def missing(self) -> tuple[Part, ...]:
        """Those who are still waited for."""
        return tuple(part for part in self.parts if part.state == "waiting")

    def part(self, id: str) -> Part | None:
        return next((part for part in self.parts if part.id == id), None)


def due(request: Request) -> float | None:
    """When, in seconds since 1970, a clock of this request runs out; None when none runs."""
    if request.forgotten:
        return None
    if request.ended is not None:
        return request.ended + request.clocks.retain
    moments = []
    if request.state != "live":
        moments.append(request.opened + request.clocks.deadline)
        if request.policy.kind == "deadline":
            moments.append(request.opened + request.policy.seconds)
    if request.mode == "feed":
        moments.append(request.heard + request.clocks.keep_alive)
    return min(moments)
