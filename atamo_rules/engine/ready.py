"""A rule's closures, made once as long as the rule lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import ref

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its closures."""

    rule: Rule
    holds: conditions.Holding
    lets: tuple[tuple[str, terms.Value], ...]


_Closures: TypeAlias = "tuple[conditions.Holding, tuple[tuple[str, terms.Value], ...]]"
_CLOSURES: dict[int, tuple[ref[Rule], _Closures]] = {}
"""By the rule object itself: comparing rules by value would cost more than the closures do. A new generation keeps
the rules that did not change, and with them their closures; a rule that is gone takes its own along."""


def ready(rule: Rule) -> Ready:
    """The closures of one rule, made once as long as the rule lives."""
    key = id(rule)
    known = _CLOSURES.get(key)
    if known is None or known[0]() is not rule:
        made = (
            conditions.condition(rule.condition),
            tuple((name, terms.term(node)) for name, node in rule.lets),
        )
        known = _CLOSURES[key] = (ref(rule, lambda gone: _forget(key, gone)), made)
    holds, lets = known[1]
    return Ready(rule, holds, lets)


def _forget(key: int, gone: ref[Rule]) -> None:
    # The address may already belong to another rule, whose closures stay.
    if key in _CLOSURES and _CLOSURES[key][0] is gone:
        del _CLOSURES[key]


def frame_of(one: Ready, event: Event, names: Mapping[str, Any] | None = None) -> Frame:
    """The frame in which a rule reads an event."""
    frame = Frame(event, names)
    for name, make in one.lets:
        frame.lazy[name] = make
    return frame
