"""A rule's whole condition on one event, as a tree with every value: what `atamo why` draws.

Computed again when it is asked for. Who may see it may see the body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from atamo_rules.engine import conditions
from atamo_rules.engine.deciding import leaf, leaves, missing, support
from atamo_rules.engine.explain import value_text
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.model.event import Event
from atamo_rules.model.meaning import All, Any, Condition, Not
from atamo_rules.model.rule import Rule
from atamo_rules.model.types import Json
from atamo_rules.source.span import Span


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of a condition. `op` is how its `parts` are joined, or `is` for a sub-condition, which looked at the value
    `was`. `decided` says that the whole rests on it; `change` that it is among the fewest that would have to change."""

    op: Literal["and", "or", "not", "is"]
    held: bool
    text: str = ""
    at: str = ""
    was: str = ""
    decided: bool = False
    change: bool = False
    parts: tuple[Branch, ...] = ()

    def document(self) -> dict[str, Json]:
        """It as JSON."""
        if self.op == "is":
            return {
                "op": "is",
                "held": self.held,
                "text": self.text,
                "at": self.at,
                "was": self.was,
                "decided": self.decided,
                "change": self.change,
            }
        return {"op": self.op, "held": self.held, "parts": [part.document() for part in self.parts]}


def reasons(rule: Rule, event: Event) -> Branch:
    """The condition of a rule on an event, whether or not the rule is for the event's user."""
    frame = frame_of(ready(rule), event)
    held, on = support(rule.condition)(frame)
    decided = {one.span for one, _ in on}
    change = frozenset[Span]() if held else {one.span for one, _ in missing(rule.condition)(frame)}
    return _branch(rule.condition, frame, decided.__contains__, change.__contains__)


def size(rule: Rule) -> int:
    """How many sub-conditions a rule has."""
    return len(leaves(rule.condition))


def _branch(
    node: Condition, frame: Frame, decided: Callable[[Span], bool], change: Callable[[Span], bool]
) -> Branch:
    if isinstance(node, Not) and isinstance(node.part, All | Any | Not):
        inner = _branch(node.part, frame, decided, change)
        return Branch("not", not inner.held, parts=(inner,))
    if parts := conditions.joined(node):
        made = tuple(_branch(part, frame, decided, change) for part in parts)
        if isinstance(node, All):
            return Branch("and", all(part.held for part in made), parts=made)
        return Branch("or", any(part.held for part in made), parts=made)
    one = leaf(node)
    return Branch(
        "is",
        one.holds(frame),
        one.text,
        str(one.span),
        value_text(one, frame),
        decided(one.span),
        change(one.span),
    )
