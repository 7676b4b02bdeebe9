"""What the clauses of a rule about time make of an event that its condition holds for, and of time that passes.

The states are in a ledger; nothing here waits, and nothing knows where states are kept.
"""

from __future__ import annotations

from typing import NamedTuple

from atamo_rules.engine.frame import Frame
from atamo_rules.engine.windows import absence, collection
from atamo_rules.engine.windows.ledger import Ledger, Progress
from atamo_rules.engine.windows.moving import moved
from atamo_rules.engine.windows.pane import Answers, Firing, Pane
from atamo_rules.engine.windows.schedule import struck
from atamo_rules.engine.windows.shelves import schedule_place, throttle_place, window_place, windows
from atamo_rules.engine.windows.state import Place, State, length, window_on
from atamo_rules.engine.windows.steps import stepwise
from atamo_rules.engine.windows.throttle import throttled
from atamo_rules.engine.windows.waiting import over_event, struck_event
from atamo_rules.functions.printing import length_text
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule
from atamo_rules.model.window import COLLECTED


class End(NamedTuple):
    """An event that time made, and what a rule's actions read beside it."""

    event: Event
    answers: Answers = ()


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
        firing = moved(Pane(rule, time, time.window, place, ledger, ledger.now), part, event, frame)
    if firing is None or not lets_act(rule, firing.frame, ledger):
        return None
    return firing


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


def ended(rule: Rule, place: Place, state: State, ledger: Ledger) -> list[End]:
    """What time makes at a place, up to the moment of the ledger; what is over without anything is let go."""
    if window_on(place.shelf) not in windows(rule):
        return []
    ledger.get(place)
    time = rule.time
    assert time is not None
    if time.schedule is not None and place == schedule_place(time):
        after, dues = struck(time.schedule, state, ledger.now)
        ledger.put(place, after)
        return [End(struck_event(rule.id, due)) for due in dues]
    if not state.fires:
        ledger.put(place, None if state.wake <= ledger.now else state)
        return []
    if time.window is not None and time.window.kind == "collect":
        left, full = collection.over(state, ledger.now)
        ledger.put(place, left)
        return [End(over_event(rule.id, one.due, one.last), ((COLLECTED, one.bodies),)) for one in full]
    found = absence.over(state, ledger.now)
    ledger.put(place, found.state)
    return [End(over_event(rule.id, due, kept)) for due, kept in found.fired]
