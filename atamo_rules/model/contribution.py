"""What a configuration provider beside the rules wants done about one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from atamo_rules.model.types import Json

if TYPE_CHECKING:
    from atamo_rules.model.decision import Action

RULES, LINKS, TABLE = "rules", "links", "table"
"""The providers whose rules are compiled into one ruleset, the language's own, `links.yaml` and sheets of rows. Their
version is the digest of that ruleset."""


@dataclass(frozen=True, slots=True)
class ActionMessage:
    """One thing to be done, as a provider says it.

    `target` is an `agent.action`, or a type of action, which goes to every agent that does it; with the verb `emit` it
    is an event type. `body` holds the arguments, as JSON has them. `why` is a sentence for the audit, which keeps it
    for good: it repeats no values of the event.
    """

    target: str
    body: Mapping[str, Json] = field(default_factory=dict, hash=False)
    verb: Literal["send", "emit"] = "send"
    why: str = ""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A change that a provider beside the rules does not offer as a state, and why, in sentences."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What came of asking one provider about one event.

    `provider` is its name and version, `pricing 2.1`; `digest` names the state that it was in. `problems` are sentences
    about messages that were not taken; the others stand. `why` says why there are none at all: it was broken, or late.
    """

    provider: str
    digest: str
    actions: tuple[Action, ...] = ()
    problems: tuple[str, ...] = ()
    why: str = ""
