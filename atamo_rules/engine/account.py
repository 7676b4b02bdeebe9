"""What the audit keeps of each rule that mattered to an event: matched, failed or nearly, and what decided it.

Values are not told, only what kind they are of: a body may be erased some day, and the audit stays. Who may see the
body can have every value computed again (`engine/explain.py`), because deciding is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from atamo_rules.engine.decide import by_id, rule_of
from atamo_rules.engine.deciding import Leaf, Missing, Support, Told, conjoined, leaves, missing, support
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.once import Once
from atamo_rules.engine.ready import Ready, frame_of, ready
from atamo_rules.engine.tried import NO_RULES, types_of
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.decision import Decision, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.model.types import Json
from atamo_rules.model.window import OVER

NEAREST = 64
"""Rules that did not match and are looked at for near misses; an event type with more has the first so many told."""
MOST = 2
"""Sub-conditions that may be missing for a miss to be near."""
LONGEST = 200
"""Characters of a sub-condition that are told."""
MOST_TOLD = 256
"""Different things told of one rule that are kept to be told again."""

Outcome = Literal["matched", "failed", "nearly"]


class Evaluated(NamedTuple):
    """One rule's part in one event. `deciding` are the sub-conditions it rests on when it matched, and those that were
    missing when it nearly did; `problems` are why it failed, or which of its actions could not be filled."""

    rule: str
    outcome: Outcome
    at: str
    shadow: bool
    deciding: tuple[dict[str, Json], ...]
    problems: tuple[str, ...] = ()

    def facts(self) -> dict[str, Json]:
        """The members of its audit record."""
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "at": self.at,
            "shadow": self.shadow,
            "deciding": list(self.deciding),
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class _Made:
    """What is computed of a rule once. It must not hold the rule, which would keep both for ever."""

    id: str
    at: str
    joins: bool
    """Whether several events make it fire."""
    own: Ready | None
    """What its own frame needs; None where it has no `let`, and reads the event as any other rule does."""
    support: Support
    missing: Missing
    size: int
    sure: tuple[Told, ...]
    """What the rule rests on whenever it matches: sub-conditions that all have to hold; nothing where that depends."""
    told: dict[tuple[Any, ...], Evaluated]
    """What was told of it before, by all that it depends on. Nobody changes it, nor what it holds."""


def _make(rule: Rule) -> _Made:
    all = leaves(rule.condition)
    sure = tuple((one, True) for one in all) if conjoined(rule.condition) else ()
    own = ready(rule) if rule.lets else None
    joins = rule.time is not None and rule.time.joins
    asked = support(rule.condition), missing(rule.condition)
    return _Made(rule.id, str(rule.span), joins, own, *asked, len(all), sure, {})


_made: Once[Rule, _Made] = Once(_make)


class _Book:
    """What is computed of the rules of one ruleset, at hand by their ids."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.rules = by_id(ruleset)
        self.types = types_of(ruleset)
        self.made: dict[str, _Made] = {}

    def make(self, id: str) -> _Made:
        """What is computed of a rule, from here on at hand."""
        made = self.made[id] = _made(self.rules[id])
        return made


_book: Once[Ruleset, _Book] = Once(_Book)


def account(ruleset: Ruleset, event: Event, decision: Decision, *, near: bool = True) -> list[Evaluated]:
    """Every rule of the event's type that fired, in the order they were tried, then those that nearly did."""
    book = _book(ruleset)
    made_of, plain = book.made.get, Frame(event, {"event": event.body})  # one for all rules without a `let`
    found: list[Evaluated] = []
    fired: set[str] = set()
    for one in decision.fired:
        fired.add(one.rule)
        found.append(_fired(made_of(one.rule) or book.make(one.rule), one, event, plain))
    if not near:
        return found
    left, kind = NEAREST, book.types.get(event.type, NO_RULES)
    for rule in kind.tried(event, _stopper(ruleset, decision)):
        if rule.id in fired:
            continue
        if not left:
            break
        left -= 1
        made = made_of(rule.id) or book.make(rule.id)
        if made.size > 1:  # of a single one, none is missing or all are
            frame = plain if made.own is None else frame_of(made.own, event)
            lacking = made.missing(frame)
            if 0 < len(lacking) <= MOST and len(lacking) < made.size:
                found.append(_evaluated(made, "nearly", False, lacking, frame))
    return found


def considered(ruleset: Ruleset, event: Event, decision: Decision) -> int:
    """How many rules were tried: those of the event's type that are for its user, up to one that stopped it."""
    kind = types_of(ruleset).get(event.type, NO_RULES)
    return kind.considered(event, _stopper(ruleset, decision))


def _stopper(ruleset: Ruleset, decision: Decision) -> Rule | None:
    return rule_of(ruleset, decision.stopped_by) if decision.stopped_by else None


def _fired(made: _Made, found: Fired, event: Event, plain: Frame) -> Evaluated:
    """A rule that fired; one of which nothing came but problems has failed."""
    failed = bool(found.problems) and not found.actions
    outcome: Outcome = "failed" if failed else "matched"
    frame = plain if made.own is None else frame_of(made.own, event)
    rests_on: tuple[Told, ...]
    if made.joins or event.type == OVER:
        rests_on = ()  # Of several events, or of one that time made, it is the windows that tell what it rests on.
    elif made.sure and not failed:
        rests_on = made.sure
    else:
        rests_on = made.support(frame)[1]
    one = _evaluated(made, outcome, found.shadow, rests_on, frame)
    return one._replace(problems=found.problems) if found.problems else one


def _evaluated(
    made: _Made, outcome: Outcome, shadow: bool, told: tuple[Told, ...], frame: Frame
) -> Evaluated:
    """A rule's part, with its sub-conditions as the audit tells them: the very object that was given before, where it
    says the same."""
    key: list[Any] = [outcome, shadow]
    for leaf, held in told:
        look = leaf.look
        key += leaf, held, "" if look is None else kind_of(look(frame))
    known = made.told.get(tuple(key))
    if known is None:
        if len(made.told) >= MOST_TOLD:
            made.told.clear()
        deciding = tuple(_said(*key[at : at + 3]) for at in range(2, len(key), 3))
        known = made.told[tuple(key)] = Evaluated(made.id, outcome, made.at, shadow, deciding)
    return known


def _said(leaf: Leaf, held: bool, was: str) -> dict[str, Json]:
    text = leaf.text if len(leaf.text) <= LONGEST else f"{leaf.text[: LONGEST - 1]}…"
    said: dict[str, Json] = {"condition": text, "at": str(leaf.span), "held": held}
    return {**said, "was": was} if was else said


_KINDS: dict[type, str] = {
    str: "text", int: "number", Decimal: "number", bool: "boolean", type(None): "null", dict: "record", list: "list",
}  # fmt: skip


def kind_of(value: Any) -> str:
    """What kind of value it is, and nothing of the value."""
    return _KINDS.get(type(value)) or _other_kind(value)


def _other_kind(value: Any) -> str:
    if value is ABSENT:
        return "absent"
    if isinstance(value, int | Decimal | float):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "list"
    return "record" if isinstance(value, dict) else type(value).__name__
