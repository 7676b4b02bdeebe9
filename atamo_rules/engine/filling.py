"""What a rule wants done, made ready: each of its plans as a closure that fills an action from an event."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeAlias

from atamo_rules.engine.frame import Frame
from atamo_rules.engine.held import hold
from atamo_rules.engine.once import Once
from atamo_rules.engine.render import argument, kept_maker
from atamo_rules.functions.printing import printed
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Plan, Rule

Filling: TypeAlias = "tuple[Plan, Callable[[Event, Frame], Action]]"
"""A plan, and what fills it. Filling raises Problem."""


def fillings(rule: Rule, plans: Iterable[Plan], branch: str = "") -> tuple[Filling, ...]:
    """Plans of a rule, to be filled. `branch` is where they stand, for the ids of their actions."""
    return tuple([(plan, _filling(rule, plan, branch)) for plan in plans])


filled_by: Once[Rule, tuple[Filling, ...]] = Once(lambda rule: fillings(rule, rule.plans))
"""The plans of a rule, to be filled, made once as long as the rule lives."""


def _filling(rule: Rule, plan: Plan, branch: str) -> Callable[[Event, Frame], Action]:
    # What is the same for every event is looked up here, once.
    make, held, failure, because = kept_maker(plan.arguments), plan.held, plan.error, str(plan.span)
    id, provider, index, position = rule.id, rule.provider, plan.index, f"{branch}/{plan.index}"
    verb, agent, action, acting_as = plan.verb, plan.agent, plan.action, plan.acting_as
    within, retry, after = plan.within, plan.retry, plan.after

    def fill(event: Event, frame: Frame) -> Action:
        body = make(frame)
        if held is not None:
            hold(held, body)
        error = None if failure is None else printed(argument(failure, frame))
        return Action(
            action_id(event.key, id, position), verb, agent, action, body, id, because, index,
            acting_as, within, error, retry, after, provider,
        )  # fmt: skip

    return fill


def action_id(event: str, rule: str, position: str) -> str:
    """The idempotency key of an action: 128 bits of SHA-256 over (event's key, rule, position), in hex."""
    text = f"{event}\x00{rule}\x00{position}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
