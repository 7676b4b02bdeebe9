"""What the clauses of a rule about time make of an event that its condition holds for: whether it fires, and with what.

The states are in a ledger; nothing here waits, and nothing knows where states are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, assert_never

from atamo_rules.engine.frame import Frame
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.windows import absence, sequence
from atamo_rules.engine.windows.count import counted
from atamo_rules.engine.windows.ledger import Ledger, Progress
from atamo_rules.engine.windows.schedule import struck
from atamo_rules.engine.windows.shelves import schedule_place, throttle_place, window_place, windows
from atamo_rules.engine.windows.state import Micros, Place, State, length, window_on
from atamo_rules.engine.windows.steps import stepwise
from atamo_rules.engine.windows.throttle import throttled
from atamo_rules.engine.windows.waiting import event_of, of_event, over_event, struck_event
from atamo_rules.functions.printing import length_text
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule
from atamo_rules.model.types import Json
from atamo_rules.model.window import Time, Window


class Firing(NamedTuple):
    """A rule that fires on an event; `answers` are the bodies of the events before it, under their aliases."""

    rule: Rule
    event: Event
    frame: Frame
    answers: tuple[tuple[str, Json], ...] = ()


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
        firing = _stepped(part, rule, time, time.window, event, frame, place, ledger)
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


def ended(rule: Rule, place: Place, state: State, ledger: Ledger) -> list[Event]:
    """The events that time makes at a place, up to the moment of the ledger; what is over without them is let go."""
    if window_on(place.shelf) not in windows(rule):
        return []
    if rule.time is not None and rule.time.schedule is not None and place == schedule_place(rule.time):
        after, dues = struck(rule.time.schedule, state, ledger.now)
        ledger.get(place)
        ledger.put(place, after)
        return [struck_event(rule.id, due) for due in dues]
    if not state.fires:
        ledger.get(place)
        ledger.put(place, None if state.wake <= ledger.now else state)
        return []
    found = absence.over(ledger.get(place), ledger.now)
    ledger.put(place, found.state)
    return [over_event(rule.id, due, kept) for due, kept in found.fired]


def _stepped(
    part: Rule,
    rule: Rule,
    time: Time,
    window: Window,
    event: Event,
    frame: Frame,
    place: Place,
    ledger: Ledger,
) -> Firing | None:
    state, now, within = ledger.get(place), ledger.now, length(window.within)
    match window.kind:
        case "times":
            count = counted(state, now, within, window.count)
            ledger.put(place, count.state)
            words = f"{count.have} of {window.count} within {length_text(window.within)}"
            ledger.told.append(Progress(rule.id, words, count.fires, time.by))
            return Firing(rule, event, frame) if count.fires else None
        case "then":
            return _sequence(part, rule, time, window, event, place, ledger)
        case "without":
            _absence(part, rule, time, within, event, place, ledger)
            return None
        case _:
            assert_never(window.kind)


def _sequence(
    part: Rule, rule: Rule, time: Time, window: Window, event: Event, place: Place, ledger: Ledger
) -> Firing | None:
    at, many = part.step, len(window.steps)
    state, within, alias = ledger.get(place), length(window.within), window.steps[at].alias
    if at == 0:
        moved = sequence.begun(state, ledger.now, within, alias, event.body)
    else:
        joins = _joins(rule, at, event, {} if at == many - 1 else {alias: event.body})
        moved = sequence.advanced(state, ledger.now, within, at, at == many - 1, alias, event.body, joins)
    ledger.put(place, moved.state)
    if moved.bodies is None:
        if at == 0 or moved.open:
            words = f"step {at + 1} of {many}, {moved.open} under way{_lost(moved.lost)}"
            ledger.told.append(Progress(rule.id, words, False, time.by))
        return None
    words = f"step {many} of {many} within {length_text(window.within)}"
    ledger.told.append(Progress(rule.id, words, True, time.by))
    answers = tuple(moved.bodies.items())
    return Firing(rule, event, frame_of(ready(rule), event, moved.bodies), answers)


def _joins(rule: Rule, at: int, event: Event, own: Mapping[str, Any]) -> sequence.Joins:
    holds = stepwise(rule).joined[at]
    if holds is None:
        return lambda bodies: True
    one = ready(rule)
    return lambda bodies: holds(frame_of(one, event, {**bodies, **own}))


def _absence(
    part: Rule, rule: Rule, time: Time, within: Micros, event: Event, place: Place, ledger: Ledger
) -> None:
    state = ledger.get(place)
    assert time.window is not None
    if part.step == 0:
        found = absence.waits(state, ledger.now, within, of_event(event))
        words = f"waits for {length_text(time.window.within)}, {found.open} open{_lost(found.lost)}"
    else:
        holds, one, alias = stepwise(rule).joined[1], ready(rule), time.window.steps[1].alias
        found = absence.came(
            state,
            ledger.now,
            lambda kept: holds is None or holds(frame_of(one, event_of(kept), {alias: event.body})),
        )
        words = f"came in time for {found.ended}, {found.open} still open"
    ledger.put(place, found.state)
    if part.step == 0 or found.ended:
        ledger.told.append(Progress(rule.id, words, False, time.by))


def _lost(many: int) -> str:
    return f", the oldest {many} made room" if many else ""
