"""What the clauses of a rule about time make of an event that its condition holds for: whether it fires, and with what.

The states are in a ledger; nothing here waits, and nothing knows where states are kept.
"""

from __future__ import annotations

from datetime import timedelta

from atamo_rules.engine.frame import Frame
from atamo_rules.engine.windows.event_time import entered
from atamo_rules.engine.windows.ledger import Ledger, Progress
from atamo_rules.engine.windows.moving import moved
from atamo_rules.engine.windows.pane import Firing, Pane
from atamo_rules.engine.windows.shelves import beside, throttle_place, window_place
from atamo_rules.engine.windows.state import Micros, length, micros
from atamo_rules.engine.windows.steps import stepwise
from atamo_rules.engine.windows.throttle import throttled
from atamo_rules.engine.windows.waiting import of_event
from atamo_rules.functions.printing import length_text
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule


def timed(part: Rule, rule: Rule, event: Event, frame: Frame, ledger: Ledger) -> Firing | None:
    """What becomes of `rule` when the condition of one of its parts holds for an event: a firing, or None while it
    still counts or waits, or is held back. Raises Problem where a key cannot be made."""
    time = part.time
    assert time is not None
    firing: Firing | None = Firing(rule, event, frame)
    if time.window is not None:
        key = stepwise(rule).key(part.step, frame)
        if key is None:
            ledger.told.append(Progress(rule.id, "not counted: the key is missing", False, time.by))
            return None
        place = window_place(time, event, key)
        pane = Pane(rule, time, time.window, place, ledger, ledger.now)
        if time.window.late is not None:
            _enters(pane, part, event, length(time.window.late))
            return None
        firing = moved(pane, part, event, frame)
    if firing is None or not lets_act(rule, firing.frame, ledger):
        return None
    return firing


def _enters(pane: Pane, part: Rule, event: Event, late: Micros) -> None:
    """An event for a window that goes by event time waits for its turn."""
    order, _ = beside(pane.time, pane.place)
    state = pane.ledger.get(order)
    found = entered(state, pane.now, micros(event.at), late, part.step, of_event(event))
    pane.ledger.put(order, found.state)
    words = length_text(timedelta(microseconds=late))
    pane.tell(f"not counted: {found.refused}" if found.refused else f"waits {words} for what is late")


def lets_act(rule: Rule, frame: Frame, ledger: Ledger) -> bool:
    """Whether a rule that is about to fire may act: `at most` counts it, or holds it back. Raises Problem."""
    time = rule.time
    if time is None or time.throttle is None:
        return True
    key = stepwise(rule).throttle_key(frame)
    most, per = time.throttle.count, time.throttle.per
    if key is None:
        ledger.told.append(Progress(rule.id, "not held back: the key is missing", True, time.throttle_by))
        return True
    place = throttle_place(time, frame.event, key)
    found = throttled(ledger.get(place), ledger.now, length(per), most)
    ledger.put(place, found.state)
    how = f"{found.had} of {most} in {length_text(per)}"
    words = f"acts after {how}" if found.may else f"held back after {how}"
    ledger.told.append(Progress(rule.id, words, found.may, time.throttle_by))
    return found.may
