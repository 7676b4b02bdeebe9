"""One event and a ruleset to a decision. Pure: the same event under the same rules decides the same, for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atamo_rules.engine.filling import Filling, filled_by, fillings
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.index.matcher import Found, Matcher
from atamo_rules.engine.index.pausing import Pause, nothing
from atamo_rules.engine.once import Once
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.render import Problem
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.pane import Firing
from atamo_rules.engine.windows.passing import ended
from atamo_rules.engine.windows.state import Place, State, micros
from atamo_rules.engine.windows.steps import parts
from atamo_rules.engine.windows.timed import lets_act, timed
from atamo_rules.model.decision import Action, Decision, Fired, Waiting
from atamo_rules.model.event import Event
from atamo_rules.model.rule import DRAFT, LIVE, SHADOW, Rule, Ruleset
from atamo_rules.model.types import Json

index_of: Once[Ruleset, Matcher] = Once(Matcher)
"""The index of a ruleset, kept as long as the ruleset is. An event type's part is made when it is first needed."""
by_id: Once[Ruleset, dict[str, Rule]] = Once(lambda ruleset: {rule.id: rule for rule in ruleset.rules})
"""The rules of a ruleset by their ids."""


def follow(ruleset: Ruleset, last: Ruleset | None = None, pause: Pause = nothing) -> Matcher:
    """The index of a ruleset made whole before it is needed, from that of the ruleset it replaces, if there is one: at
    the cost of what changed."""
    known = index_of.peek(last) if last is not None else None
    made = Matcher(ruleset).ready(pause) if known is None else known.following(ruleset, pause)
    return index_of.keep(ruleset, made)


def _alone(ruleset: Ruleset, event: Event, id: str) -> list[Found]:
    """The one rule of that id, when the event can reach it."""
    rule = by_id(ruleset).get(id)
    if rule is None or rule.status == DRAFT or not rule.scope.admits(event.user):
        return []
    return [(part, True) for part in parts(rule) if part.event == event.type]


def decide(ruleset: Ruleset, event: Event, *, only: str = "", ledger: Ledger | None = None) -> Decision:
    """What the rules want done about an event.

    Clauses about time read and write `ledger`, at its moment; without one the event is the first that ever came, at its
    own time.

    Rules are tried in rising `order`, then by name; all that match fire, until one that says `stop`. A shadow rule
    is evaluated and told, but neither acts nor stops. `only` tries one rule alone. Never raises.
    """
    fired: list[Fired] = []
    stopped = ""
    body = event.body
    reached = _alone(ruleset, event, only) if only else index_of(ruleset).found(event.type, body, event.user)
    plain: Frame | None = (
        None  # one for all rules without a `let`: of the event alone, it is the same for each
    )
    for rule, asked in reached:
        if asked or rule.lets:
            one = ready(rule)
            frame = frame_of(one, event)
        else:
            frame = plain = plain or Frame(event, {"event": body})
        try:
            if asked and not one.holds(frame):
                continue
            if rule.time is None:
                found = _perform(rule, filled_by(rule), event, frame)
            else:
                ledger = ledger if ledger is not None else Ledger(micros(event.at))
                firing = timed(rule, by_id(ruleset)[rule.time.rule], event, frame, ledger)
                if firing is None:
                    continue
                rule = firing.rule
                found = _fired(firing)
        except Problem as problem:  # a table's answer that could not be made
            fired.append(
                Fired(rule.id, (), (str(problem),), shadow=rule.status == SHADOW, provider=rule.provider)
            )
            continue  # whether it holds is not known: it acts on nothing, and stops nothing
        fired.append(found)
        if rule.stop and rule.status == LIVE:
            stopped = rule.id
            break
    return Decision(event.key, event.type, ruleset.digest, tuple(fired), stopped)


def has_rule(ruleset: Ruleset, id: str) -> bool:
    """Whether the ruleset has a rule of that id."""
    return id in by_id(ruleset)


def rule_of(ruleset: Ruleset, id: str) -> Rule:
    """The rule of that id. Raises KeyError when the ruleset has none."""
    return by_id(ruleset)[id]


def resume(
    ruleset: Ruleset, event: Event, waiting: Waiting, answer: Json = None, *, timeout: bool = False
) -> Fired:
    """What a rule does after its `ask`: the plans that follow, with the answer under its alias; or, when none came
    in time, those under `on timeout` instead."""
    rule = rule_of(ruleset, waiting.rule)
    asked = next(plan for plan in rule.plans if plan.index == waiting.index)
    answers = tuple(waiting.answers)
    if timeout:
        plans = fillings(rule, asked.on_timeout, f"{asked.index}/timeout")
    else:
        plans = tuple(one for one in filled_by(rule) if one[0].index > asked.index)
        if asked.alias:
            answers = (*answers, (asked.alias, answer))
    frame = frame_of(ready(rule), event, dict(answers))
    return _perform(rule, plans, event, frame, answers)


def elapse(ruleset: Ruleset, place: Place, state: State, ledger: Ledger) -> Iterator[tuple[Event, Decision]]:
    """What the passing of time alone makes rules do, up to the moment of the ledger: an event for each end of a wait,
    with its decision; what the ledger was told between one and the next belongs to the next. The ledger is whole when
    there are no more. A place of no rule of the ruleset is left as it is. Never raises."""
    rule = by_id(ruleset).get(place.shelf.partition(" ")[0])
    if rule is None:
        return
    for event, answers in ended(rule, place, state, ledger):
        frame = frame_of(ready(rule), event, dict(answers))
        fired: tuple[Fired, ...] = ()
        try:
            if rule.time is not None and rule.time.schedule is not None and not ready(rule).holds(frame):
                continue
            if lets_act(rule, frame, ledger):
                fired = (_fired(Firing(rule, event, frame, answers)),)
        except Problem as problem:
            shadow = rule.status == SHADOW
            fired = (Fired(rule.id, (), (str(problem),), shadow=shadow, provider=rule.provider),)
        yield event, Decision(event.key, event.type, ruleset.digest, fired)


def _fired(firing: Firing) -> Fired:
    rule = firing.rule
    return _perform(rule, filled_by(rule), firing.event, firing.frame, firing.answers)


def _perform(
    rule: Rule,
    plans: Sequence[Filling],
    event: Event,
    frame: Frame,
    answers: tuple[tuple[str, Json], ...] = (),
) -> Fired:
    actions: list[Action] = []
    problems: tuple[str, ...] = ()
    waiting: Waiting | None = None
    for plan, fill in plans:
        try:
            action = fill(event, frame)
        except Problem as problem:
            problems += (f"`{plan.target}` was not done: {problem}",)
            continue
        actions.append(action)
        if plan.verb == "track" and plan.alias:
            frame = frame.bound(plan.alias, {"id": action.id})
        if plan.verb == "ask":
            waiting = Waiting(rule.id, plan.index, action.id, answers)
            break
    return Fired(rule.id, tuple(actions), problems, waiting, rule.status == SHADOW, rule.provider)
