"""What can happen to a request, and what can follow from it: the words of its state machine (`step`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from atamo_rules.hub.requests.request import Part, State
from atamo_rules.model.frame import Frame


@dataclass(frozen=True, slots=True)
class Routed:
    """The rules have spoken: these are expected to answer."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule's answer now waits for another agent."""

    part: str
    agent: str
    action: str
    asks: str = ""


@dataclass(frozen=True, slots=True)
class More:
    """A rule that went on lets more agents answer: they are expected from here on."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer was kept; of an agent that was not expected when `part` names none. News of progress is no answer."""

    part: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Loaded:
    """A feed has said all there was; what comes now are updates."""

    part: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A part will answer no more, and nothing is wrong with that."""

    part: str


@dataclass(frozen=True, slots=True)
class Broke:
    """A part cannot answer: `why` is a sentence for the client, who may have been `told` it already."""

    part: str
    why: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The client wants no more of it."""

    why: str = "cancelled by the client"


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody read, or said that they are still there."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened but time."""


Happened: TypeAlias = "Routed | Asked | More | Answered | Loaded | Ended | Broke | Cancelled | Heard | Tick"


@dataclass(frozen=True, slots=True)
class Append:
    """Keep this frame: it says how a part, or the whole, has ended."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Stop:
    """The agents of these parts are to stop: nobody waits for them."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turned:
    """The request is in another state."""

    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class Forget:
    """The frames are deleted; what is left is a tombstone."""


Effect: TypeAlias = "Append | Stop | Turned | Forget"
