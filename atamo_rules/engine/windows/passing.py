"""What time makes at a place: ends of waits and collections, moments of schedules, events whose turn has come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from atamo_rules.engine.problem import Problem
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.windows import absence, collection, event_time
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.moving import moved
from atamo_rules.engine.windows.pane import Answers, Pane
from atamo_rules.engine.windows.schedule import struck
from atamo_rules.engine.windows.shelves import beside, schedule_place, windows
from atamo_rules.engine.windows.state import Micros, Place, State, length, part_of, window_on
from atamo_rules.engine.windows.steps import parts
from atamo_rules.engine.windows.waiting import event_of, over_event, struck_event
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule
from atamo_rules.model.window import COLLECTED, Time, Window


class End(NamedTuple):
    """An event that time made, and what a rule's actions read beside it."""

    event: Event
    answers: Answers = ()


def ended(rule: Rule, place: Place, state: State, ledger: Ledger) -> Iterator[End]:
    """What time makes at a place, up to the moment of the ledger; what is over without anything is let go. What is told
    in the ledger between one and the next belongs to the next."""
    if window_on(place.shelf) not in windows(rule):
        return
    time = rule.time
    assert time is not None
    if time.schedule is not None and place == schedule_place(time):
        after, dues = struck(time.schedule, state, ledger.now)
        ledger.get(place)
        ledger.put(place, after)
        yield from (End(struck_event(rule.id, due)) for due in dues)
    elif time.window is not None and time.window.late is not None and part_of(place.shelf) != "throttle":
        yield from _in_order(rule, time, time.window, length(time.window.late), place, ledger)
    elif state.fires:
        assert time.window is not None
        yield from _over(rule, time.window, place, ledger, ledger.now)
    else:
        ledger.get(place)
        ledger.put(place, None if state.wake <= ledger.now else state)


def _over(rule: Rule, window: Window, place: Place, ledger: Ledger, now: Micros) -> Iterator[End]:
    """What waits or is collected until a moment, and is over by it."""
    if window.kind == "collect":
        left, full = collection.over(ledger.get(place), now)
        ledger.put(place, left)
        yield from (End(over_event(rule.id, one.due, one.last), ((COLLECTED, one.bodies),)) for one in full)
    if window.kind == "without":
        found = absence.over(ledger.get(place), now)
        ledger.put(place, found.state)
        yield from (End(over_event(rule.id, due, kept)) for due, kept in found.fired)


def _in_order(
    rule: Rule, time: Time, window: Window, late: Micros, place: Place, ledger: Ledger
) -> Iterator[End]:
    """The events whose turn has come, put to the window each at its own time, and what is over between them."""
    clock = ledger.now - late
    order, place = beside(time, place)
    held, before = ledger.get(order), ledger.get(place)
    ledger.put(order, event_time.left(held, clock, late))
    steps = {part.step: part for part in parts(rule)}
    for at, step, kept in event_time.due(held, clock):
        yield from _over(rule, window, place, ledger, at - 1)
        event = event_of(kept)
        pane = Pane(rule, time, window, place, ledger, at)
        try:
            firing = moved(pane, steps[step], event, frame_of(ready(rule), event), kept)
        except Problem as problem:
            pane.tell(f"not counted: {problem}")
            continue
        if firing is not None:
            yield End(over_event(rule.id, at, kept), firing.answers)
    yield from _over(rule, window, place, ledger, clock)
    after = ledger.get(place)
    if after is not None and after is not before:  # its steps know nothing of the hub's clock
        after = State(after.wake + late, after.fires, after.held)
    ledger.put(place, None if after is not None and not after.fires and after.wake <= ledger.now else after)
