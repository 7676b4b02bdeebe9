"""A rule's closures, made once as long as the rule lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.once import Once
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its closures."""

    rule: Rule
    holds: conditions.Holding
    lets: tuple[tuple[str, terms.Value], ...]


def ready(rule: Rule) -> Ready:
    """The closures of one rule, made once as long as the rule lives."""
    holds, lets = _closures(rule)
    return Ready(rule, holds, lets)


_closures: Once[Rule, tuple[conditions.Holding, tuple[tuple[str, terms.Value], ...]]] = Once(
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
