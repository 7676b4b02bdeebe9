"""Where the states of a rule are kept: on a shelf for each of its windows and each organisation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from atamo_rules.engine.windows.ledger import Reads
from atamo_rules.engine.windows.schedule import begin
from atamo_rules.engine.windows.state import Place, State, shelf_of, window_of, window_on
from atamo_rules.model.event import Event
from atamo_rules.model.rule import DRAFT, Rule, Ruleset
from atamo_rules.model.window import Time


def windows(rule: Rule) -> tuple[str, ...]:
    """The names of the windows of a rule."""
    time = rule.time
    if time is None:
        return ()
    found = [_window(time)] if time.window is not None else []
    found += [_order(time)] if time.window is not None and time.window.late is not None else []
    found += [_schedule(time)] if time.schedule is not None else []
    found += [_throttle(time)] if time.throttle is not None else []
    return tuple(found)


def window_place(time: Time, event: Event, key: str) -> Place:
    """Where a window keeps what it knows of events of a key, for the organisation of this one."""
    return Place(shelf_of(_window(time), event.user), key)


def beside(time: Time, place: Place) -> tuple[Place, Place]:
    """The place where events wait for their turn, and that of the window they are put to; `place` is either of them."""
    whose = place.shelf[len(window_on(place.shelf)) :]
    return Place(_order(time) + whose, place.key), Place(_window(time) + whose, place.key)


def throttle_place(time: Time, event: Event, key: str) -> Place:
    """Where it is kept how often a rule acted on events of a key, for the organisation of this one."""
    return Place(shelf_of(_throttle(time), event.user), key)


def schedule_place(time: Time) -> Place:
    """Where the next moment of a rule with a schedule is kept: it is nobody's."""
    return Place(shelf_of(_schedule(time), None), "[]")


def schedules(
    ruleset: Ruleset, now: datetime, kept: Reads, only: Collection[str] | None = None
) -> dict[Place, State]:
    """The first states of the schedules of which nothing is kept yet, drafts left out."""
    found: dict[Place, State] = {}
    for rule in ruleset.rules:
        if rule.time is None or rule.time.schedule is None or rule.status == DRAFT:
            continue
        if only is not None and rule.id not in only:
            continue
        place = schedule_place(rule.time)
        state = begin(rule.time.schedule, now) if kept(place) is None else None
        if state is not None:
            found[place] = state
    return found


def _window(time: Time) -> str:
    return window_of(time.rule, "window", time.window_digest)


def _order(time: Time) -> str:
    return window_of(time.rule, "order", time.window_digest)


def _throttle(time: Time) -> str:
    return window_of(time.rule, "throttle", time.throttle_digest)


def _schedule(time: Time) -> str:
    return window_of(time.rule, "schedule", time.window_digest)
