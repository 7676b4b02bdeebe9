"""One event and a ruleset to a decision. Pure: the same event under the same rules decides the same, for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.per_rule import PerRule
from atamo_rules.engine.render import Problem, argument, value
from atamo_rules.functions.printing import printed
from atamo_rules.model.decision import Action, Decision, Fired, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.rule import DRAFT, LIVE, SHADOW, Plan, Rule, Ruleset
from atamo_rules.model.types import Json


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its closures."""

    rule: Rule
    holds: conditions.Holding
    lets: tuple[tuple[str, terms.Value], ...]
    scoped: bool


_READY: WeakKeyDictionary[Ruleset, dict[str, tuple[Ready, ...]]] = WeakKeyDictionary()
_RULES: WeakKeyDictionary[Ruleset, dict[str, Rule]] = WeakKeyDictionary()


def reachable(ruleset: Ruleset, type: str) -> Sequence[Ready]:
    """The rules that an event of this type can reach, in the order they are tried. Drafts never are."""
    by_type = _READY.get(ruleset)
    if by_type is None:
        by_type = _READY.setdefault(ruleset, {})
    found = by_type.get(type)
    if found is None:
        found = tuple(ready(rule) for rule in ruleset.rules if rule.event == type and rule.status != DRAFT)
        by_type[type] = found
    return found


def _alone(ruleset: Ruleset, type: str, id: str) -> Sequence[Ready]:
    """The one rule of that id, when an event of this type can reach it."""
    rule = _by_id(ruleset).get(id)
    return (ready(rule),) if rule is not None and rule.event == type and rule.status != DRAFT else ()


def ready(rule: Rule) -> Ready:
    """The closures of one rule, made once as long as the rule lives."""
    holds, lets = _closures(rule)
    return Ready(rule, holds, lets, bool(rule.scope.include or rule.scope.exclude))


_closures: PerRule[tuple[conditions.Holding, tuple[tuple[str, terms.Value], ...]]] = PerRule(
    lambda rule: (
        conditions.condition(rule.condition),
        tuple((name, terms.term(node)) for name, node in rule.lets),
    )
)


def frame_of(one: Ready, event: Event, names: Mapping[str, Any] | None = None) -> Frame:
    """The frame in which a rule reads an event."""
    frame = Frame(event, names)
    for name, make in one.lets:
        frame.lazy[name] = make
    return frame


def decide(ruleset: Ruleset, event: Event, *, only: str = "") -> Decision:
    """What the rules want done about an event.

    Rules are tried in rising `order`, then by name; all that match fire, until one that says `stop`. A shadow rule
    is evaluated and told, but neither acts nor stops. `only` tries one rule alone. Never raises.
    """
    fired: list[Fired] = []
    stopped = ""
    plain = Frame(event)
    for one in _alone(ruleset, event.type, only) if only else reachable(ruleset, event.type):
        rule = one.rule
        if one.scoped and not rule.scope.admits(event.user):
            continue
        frame = frame_of(one, event) if one.lets else plain
        try:
            if not one.holds(frame):
                continue
            found = _fire(rule, event, frame if one.lets else Frame(event))
        except Problem as problem:  # a table's answer that could not be made
            fired.append(Fired(rule.id, (), (str(problem),), shadow=rule.status == SHADOW))
            continue  # whether it holds is not known: it acts on nothing, and stops nothing
        fired.append(found)
        if rule.stop and rule.status == LIVE:
            stopped = rule.id
            break
    return Decision(event.key, event.type, ruleset.digest, tuple(fired), stopped)


def rule_of(ruleset: Ruleset, id: str) -> Rule:
    """The rule of that id. Raises KeyError when the ruleset has none."""
    return _by_id(ruleset)[id]


def _by_id(ruleset: Ruleset) -> dict[str, Rule]:
    by_id = _RULES.get(ruleset)
    if by_id is None:
        by_id = _RULES.setdefault(ruleset, {rule.id: rule for rule in ruleset.rules})
    return by_id


def resume(
    ruleset: Ruleset, event: Event, waiting: Waiting, answer: Json = None, *, timeout: bool = False
) -> Fired:
    """What a rule does after its `ask`: the plans that follow, with the answer under its alias; or, when none came
    in time, those under `on timeout` instead."""
    rule = rule_of(ruleset, waiting.rule)
    asked = next(plan for plan in rule.plans if plan.index == waiting.index)
    answers = tuple(waiting.answers)
    if timeout:
        plans = asked.on_timeout
        branch = f"{asked.index}/timeout"
    else:
        plans = tuple(plan for plan in rule.plans if plan.index > asked.index)
        branch = ""
        if asked.alias:
            answers = (*answers, (asked.alias, answer))
    frame = frame_of(ready(rule), event, dict(answers))
    return _perform(rule, plans, event, frame, answers, branch)


def _fire(rule: Rule, event: Event, frame: Frame) -> Fired:
    return _perform(rule, rule.plans, event, frame, (), "")


def _perform(
    rule: Rule,
    plans: Sequence[Plan],
    event: Event,
    frame: Frame,
    answers: tuple[tuple[str, Json], ...],
    branch: str,
) -> Fired:
    actions: list[Action] = []
    problems: list[str] = []
    waiting: Waiting | None = None
    for plan in plans:
        try:
            action = _action(rule, plan, event, frame, branch)
        except Problem as problem:
            problems.append(f"`{plan.target}` was not done: {problem}")
            continue
        actions.append(action)
        if plan.verb == "track" and plan.alias:
            frame = frame.bound(plan.alias, {"id": action.id})
        if plan.verb == "ask":
            waiting = Waiting(rule.id, plan.index, action.id, answers)
            break
    return Fired(rule.id, tuple(actions), tuple(problems), waiting, rule.status == SHADOW)


def _action(rule: Rule, plan: Plan, event: Event, frame: Frame, branch: str) -> Action:
    body = value(plan.arguments, frame)
    error = None if plan.error is None else printed(argument(plan.error, frame))
    return Action(
        action_id(event.key, rule.id, f"{branch}/{plan.index}"),
        plan.verb,
        plan.agent,
        plan.action,
        body,
        rule.id,
        str(plan.span),
        plan.index,
        plan.acting_as,
        plan.within,
        error,
        plan.retry,
    )


def action_id(event: str, rule: str, position: str) -> str:
    """The idempotency key of an action: 128 bits of SHA-256 over (event's key, rule, position), in hex."""
    return hashlib.sha256(f"{event}\x00{rule}\x00{position}".encode("utf-8", "surrogatepass")).hexdigest()[
        :32
    ]
