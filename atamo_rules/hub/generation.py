"""One whole state of the rules: immutable, swapped by one assignment, named by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atamo_rules.engine.decide import decide, resume
from atamo_rules.hub.intake import Intake
from atamo_rules.model.decision import Decision, Fired, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.types import Json
from atamo_rules.source.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """A ruleset with its doors and its agents. An event in flight finishes with the generation it began with."""

    ruleset: Ruleset
    intake: Intake
    agents: Mapping[str, Any] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    took: float = 0.0
    """Seconds from the change being noticed to this generation being ready."""

    @property
    def digest(self) -> str:
        return self.ruleset.digest

    def decide(self, event: Event) -> Decision:
        return decide(self.ruleset, event)

    def resume(self, event: Event, waiting: Waiting, answer: Json, *, timeout: bool) -> Fired:
        return resume(self.ruleset, event, waiting, answer, timeout=timeout)


def generation(ruleset: Ruleset, people: Directory, agents: Mapping[str, Any]) -> Generation:
    """A generation of a ruleset."""
    return Generation(ruleset, Intake(ruleset, people), agents)
