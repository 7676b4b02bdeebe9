"""What the code in a proposal would do: asked about recent events in its sandbox, its messages checked, none sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atamo_rules.errors import AtamoError
from atamo_rules.hub.evaluators.messages import Refused, actions_of
from atamo_rules.hub.evaluators.owned import sees
from atamo_rules.hub.history.replay import action_facts
from atamo_rules.model.contribution import Contribution
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.types import Json

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.ports import Evaluator

LONGEST = 10.0
"""Seconds that the code of one proposal is tried for."""
FEW = 3
"""Examples of what it would do, and failures after which it is asked no more."""


def fresh(state: Generation) -> tuple[Evaluator, ...]:
    """The providers that only a state which was tried has: no state in force has taken them."""
    return tuple(one for one in state.evaluators if not getattr(one, "taken", True))


async def let_go(state: Generation) -> None:
    """End what was started for a state that nobody takes."""
    for one in fresh(state):
        await one.close()


async def asked(evaluator: Evaluator, event: Event, state: Generation) -> Contribution:
    """What one of them would have done about an event."""
    provider = f"{evaluator.name} {evaluator.version}"
    try:
        messages = await evaluator.evaluate(event)
    except (AtamoError, ValueError) as error:
        return Contribution(provider, evaluator.digest, why=str(error))
    actions: list[Action] = []
    problems: list[str] = []
    for position, message in enumerate(messages):
        try:
            actions += actions_of(message, position, provider, event, state)
        except Refused as refused:
            problems.append(f"message {position + 1} would not be taken: {refused}")
    return Contribution(provider, evaluator.digest, tuple(actions), tuple(problems))


async def impact(hub: Hub, state: Generation, events: Sequence[Event]) -> dict[str, Json]:
    """For each provider that is new: how many of the events it was asked about, on how many it would have acted, how
    often it failed, and examples of each."""
    end = hub.clock.passed() + LONGEST
    told: dict[str, Json] = {}
    for one in fresh(state):
        counts = {"asked": 0, "acts": 0, "fails": 0}
        examples: list[Json] = []
        wrong: list[Json] = []
        for event in events:
            if not sees(one, event):
                continue
            if hub.clock.passed() > end or counts["fails"] >= FEW:
                break
            said = await asked(one, event, state)
            counts["asked"] += 1
            counts["acts"] += bool(said.actions)
            counts["fails"] += bool(said.why)
            if said.actions and len(examples) < FEW:
                examples.append(
                    {"event": event.key, "actions": [action_facts(each) for each in said.actions]}
                )
            if (said.why or said.problems) and len(wrong) < FEW:
                wrong.append({"event": event.key, "why": said.why or said.problems[0]})
        told[one.name] = {**counts, "examples": examples, "problems": wrong}
    return told
