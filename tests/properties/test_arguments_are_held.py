"""No action is decided whose body its own declaration refuses, and none that it takes is kept back."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from atamo_rules.compiler import proven
from atamo_rules.compiler.pipeline import Compilation
from atamo_rules.engine.decide import decide
from atamo_rules.engine.door import Door
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.schema_check import validator
from atamo_rules.model.schema_export import schema_of
from atamo_rules.model.strict_json import decode, encode
from tests.strategies.choices import Choices, Seeded
from tests.worlds import NOON, compiled

PLAIN = ("text", "text 1..3", "text 0..9", "whole", "whole 0..10", "whole 2..5", "number", "number 0..10", "money 0..5",
         "email", "uri", "uuid", "ip", "boolean", "time", "date", "duration", "one of red, blue", "one of red, 3",
         "anything")  # fmt: skip
POOL: tuple[Any, ...] = (
    "", "a", "red", "blue", "abcd", "ada@example.org", "https://example.org/", "10.0.0.1", "12", "x" * 12,
    "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "PT5M", "-PT0.5S", "P1D",
    "3e0a2c1c-5f7e-4b52-9c8e-0a6f4a3a5b11", 0, 1, 3, 7, 11, -1, True, False, None, [], ["a"], [3], {}, {"x": "a"},
    {"x": 3, "y": "a"}, [{"x": 3}],
)  # fmt: skip
ARGUMENTS = ("a", "b", "o", "o.x", "r", "r.x", "r.y", "l", "l[0]", "first(l)", "number(a)", "a + 1", "now", "now - t",
             "(b else 3)", '(r.y else "red")', "[a, 3]", "[o, o]", "{ x: a }", "{ x: o, y: b }", "known", "3", "2.5",
             '"red"', '"abcd"', '"ada@example.org"', "true", '"{{ a }}"', '"{{ o }}"', '"{{ a }}!"', "upper(a)",
             '["red", "{{ b }}"]', "r.x else 3", "count(l)", "user.name", "10 minutes", '"2026-01-01"')  # fmt: skip


def _type(choose: Choices, indent: str, depth: int = 1) -> str:
    """A type as it stands behind a name; one of several lines ends without a mark of what may be left out."""
    kind = choose.upto(9) if depth else 0
    if kind == 7:
        return f" {choose.pick(('list', 'map'))} of {choose.pick(PLAIN)}"
    if kind >= 8:
        maybe = choose.pick(("", "?"))
        return f"\n{indent}  x:{_type(choose, indent, 0)}\n{indent}  y: {choose.pick(PLAIN)}{maybe}"
    return f" {choose.pick(PLAIN)}"


def _world(choose: Choices) -> Compilation:
    a = _type(choose, "  ")
    wanted = a.replace("\n  ", "\n    ") if choose.upto(3) == 3 else _type(choose, "    ")
    maybe = choose.pick(("", "?")) if "\n" not in wanted else ""
    return compiled(
        f"event thing\n{choose.pick(('', '  when invalid flag' + chr(10)))}"
        f"  a:{a}\n  b:{_type(choose, '  ')}\n  o: anything\n  t: time\n  l: list of {choose.pick(PLAIN)}\n"
        f"  r:\n    x: {choose.pick(PLAIN)}\n    y: {choose.pick(PLAIN)}?\n\n"
        f"agent desk\n  send note\n    p:{wanted}{maybe}\n\n"
        f"rule r\n  on thing\n  let known = a\n  do\n    send desk.note\n      p: {choose.pick(ARGUMENTS)}\n"
    )


def _value(choose: Choices, type: dict[str, Any]) -> Any:
    """A value that mostly fits a schema."""
    fitting = _fitting(encode(type))
    if not fitting and type.get("type") == "object":
        return {name: _value(choose, inner) for name, inner in type["properties"].items()}
    return choose.pick(fitting) if fitting and choose.upto(9) else choose.pick(POOL)


@cache
def _fitting(schema: str) -> list[Any]:
    """The values of the pool that fit a schema."""
    check = validator(decode(schema), formats=True)
    return [one for one in POOL if check.is_valid(one)]


def _wrong(seeds: range) -> tuple[list[str], int, int, int]:
    """What is decided and should not be, or the other way round; and how many arguments were proved, how many were
    held to their type, and how many of those actions were refused."""
    found, proved, held, refused = [], 0, 0, 0
    for seed in seeds:
        choose = Seeded(seed)
        ruleset = _world(choose).ruleset
        if ruleset is None:
            continue
        open_to = any(plan.held is not None for rule in ruleset.rules for plan in rule.plans)
        proved, held = proved + (not open_to), held + open_to
        check = validator(schema_of(ruleset.actions["desk.note"].parameters), formats=True)
        type = ruleset.events["thing"]
        door = Door(type)
        for _ in range(12):
            assert isinstance(type.schema, dict)
            body = {name: _value(choose, inner) for name, inner in type.schema["properties"].items()}
            reasons = door.reasons(body)
            if reasons and type.invalid == "reject":
                continue
            event = Event("e", "thing", door.filled(body), NOON, conforms=not reasons)
            before = decide(_trusting(ruleset), event).actions
            right = tuple(action for action in before if check.is_valid(action.body))
            refused += len(before) - len(right)
            if decide(ruleset, event).actions != right:
                found.append(f"seed {seed}: {body}")
    return found, proved, held, refused


def _trusting(ruleset: Ruleset) -> Ruleset:
    """The same rules, whose arguments are held to nothing."""
    return replace(
        ruleset,
        rules=tuple(
            replace(rule, plans=tuple(replace(plan, held=None) for plan in rule.plans))
            for rule in ruleset.rules
        ),
    )


def test_what_a_declaration_refuses_is_never_decided() -> None:
    found, proved, held, refused = _wrong(range(500))
    assert found == []
    assert min(proved, held, refused) > 30, (proved, held, refused)


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a type is taken to be as narrow as any other is found out."""
    monkeypatch.setattr(proven, "narrower", lambda given, wanted, forms: True)
    assert _wrong(range(150))[0]
