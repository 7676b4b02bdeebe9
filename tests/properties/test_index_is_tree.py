"""The index answers as the tree does: in every tier, by the generated function and without it, whatever the body."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from msgspec.structs import replace

from atamo_rules.engine.decide import decide, index_of
from atamo_rules.engine.index import buckets, ends, fields, numbers, parts, plan, rests, thresholds
from atamo_rules.engine.index.matcher import Matcher
from atamo_rules.engine.ready import frame_of, ready
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import decode
from tests.properties.judging import NOON, Judged, naively, right, taken, world
from tests.strategies.choices import Seeded
from tests.worlds import DESK, compiled

RULES, EVENTS = 12, 10
FREE, DEAR = dict.fromkeys(plan.PROBE, 0.0), dict.fromkeys(plan.PROBE, 1e9)
TIERS: dict[str, dict[Any, dict[str, Any]]] = {
    "as planned": {},
    "keys": {plan: {"PROBE": FREE, "ASK": 0.1, "SEVERAL": 0.0}},
    "bits": {plan: {"PROBE": DEAR, "NEEDLE": 1e9, "BITS": 0.0, "FIELD": 0.0, "TERM": 0.0, "FEWEST": 0}},
    "coarse bits": {
        plan: {"PROBE": DEAR, "NEEDLE": 1e9, "BITS": 0.0, "FIELD": 0.0, "TERM": 0.0, "FEWEST": 0},
        thresholds: {"MOST_CUTS": 2},
        fields: {"MOST_VALUES": 2},
    },
    "keys and bits": {
        plan: {
            "PROBE": FREE,
            "SEVERAL": 0.0,
            "BITS": 0.0,
            "FIELD": 0.0,
            "TERM": 0.0,
            "FEWEST": 0,
            "ASK": 2e3,
        },
    },
    "crowded": {
        plan: {"PROBE": FREE, "ASK": 0.1, "SEVERAL": 0.0},
        buckets: {"CROWDED": 1},
        parts: {"FEW": 0},
        ends: {"SHARED": 99},
    },
}
"""Constants of the cost model and of the probes that make each tier come up among a dozen rules."""


@contextmanager
def tier(name: str) -> Iterator[None]:
    """The index as it would be among very many rules, or very few."""
    patches = [
        mock.patch.object(of, key, to) for of, changes in TIERS[name].items() for key, to in changes.items()
    ]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def walked(ruleset: Ruleset, event: Event) -> list[str]:
    """The rules that match, each asked by its closures."""
    asked = [(rule.id, ready(rule)) for rule in ruleset.rules if rule.event == event.type]
    return [id for id, one in asked if one.holds(frame_of(one, event))]


def differences(judged: Judged, name: str) -> list[str]:
    """Every event on which the index and the tree do not agree."""
    ruleset = right(compiled(judged.text))
    found = []
    with tier(name):
        matcher = Matcher(ruleset).ready()
    group = matcher._of("thing").open
    framed = {id for layer in group.layers for id in layer.framed}
    for raw in judged.bodies:
        event = taken(ruleset, raw)
        expected = walked(ruleset, event)
        indexed = [rule.id for rule, asked in matcher.found("thing", event.body, None)
                   if not asked or rule.id in expected]  # fmt: skip
        carefully = careful(group.match, event.body)
        if carefully is not None:
            carefully = [id for id in carefully if id not in framed or id in expected]
        if indexed != expected or carefully not in (None, expected):
            found.append(f"{name}: {indexed} and {carefully} for {expected} on {raw}")
        if matcher.match("thing", json.loads(raw), now=NOON) != walked(
            ruleset, replace(event, body=json.loads(raw))
        ):
            found.append(f"with floats otherwise on {raw}")
        if decide(ruleset, event).matched != tuple(expected):
            found.append(f"decided otherwise on {raw}")
    return found


def careful(match: Any, body: Any) -> list[str] | None:
    """What the index answers without its generated function; None where it has none."""
    for cell, name in zip(match.__closure__ or (), match.__code__.co_freevars, strict=True):
        if name == "otherwise":
            found: list[str] = cell.cell_contents(body)
            return found
    return None


@pytest.mark.parametrize("name", TIERS)
def test_the_index_answers_as_the_tree_in_many_worlds(name: str) -> None:
    for seed in range(40):
        assert differences(world(Seeded(seed), RULES, EVENTS), name) == [], f"seed {seed}"


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", TIERS)
def test_the_index_answers_as_the_tree_for_two_hundred_thousand_pairs(name: str) -> None:
    """`ATAMO_PAIRS` asks for more, `ATAMO_SEED` begins elsewhere."""
    worlds = int(os.environ.get("ATAMO_PAIRS", "200000")) // len(TIERS) // (RULES * EVENTS) + 1
    first = int(os.environ.get("ATAMO_SEED", "5000"))
    for seed in range(first, first + worlds):
        assert differences(world(Seeded(seed), RULES, EVENTS), name) == [], f"seed {seed}"


def test_the_naive_evaluator_agrees_with_the_index() -> None:
    for seed in range(60):
        judged = world(Seeded(seed), RULES, EVENTS)
        made = compiled(judged.text)
        ruleset = right(made)
        file = made.files[0]
        rules = [one for one in file.declarations if type(one).__name__ == "Rule"]
        declared = next(one for one in file.declarations if type(one).__name__ == "EventDecl")
        for raw in judged.bodies:
            event = taken(ruleset, raw)
            expected = naively(rules, declared, decode(raw))  # type: ignore[arg-type]
            assert set(index_of(ruleset).match("thing", event.body, now=NOON)) == expected


def test_every_tier_is_really_taken() -> None:
    """What the patched constants are for: plans with keys alone, bits alone, and both."""
    taken_tiers: dict[str, set[str]] = {name: set() for name in TIERS}
    for seed in range(20):
        ruleset = right(compiled(world(Seeded(seed), RULES, 1).text))
        for name in TIERS:
            with tier(name):
                from atamo_rules.engine.index.group import Kind, filed

                kind = Kind(ruleset.events["thing"].type, False)
                made = plan.plan([filed(rule, kind) for rule in ruleset.rules])
            for what in ("filed", "dense", "scanned"):
                if getattr(made, what):
                    taken_tiers[name].add(what)
    assert "filed" in taken_tiers["keys"]
    assert "dense" in taken_tiers["bits"]
    assert "filed" not in taken_tiers["bits"]
    assert {"filed", "dense"} <= taken_tiers["keys and bits"]


def test_one_key_of_every_part_of_an_or_does_not_settle_it() -> None:
    rules = "".join(
        f'\nrule r{n:02}\n  on thing\n  when (a is "k{n}" and b is "x") or (a is "k{n}" and b is "y")\n'
        "  do\n    send desk.note\n"
        for n in range(60)
    )
    matcher = Matcher(right(compiled(f"event thing\n  a: text\n  b: text\n{rules}\n{DESK}"))).ready()
    assert {one.tier for one in matcher.report().rules} == {"key"}
    assert [matcher.match("thing", {"a": "k7", "b": b}) for b in ("x", "y", "z")] == [["r07"], ["r07"], []]


LISTS = """
event thing
  boxes: list of
    parts: list of
      code: text
      tags: list of text
"""


@pytest.mark.parametrize(
    "asked",
    [
        'any box in boxes has (box.parts.code is "k{}")',
        'any part in boxes.parts has (part.code is "k{}")',
        'any tag in boxes.parts.tags has (tag is "k{}")',
    ],
)
def test_the_elements_of_a_list_that_a_path_through_lists_leads_to_are_found(asked: str) -> None:
    """They are the values that the path leads to, and not in lists there once more."""
    rules = "".join(
        f"\nrule r{n}\n  on thing\n  when {asked.format(n)}\n  do\n    send desk.note\n" for n in range(120)
    )
    whole = compiled(f"{DESK}{LISTS}{rules}").ruleset
    assert whole is not None
    index = index_of(whole)
    assert {one.tier for one in index.report().rules} == {"key"}
    first, second = {"code": "k3", "tags": ["k3"]}, {"code": "z", "tags": ["z", "k7"]}
    for boxes in (
        [{"parts": [second, first]}],
        [{"parts": [second]}, {"parts": [first]}],
        [{"parts": []}],
        [],
    ):
        event = Event("e", "thing", {"boxes": boxes}, NOON, None)
        assert index.match("thing", event.body) == walked(whole, event), boxes
    assert index.match("thing", {"boxes": [{"parts": [first]}]}) == ["r3"]


def test_a_warm_matcher_makes_nothing_for_the_first_event_that_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of very many thresholds even placing the first number took tens of milliseconds."""
    rules = "".join(
        f"\nrule r{n}\n  on thing\n  when n is between {n} and {n + 2}.5"
        f' and k is not "x{n}"\n  do\n    send desk.note\n'
        for n in range(300)
    )
    whole = compiled(f"{DESK}\nevent thing\n  n: number\n  k: text\n{rules}").ruleset
    assert whole is not None
    match = Matcher(whole).ready().warm().of("thing")

    def made(*given: Any) -> Any:
        raise AssertionError(given)

    monkeypatch.setattr(numbers.Slots, "__missing__", made)
    monkeypatch.setattr(rests, "entry", made)
    for number in (7, 7.25, Decimal("7.25")):
        assert match({"n": number, "k": "x6"}) == [f"r{n}" for n in (5, 7)]
