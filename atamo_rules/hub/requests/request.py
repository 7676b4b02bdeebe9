"""A request as it stands: who is expected to answer, who did, and until when anybody waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from atamo_rules.hub.requests.completion import ALL, Completion, completion_of
from atamo_rules.model.types import Completing

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
    """How somebody wants a request answered: what is None is as the type of the request says, or else as usual.
    Answers that another had to the same request, at most `max_age` seconds ago, will do. Times are in seconds."""

    mode: Mode = "load"
    policy: Completion | None = None
    deadline: float | None = None
    keep_alive: float | None = None
    retain: float | None = None
    max_age: float = 0.0


PLAIN = Options()


@dataclass(frozen=True, slots=True)
class Terms:
    """How a request is answered, with nothing left open."""

    mode: Mode = "load"
    policy: Completion = ALL
    clocks: Clocks = Clocks()
    max_age: float = 0.0


def terms(options: Options, declared: Completing | None) -> Terms:
    """What holds for a request: what its sender says, then what its type declares, then what is usual. Whoever wants
    what is there by a time is not cut off before it, unless somebody said so."""
    said = declared if declared is not None else Completing()
    policy = options.policy if options.policy is not None else completion_of(said)
    usual = max(Clocks().deadline, policy.seconds)
    clocks = Clocks(
        _first(options.deadline, said.within, usual),
        _first(options.keep_alive, Clocks().keep_alive),
        _first(options.retain, said.kept, Clocks().retain),
    )
    return Terms(options.mode, policy, clocks, options.max_age)


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


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
