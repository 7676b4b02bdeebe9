"""The credentials that agents will lack, as far as that is known before anybody calls them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from atamo_rules.model.people import Who

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.ports import Vault
    from atamo_rules.model.rule import Plan, Rule, Ruleset
    from atamo_rules.model.secret import Need

NO_VAULT = (
    "needs what its users have for it, and there is no vault to keep that: each of its actions will fail"
)


def lacking(generation: Generation, vault: Vault | None) -> Iterator[str]:
    """A sentence for each agent that will be given nothing, and for each rule that acts as a user for whom nothing is
    kept. What the users of events have is only known when events come, and what groups have too, since their
    organisation is the event's. A vault may tell what it `holds`."""
    if vault is None:
        for name in without_vault(generation.agents, generation.ruleset):
            yield f"`{name}` {NO_VAULT}"
        return
    holds: Any = getattr(vault, "holds", None)
    said: set[str] = set()
    for rule, plan in _plans(generation.ruleset):
        who = plan.acting_as
        user = (
            generation.intake.people.users.get(who.name) if who is not None and who.kind == "user" else None
        )
        if holds is None or user is None or _need(generation.agents, plan.agent) in (None, "optional"):
            continue
        whose = [str(who), *(str(Who("group", name)) for name in user.groups)]
        if not any(holds(one, plan.agent, user.organisation) for one in whose):
            said.add(
                f"`{rule.id}` does `{plan.target}` as {who}, of whom the vault has nothing for `{plan.agent}`"
            )
    yield from sorted(said)


def without_vault(agents: Mapping[str, Any], ruleset: Ruleset) -> list[str]:
    """The agents whose every action fails in a hub without a vault, of those that rules ask for something."""
    asked = {plan.agent for _, plan in _plans(ruleset)}
    return sorted(name for name in asked if _need(agents, name) == "required")


def _need(agents: Mapping[str, Any], name: str) -> Need | None:
    need: Need | None = getattr(getattr(agents.get(name), "agent", None), "need", None)
    return need


def _plans(ruleset: Ruleset) -> Iterator[tuple[Rule, Plan]]:
    for rule in ruleset.rules:
        stack = list(rule.plans)
        while stack:
            plan = stack.pop()
            stack += plan.on_timeout
            yield rule, plan
