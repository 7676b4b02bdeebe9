"""One whole state of the rules: immutable, swapped by one assignment, named by its digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atamo_rules.engine.decide import decide, resume
from atamo_rules.engine.door import Door
from atamo_rules.engine.messages import handed
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.hub.intake import Intake
from atamo_rules.model.decision import Action, Decision, Fired, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.types import EventType, Json, Record, Sharing
from atamo_rules.source.diagnostic import Diagnostic

if TYPE_CHECKING:
    from atamo_rules.hub.archive import Script
    from atamo_rules.hub.ports import Evaluator


TYPED = frozenset({"ask", "publish"})
"""Verbs of actions whose answers may be held to a type."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What an action declares to answer: as JSON Schema (2020-12), and as the check that the hub itself makes: why an
    answer is not that, in sentences."""

    schema: Mapping[str, Any]
    reasons: Callable[[Json], tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Generation:
    """A ruleset with its doors and its agents. An event in flight finishes with the generation it began with."""

    ruleset: Ruleset
    intake: Intake
    agents: Mapping[str, Any] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    took: float = 0.0
    """Seconds from the change being noticed to this generation being ready."""
    script: Script | None = None
    """What the ruleset was compiled from, where it can be compiled again."""
    folder: str = "."
    """Where agents that keep files keep them."""

    evaluators: tuple[Evaluator, ...] = ()
    """Providers beside the rules, each in one state; they are no part of the digest."""
    doors: dict[str, Door] = field(default_factory=dict)
    """The checks of answers, by `agent.action`, each made when it is first needed."""

    digest: str = field(init=False)
    """That of its ruleset."""
    shared: Mapping[str, Sharing] = field(init=False)
    """How calls are shared, by `agent.type`; most rulesets share none."""

    def __post_init__(self) -> None:
        actions = self.ruleset.actions.items()
        shared = {name: one.sharing for name, one in actions if one.sharing is not None}
        object.__setattr__(self, "digest", self.ruleset.digest)
        object.__setattr__(self, "shared", shared)

    def decide(self, event: Event, ledger: Ledger | None = None) -> Decision:
        return decide(self.ruleset, event, ledger=ledger)

    def typed(self, action: Action) -> bool:
        """Whether what an agent answers to an action is held to a type."""
        if action.verb not in TYPED:
            return False
        known = self.ruleset.actions.get(action.target)
        return known is not None and isinstance(known.answer, Record)

    def declared(self, action: Action) -> Declared | None:
        """What an action declares to answer; None where no answer is held to anything."""
        known = self.ruleset.actions.get(action.target)
        if not self.typed(action) or known is None or not isinstance(known.answer, Record):
            return None
        return Declared(schema_of(known.answer), lambda answer: self.answered(action, answer)[1])

    def answered(self, action: Action, answer: Json) -> tuple[Json, tuple[str, ...]]:
        """What an agent answered to an `ask`, or one answer of a `publish`, with the defaults of what it left out; and
        why it is not what the agent was declared to answer, if it is not: rules were checked against the declaration,
        and rest on it."""
        if not self.typed(action):
            return answer, ()
        known = self.ruleset.actions[action.target].answer
        assert isinstance(known, Record)
        door = self.doors.get(action.target)
        if door is None:
            checked = EventType(action.target, known, schema_of(known))
            door = self.doors[action.target] = Door(checked)
        filled = door.filled(answer)
        return filled, door.reasons(filled)

    def handed(self, action: Action) -> Action:
        """An action as its agent is to see it. Raises Problem."""
        return handed(self.ruleset, action) if self.ruleset.messages else action

    def asked(self, action: Action, body: Json) -> tuple[str, ...]:
        """Why a body cannot be sent by an action; empty when it can. Its values are not repeated."""
        known = self.ruleset.actions.get(action.target)
        if known is None or not isinstance(known.parameters, Record):
            return ()
        name = f"{action.target} asked"
        door = self.doors.get(name)
        if door is None:
            checked = EventType(name, known.parameters, schema_of(known.parameters))
            door = self.doors[name] = Door(checked, hidden=True)
        return door.reasons(body)

    def resume(self, event: Event, waiting: Waiting, answer: Json, *, timeout: bool) -> Fired:
        return resume(self.ruleset, event, waiting, answer, timeout=timeout)


def generation(ruleset: Ruleset, people: Directory, agents: Mapping[str, Any]) -> Generation:
    """A generation of a ruleset."""
    return Generation(ruleset, Intake(ruleset, people), agents)
