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
    """The closures of a rule."""

    holds: conditions.Holding
    lets: Mapping[str, terms.Value]


ready: Once[Rule, Ready] = Once(
    lambda rule: Ready(
        conditions.condition(rule.condition), {name: terms.term(node) for name, node in rule.lets}
    )
)
"""The closures of one rule, made once as long as the rule lives."""


def frame_of(one: Ready, event: Event, names: Mapping[str, Any] | None = None) -> Frame:
    """The frame in which a rule reads an event."""
    roots = {"event": event.body}
    if names:
        roots.update(names)
    return Frame(event, roots, one.lets)
