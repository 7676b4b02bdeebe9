"""An event put to a window: each kind's step, what it leaves there, and whether the rule fires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from atamo_rules.engine.frame import Frame
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.windows import absence, sequence
from atamo_rules.engine.windows.collection import collected
from atamo_rules.engine.windows.count import Counted, counted
from atamo_rules.engine.windows.distinct import distinct
from atamo_rules.engine.windows.pane import Firing, Pane
from atamo_rules.engine.windows.steps import stepwise
from atamo_rules.engine.windows.waiting import event_of, of_event
from atamo_rules.functions.printing import length_text
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule
from atamo_rules.model.window import COLLECTED


def moved(pane: Pane, part: Rule, event: Event, frame: Frame, kept: Any = None) -> Firing | None:
    """What an event makes of a window, for the step of the rule that `part` is: a firing, or None while it still counts
    or waits. `kept` is the event as it is kept, where it was before. Raises Problem where a value cannot be made."""
    window = pane.window
    match window.kind:
        case "times":
            found = counted(pane.state, pane.now, pane.within, window.count)
            return _counted(pane, found, f"{found.have} of {window.count}", event, frame)
        case "different":
            value = stepwise(pane.rule).different(frame)
            if value is None:
                pane.tell("not counted: what is to differ is missing")
                return None
            found = distinct(pane.state, pane.now, pane.within, window.count, value)
            return _counted(pane, found, f"{found.have} of {window.count} different", event, frame)
        case "then":
            return _sequence(pane, part, event, frame)
        case "without":
            _absence(pane, part, event, kept or of_event(event))
            return None
        case "collect":
            return _collected(pane, event, kept or of_event(event))
        case _:
            assert_never(window.kind)


def _counted(pane: Pane, found: Counted, have: str, event: Event, frame: Frame) -> Firing | None:
    pane.put(found.state)
    pane.tell(f"{have} within {length_text(pane.window.within)}", found.fires)
    return Firing(pane.rule, event, frame) if found.fires else None


def _collected(pane: Pane, event: Event, kept: Any) -> Firing | None:
    window = pane.window
    found = collected(pane.state, pane.now, pane.within, window.count, kept)
    pane.put(found.state)
    if found.bodies is None:
        pane.tell(f"{found.have} collected, of {window.count} or for {length_text(window.within)}")
        return None
    pane.tell(f"{found.have} collected", True)
    answers = ((COLLECTED, found.bodies),)
    return Firing(pane.rule, event, frame_of(ready(pane.rule), event, dict(answers)), answers)


def _sequence(pane: Pane, part: Rule, event: Event, frame: Frame) -> Firing | None:
    rule, window, at, many = pane.rule, pane.window, part.step, len(pane.window.steps)
    alias, last = window.steps[at].alias, at == many - 1
    if at == 0:
        found = sequence.begun(pane.state, pane.now, pane.within, alias, event.body)
    else:
        joins = _joins(rule, at, event, {} if last else {alias: event.body})
        found = sequence.advanced(pane.state, pane.now, pane.within, at, last, alias, event.body, joins)
    pane.put(found.state)
    if found.bodies is None:
        if at == 0 or found.open:
            pane.tell(f"step {at + 1} of {many}, {found.open} under way{_lost(found.lost)}")
        return None
    pane.tell(f"step {many} of {many} within {length_text(window.within)}", True)
    answers = tuple(found.bodies.items())
    return Firing(rule, event, frame_of(ready(rule), event, found.bodies), answers)


def _joins(rule: Rule, at: int, event: Event, own: Mapping[str, Any]) -> sequence.Joins:
    holds = stepwise(rule).joined[at]
    if holds is None:
        return lambda bodies: True
    one = ready(rule)
    return lambda bodies: holds(frame_of(one, event, {**bodies, **own}))


def _absence(pane: Pane, part: Rule, event: Event, kept: Any) -> None:
    if part.step == 0:
        found = absence.waits(pane.state, pane.now, pane.within, kept)
        words = f"waits for {length_text(pane.window.within)}, {found.open} open{_lost(found.lost)}"
    else:
        holds, one, alias = stepwise(pane.rule).joined[1], ready(pane.rule), pane.window.steps[1].alias
        found = absence.came(
            pane.state,
            pane.now,
            lambda waits: holds is None or holds(frame_of(one, event_of(waits), {alias: event.body})),
        )
        words = f"came in time for {found.ended}, {found.open} still open"
    pane.put(found.state)
    if part.step == 0 or found.ended:
        pane.tell(words)


def _lost(many: int) -> str:
    return f", the oldest {many} made room" if many else ""
