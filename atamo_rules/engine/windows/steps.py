"""A rule about several events as one rule for each of them, so that the index finds it by any.

Each part of `when` that is joined by `and` is asked as soon as the events it reads are there: what reads one event
alone is the condition of that event's step, and can be looked up; the rest is asked of the events together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.frame import Frame
from atamo_rules.engine.lets import inlined, reread
from atamo_rules.engine.once import Once
from atamo_rules.engine.windows.roots import MAIN, roots_of
from atamo_rules.engine.windows.state import key_of
from atamo_rules.model.meaning import All, Condition, Constant, Get
from atamo_rules.model.rule import Rule
from atamo_rules.model.types import Anything
from atamo_rules.model.window import Step


@dataclass(frozen=True, slots=True)
class Stepwise:
    """`filters` and `joined` by step: what its event must satisfy, and what it must with those before it; `joins` is
    the meaning of the latter."""

    filters: tuple[Condition, ...]
    joined: tuple[conditions.Holding | None, ...]
    keys: tuple[tuple[terms.Value, ...], ...]
    throttle: tuple[terms.Value, ...]
    differs: tuple[terms.Value, ...] = ()
    joins: tuple[Condition | None, ...] = ()

    def key(self, step: int, frame: Frame) -> str | None:
        """The key of an event for a step; None where it has none."""
        return key_of(read(frame) for read in self.keys[step])

    def different(self, frame: Frame) -> str | None:
        """The canonical text of what is to differ; None where it is missing."""
        return key_of(read(frame) for read in self.differs)

    def throttle_key(self, frame: Frame) -> str | None:
        """The key of a rule that is about to fire, for its throttle."""
        return key_of(read(frame) for read in self.throttle)


def parts(rule: Rule) -> tuple[Rule, ...]:
    """The rule as the index files it: itself, or where several events make it fire one rule for each step."""
    return _parts(rule) if rule.time is not None and rule.time.joins else (rule,)


def whole_id(id: str) -> str:
    """The id of the rule that a part belongs to."""
    return id.partition(" #")[0]


def _divided(rule: Rule) -> tuple[Rule, ...]:
    time = rule.time
    assert time is not None
    if time.window is None:  # a schedule: no event reaches it
        return ()
    many = len(time.window.steps)
    # Later steps are tried first: no event is two steps of one attempt.
    return tuple(
        replace(
            rule,
            id=f"{rule.id} #{many - at:03}",
            event=step.event,
            condition=condition,
            plans=(),
            lets=(),
            stop=False,
            step=at,
        )
        for at, (step, condition) in reversed(
            list(enumerate(zip(time.window.steps, stepwise(rule).filters, strict=True)))
        )
    )


def _stepwise(rule: Rule) -> Stepwise:
    time = rule.time
    assert time is not None
    throttle = _values(time.throttle.key) if time.throttle is not None else ()
    window = time.window
    if window is None:
        return Stepwise((), (), (), throttle)
    keys = tuple(_values(step.key) for step in window.steps)
    if not time.joins:
        return Stepwise((rule.condition,), (None,), keys, throttle, _values(window.different))
    filters: list[list[Condition]] = [[] for _ in window.steps]
    joined: list[list[Condition]] = [[] for _ in window.steps]
    places = {step.alias: at for at, step in enumerate(window.steps)}
    main = places[MAIN]
    lets = dict(rule.lets)
    condition = inlined(rule)
    for part in condition.parts if isinstance(condition, All) else (condition,):
        roots = roots_of(part, places, lets) or {MAIN}
        at = max(places[root] for root in roots)
        if len(roots) == 1 and not _named(part, lets):
            filters[at].append(part if at == main else _alone(part, window.steps[at]))
        else:
            joined[at].append(part)
    joins = tuple(_all(found, rule) if found else None for found in joined)
    return Stepwise(
        tuple(_all(found, rule) for found in filters),
        tuple(conditions.condition(one) if one is not None else None for one in joins),
        keys,
        throttle,
        joins=joins,
    )


def _named(part: Condition, lets: Mapping[str, Any]) -> bool:
    """Whether a part still reads a name given by `let`."""
    return bool(lets) and bool(roots_of(part, tuple(lets), {}) - {MAIN})


def _alone(part: Condition, step: Step) -> Condition:
    """A part that reads one event under its alias, as it reads when that event is the only one."""
    return reread(part, {step.alias: Get(MAIN, (), Anything(), span=part.span)})


def _all(found: list[Condition], rule: Rule) -> Condition:
    if not found:
        return Constant(True, span=rule.span)
    return found[0] if len(found) == 1 else All(tuple(found), span=rule.condition.span)


def _values(key: Iterable[Any]) -> tuple[terms.Value, ...]:
    return tuple(terms.term(node) for node in key)


stepwise: Once[Rule, Stepwise] = Once(_stepwise)
_parts: Once[Rule, tuple[Rule, ...]] = Once(_divided)
