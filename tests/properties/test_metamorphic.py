"""Changes that mean nothing change nothing: what rules and events say counts, and not how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from atamo_rules.engine.decide import decide
from atamo_rules.model.event import Event
from atamo_rules.model.meaning import All, Among, Condition, Not
from atamo_rules.model.meaning import Any as AnyOf
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import encode
from atamo_rules.syntax.canonical import canonical
from tests import pairs
from tests.properties.judging import Judged, decoded, right, taken, world
from tests.strategies.choices import Seeded
from tests.worlds import compiled

WORLDS = [world(Seeded(seed), 6, 6) for seed in range(40)]


def matched(ruleset: Ruleset, judged: Judged, change: Callable[[Any], Any] = lambda body: body) -> list[Any]:
    return [decide(ruleset, taken(ruleset, encode(change(decoded(raw))))).matched for raw in judged.bodies]


def cases() -> Iterator[tuple[Judged, Ruleset, list[Any]]]:
    for judged in WORLDS:
        ruleset = right(compiled(judged.text))
        yield judged, ruleset, matched(ruleset, judged)


# --- conditions -----------------------------------------------------------------------------------------


def reversed_parts(node: Condition) -> Condition:
    match node:
        case All() | AnyOf():
            return replace(node, parts=tuple(reversed_parts(part) for part in reversed(node.parts)))
        case Not():
            return replace(node, part=reversed_parts(node.part))
        case Among():
            return replace(node, condition=reversed_parts(node.condition))
    return node


def de_morgan(node: Condition) -> Condition:
    match node:
        case All() | AnyOf():
            other = AnyOf if isinstance(node, All) else All
            turned = tuple(Not(de_morgan(part), span=part.span) for part in node.parts)
            return Not(other(turned, span=node.span), span=node.span)
        case Not():
            return replace(node, part=de_morgan(node.part))
        case Among():
            return replace(node, condition=de_morgan(node.condition))
    return node


def doubled(node: Condition) -> Condition:
    match node:
        case All() | AnyOf():
            node = replace(node, parts=tuple(doubled(part) for part in node.parts))
        case Not():
            node = replace(node, part=doubled(node.part))
    return Not(Not(node, span=node.span), span=node.span)


@pytest.mark.parametrize("change", [reversed_parts, de_morgan, doubled])
def test_conditions_that_are_equal_in_logic_hold_alike(change: Callable[[Condition], Condition]) -> None:
    """Also without the guards before what they guard: every part is total, so the order is only about cost."""
    held = asked = 0
    for judged, ruleset, before in cases():
        assert changed(ruleset, judged, change) == before, judged.text
        held += sum(map(len, before))
        asked += len(before) * len(ruleset.rules)
    assert 0.1 < held / asked < 0.9, "the worlds say little when nearly everything or nothing matches"


def changed(ruleset: Ruleset, judged: Judged, change: Callable[[Condition], Condition]) -> list[Any]:
    """What rules decide when each has a changed condition."""
    rules = tuple(replace(rule, condition=change(rule.condition)) for rule in ruleset.rules)
    return matched(replace(ruleset, rules=rules), judged)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_many_conditions_that_are_equal_in_logic_hold_alike() -> None:
    def differences(seed: int) -> tuple[list[str], int]:
        judged = world(Seeded(seed), 8, 12)
        ruleset = right(compiled(judged.text))
        before = matched(ruleset, judged)
        wrong = [
            f"{change.__name__}: {judged}"
            for change in (reversed_parts, de_morgan, doubled)
            if changed(ruleset, judged, change) != before
        ]
        return wrong, 8 * 12

    pairs.ask(differences, pairs=20_000)


def test_not_not_in_the_text() -> None:
    for judged, _, before in cases():
        lines = [
            f"  when not (not ({line.removeprefix('  when ')}))"
            if line.startswith("  when ") and not line.startswith("  when invalid")
            else line
            for line in judged.text.splitlines()
        ]
        assert matched(right(compiled("\n".join(lines) + "\n")), judged) == before


# --- events ---------------------------------------------------------------------------------------------


def with_more(body: Any) -> Any:
    return {"zz": {"a": 1}, **body, "event": "x", "user": {"name": "root"}, "now": 1, "r0": True}


def turned_around(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: turned_around(value[key]) for key in reversed(value)}
    return [turned_around(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("change", [with_more, turned_around])
def test_fields_nobody_reads_and_the_order_of_keys(change: Callable[[Any], Any]) -> None:
    for judged, ruleset, before in cases():
        assert matched(ruleset, judged, change) == before


def test_equal_numbers_decide_alike() -> None:
    """1, 1.0 and 1e0 are one number."""

    def written_otherwise(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: written_otherwise(item) for key, item in value.items()}
        if isinstance(value, list):
            return [written_otherwise(item) for item in value]
        return value if isinstance(value, bool | str | None) else _with_zeros(value)

    for judged, ruleset, before in cases():
        assert matched(ruleset, judged, written_otherwise) == before


def _with_zeros(number: Any) -> Any:
    from decimal import Decimal

    sign, digits, exponent = Decimal(number).as_tuple()
    assert isinstance(exponent, int)
    return Decimal((sign, (*digits, 0, 0), exponent - 2))


# --- files ----------------------------------------------------------------------------------------------


def pieces(text: str) -> list[str]:
    """The declarations of a text, each alone."""
    return [f"{part}\n" for part in text.split("\n\n")]


def test_a_file_a_rule_and_all_in_one_say_the_same() -> None:
    for judged, ruleset, before in cases():
        parts = pieces(judged.text)
        split = right(compiled({f"f{number}.atamo": part for number, part in enumerate(parts)}))
        turned = right(compiled("\n".join(reversed(parts))))
        for other in (split, turned):
            assert other.digest == ruleset.digest
            assert matched(other, judged) == before


def test_one_more_rule_changes_no_other() -> None:
    more = '\nrule always\n  on thing\n  do\n    send desk.note\n      line: "x"\n'
    for judged, _, before in cases():
        found = matched(right(compiled(judged.text + more)), judged)
        assert [("always", *rules) for rules in before] == [tuple(sorted(rules)) for rules in found]


def test_the_containers_say_the_same() -> None:
    for judged, ruleset, before in cases():
        made = compiled(judged.text)
        for container in ("yaml", "atamo"):
            other = right(compiled({f"rules.{container}": canonical(made.files[0], container)}))
            assert other.digest == ruleset.digest, container
            assert matched(other, judged) == before


def test_a_decision_repeats() -> None:
    for judged, ruleset, _ in cases():
        for raw in judged.bodies:
            event: Event = taken(ruleset, raw)
            assert decide(ruleset, event) == decide(ruleset, event)
