"""One world with rules and events, judged twice: by the engine, and by the naive evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from atamo_rules.compiler.pipeline import Compilation
from atamo_rules.engine.decide import decide
from atamo_rules.hub.intake import Intake
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import encode
from atamo_rules.syntax import declarations as decl
from tests.naive.evaluate import World, matches
from tests.naive.values import moment
from tests.strategies import worlds
from tests.strategies.choices import Choices
from tests.strategies.conditions import condition, spots
from tests.worlds import compiled

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Judged:
    """Text and bodies, so that hypothesis shows what a human would run again."""

    text: str
    bodies: tuple[str, ...]


def world(choose: Choices, rules: int, events: int) -> Judged:
    """An event type, rules about it, and bodies."""
    declaration = worlds.event_type(choose)
    event = worlds.declared(declaration)
    here = spots(event)
    text = declaration + "".join(
        f"\nrule r{number}\n  on thing\n  when {condition(choose, here)}\n  do\n    send desk.note\n"
        for number in range(rules)
    )
    text += "\nagent desk\n  send note\n    line: text?\n"
    return Judged(text, tuple(encode(worlds.body(choose, event, choose.upto(2) < 2)) for _ in range(events)))


def right(made: Compilation) -> Ruleset:
    """The ruleset; fails with the mistakes when there are any, because every generated condition is right."""
    assert made.ruleset is not None, [
        f"{d.span}: {d.code.id} {d.message}: {d.span.text}" for d in made.errors
    ]
    return made.ruleset


def taken(ruleset: Ruleset, raw: str) -> Event:
    """A body through the door, as the hub takes it."""
    event = Intake(ruleset).take(raw.encode(), type_name="thing", now=NOON, fallback_id="e").event
    assert event is not None
    return event


def differences(judged: Judged) -> list[str]:
    """Every rule and event on which the two do not agree."""
    made = compiled(judged.text)
    ruleset = right(made)
    rules = [one for one in made.files[0].declarations if isinstance(one, decl.Rule)]
    type = next(one for one in made.files[0].declarations if isinstance(one, decl.EventDecl))
    found = []
    intake = Intake(ruleset)
    for raw in judged.bodies:
        event = intake.take(raw.encode(), type_name="thing", now=NOON, fallback_id="e").event
        assert event is not None
        engine = set(decide(ruleset, event).matched)
        naive = naively(rules, type, decoded(raw))
        found += [
            f"{id}: the engine says {id in engine}; {_condition(rules, id)} on {raw}"
            for id in sorted(engine ^ naive)
        ]
    return found


def decoded(raw: str) -> Any:
    from atamo_rules.model.strict_json import decode

    return decode(raw)


def naively(rules: Sequence[decl.Rule], type: decl.EventDecl, body: Any) -> set[str]:
    """The names of the rules that the naive evaluator says match."""
    now = moment("2026-11-23T12:00:00Z")
    assert now is not None
    around = World.of(type, body, now.content)
    return {rule.name.text for rule in rules if matches(rule, around)}


def _condition(rules: Sequence[decl.Rule], id: str) -> str:
    rule = next(one for one in rules if one.name.text == id)
    return "" if rule.condition is None else rule.condition.span.text
