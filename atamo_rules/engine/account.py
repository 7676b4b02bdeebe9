"""What the audit keeps of each rule that mattered to an event: matched, failed or nearly, and what decided it.

Values are not told, only what kind they are of: a body may be erased some day, and the audit stays. Who may see the
body can have every value computed again (`engine/explain.py`), because deciding is pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, NamedTuple

from atamo_rules.engine.decide import rule_of
from atamo_rules.engine.deciding import Leaf, Missing, Support, Told, conjoined, leaves, missing, support
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.once import Once
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.tried import of_type
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
    """What is computed of a rule once."""

    at: str
    support: Support
    missing: Missing
    size: int
    sure: tuple[Told, ...]
    """What the rule rests on whenever it matches: sub-conditions that all have to hold; nothing where that depends."""
    said: dict[tuple[Leaf, bool, str], dict[str, Json]]
    """Sub-conditions as they were told before. Records share them, and change none."""


def _make(rule: Rule) -> _Made:
    all = leaves(rule.condition)
    sure = tuple((one, True) for one in all) if conjoined(rule.condition) else ()
    return _Made(str(rule.span), support(rule.condition), missing(rule.condition), len(all), sure, {})


_made: Once[Rule, _Made] = Once(_make)


def account(ruleset: Ruleset, event: Event, decision: Decision, *, near: bool = True) -> Iterator[Evaluated]:
    """Every rule of the event's type that fired, in the order they were tried, then those that nearly did."""
    for found in decision.fired:
        yield _fired(rule_of(ruleset, found.rule), found, event)
    if not near:
        return
    fired = {one.rule for one in decision.fired}
    tried = of_type(ruleset, event.type).tried(event, _stopper(ruleset, decision))
    for rule in islice((rule for rule in tried if rule.id not in fired), NEAREST):
        made = _made(rule)
        frame = frame_of(ready(rule), event)
        lacking = made.missing(frame)
        if 0 < len(lacking) <= MOST and len(lacking) < made.size:
            yield Evaluated(rule.id, "nearly", made.at, False, _deciding(made, lacking, frame))


def considered(ruleset: Ruleset, event: Event, decision: Decision) -> int:
    """How many rules were tried: those of the event's type that are for its user, up to one that stopped it."""
    return of_type(ruleset, event.type).considered(event, _stopper(ruleset, decision))


def _stopper(ruleset: Ruleset, decision: Decision) -> Rule | None:
    return rule_of(ruleset, decision.stopped_by) if decision.stopped_by else None


def _fired(rule: Rule, found: Fired, event: Event) -> Evaluated:
    """A rule that fired; one of which nothing came but problems has failed."""
    failed = bool(found.problems) and not found.actions
    made = _made(rule)
    deciding: tuple[dict[str, Json], ...] = ()
    # Of several events, or of one that time made, it is the windows that tell what the rule rests on.
    if event.type != OVER and not (rule.time is not None and rule.time.joins):
        frame = frame_of(ready(rule), event)
        rests_on = made.sure if made.sure and not failed else made.support(frame)[1]
        deciding = _deciding(made, rests_on, frame)
    return Evaluated(
        rule.id, "failed" if failed else "matched", made.at, found.shadow, deciding, found.problems
    )


def _deciding(made: _Made, told: tuple[Told, ...], frame: Frame) -> tuple[dict[str, Json], ...]:
    """Sub-conditions as the audit tells them."""
    return tuple(_said(made, leaf, held, frame) for leaf, held in told)


def _said(made: _Made, leaf: Leaf, held: bool, frame: Frame) -> dict[str, Json]:
    was = kind_of(leaf.value(frame)) if leaf.look is not None else ""
    said = made.said.get((leaf, held, was))
    if said is None:
        text = leaf.text if len(leaf.text) <= LONGEST else f"{leaf.text[: LONGEST - 1]}…"
        said = {"condition": text, "at": str(leaf.span), "held": held}
        if was:
            said["was"] = was
        made.said[leaf, held, was] = said
    return said


def kind_of(value: Any) -> str:
    """What kind of value it is, and nothing of the value."""
    if value is ABSENT:
        return "absent"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal | float):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "list"
    return "record" if isinstance(value, dict) else type(value).__name__
