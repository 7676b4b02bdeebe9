"""What tests have shown of rules that several events make fire: which conditions they asked of which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from atamo_rules.engine.frame import Frame
from atamo_rules.engine.problem import Problem
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.engine.windows.roots import MAIN
from atamo_rules.engine.windows.steps import Stepwise, parts, stepwise
from atamo_rules.model.event import Event
from atamo_rules.model.meaning import Condition
from atamo_rules.model.rule import Rule

MOST = 1000
"""Ways to join events of one test that are looked at."""


def conditions_of(rule: Rule) -> tuple[Condition, ...]:
    """The parts of a rule's condition, as its steps ask them."""
    steps = stepwise(rule)
    return (*steps.filters, *(one for one in steps.joins if one is not None))


def asked(rule: Rule, events: Sequence[Event]) -> Iterator[tuple[Condition, Frame]]:
    """What is asked of the events of one test, in the order they came: of each alone, and of those together that have
    one key and belong to one organisation."""
    steps = stepwise(rule)
    there: list[list[tuple[int, Event, str]]] = [[] for _ in steps.filters]
    for number, event in enumerate(events):
        for part in parts(rule):
            if part.event != event.type or not rule.scope.admits(event.user):
                continue
            frame = frame_of(ready(part), event)
            yield part.condition, frame
            key = _key(steps, part, frame)
            if key is not None:
                there[part.step].append((number, event, key))
    for at, condition in enumerate(steps.joins):
        if condition is not None:
            for chosen in islice(product(*there[: at + 1]), MOST):
                if _go_together(chosen):
                    yield condition, _joined(rule, [event for _, event, _ in chosen])


def _key(steps: Stepwise, part: Rule, frame: Frame) -> str | None:
    try:
        return steps.key(part.step, frame) if ready(part).holds(frame) else None
    except Problem:
        return None


def _go_together(chosen: Sequence[tuple[int, Event, str]]) -> bool:
    numbers = [number for number, _, _ in chosen]
    whose = {(key, event.user.organisation if event.user is not None else "") for _, event, key in chosen}
    return len(whose) == 1 and numbers == sorted(set(numbers))


def _joined(rule: Rule, events: Sequence[Event]) -> Frame:
    """The frame in which a rule reads several events: that of the one whose bare names it reads, once that is there."""
    assert rule.time is not None
    assert rule.time.window is not None
    aliases = [step.alias for step in rule.time.window.steps]
    main = next((event for event, alias in zip(events, aliases, strict=False) if alias == MAIN), events[-1])
    names = {alias: one.body for one, alias in zip(events, aliases, strict=False) if alias != MAIN}
    return frame_of(ready(rule), main, names)
