"""What `decide` says and what the naive evaluator says are the same, for every rule and every event."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings

from atamo_rules.engine.explain import explain
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree
from tests import pairs
from tests.naive import evaluate
from tests.naive.evaluate import World
from tests.naive.values import moment
from tests.properties.judging import Judged, decoded, differences, right, taken, world
from tests.strategies.choices import Seeded, generated
from tests.worlds import compiled

RULES, EVENTS = 8, 12
NOT_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(max_examples=60, deadline=None, suppress_health_check=NOT_SLOW)
@given(generated(lambda choose: world(choose, 2, 3)))
def test_the_engine_decides_as_the_reference_reads(judged: Judged) -> None:
    assert differences(judged) == []


def test_the_engine_decides_as_the_reference_reads_in_many_worlds() -> None:
    for seed in range(60):
        assert differences(world(Seeded(seed), RULES, EVENTS)) == [], f"seed {seed}"


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_two_hundred_thousand_pairs() -> None:
    asked = pairs.ask(
        lambda seed: (differences(world(Seeded(seed), RULES, EVENTS)), RULES * EVENTS), pairs=200_000
    )
    assert asked >= RULES * EVENTS


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A naive evaluator that reads `<=` as `<` is found out within the worlds of the default run."""
    order = evaluate._order
    monkeypatch.setattr(evaluate, "_order", lambda op, x, y: order("<" if op == "<=" else op, x, y))
    assert any(differences(world(Seeded(seed), RULES, EVENTS)) for seed in range(60))


# --- near misses ----------------------------------------------------------------------------------------

Place = tuple[int, int]


def test_a_near_miss_names_what_kept_a_rule_from_matching() -> None:
    checked = 0
    for seed in range(60):
        judged = world(Seeded(seed), RULES, 4)
        made = compiled(judged.text)
        ruleset = right(made)
        type = next(one for one in made.files[0].declarations if isinstance(one, decl.EventDecl))
        rules = {r.name.text: r for r in made.files[0].declarations if isinstance(r, decl.Rule)}
        for raw in judged.bodies:
            body, now = decoded(raw), moment("2026-11-23T12:00:00Z")
            assert now is not None
            whole = World(None if type.anything else type.fields, body, now.content)
            around = World(whole.fields, evaluate.filled(body, whole.root_type()), whole.now)
            for reason in explain(ruleset, taken(ruleset, raw)):
                written = rules[reason.rule].condition
                assert written is not None
                if reason.outcome == "matched":
                    assert _turned(written, around, ())
                    continue
                missing = [(atom.span.start, atom.span.end) for atom in reason.missing]
                assert len(set(missing)) == len(missing), reason.sentence()
                assert _turned(written, around, missing), f"{reason.sentence()} on {raw}"
                leaves = _leaves(written)
                if len(leaves) <= 6:
                    fewer = [
                        some
                        for size in range(len(missing))
                        for some in combinations(leaves, size)
                        if _turned(written, around, some)
                    ]
                    assert not fewer, f"{reason.sentence()} on {raw}: {fewer} would do"
                    checked += 1
    assert checked > 200


def _turned(expr: tree.Expr, around: World, flipped: Sequence[Place]) -> bool:
    """Whether a condition holds once the sub-conditions at some places have turned over."""
    here = (expr.span.start, expr.span.end) in flipped
    match expr:
        case tree.AllOf():
            return all(_turned(part, around, flipped) for part in expr.parts)
        case tree.AnyOf():
            return any(_turned(part, around, flipped) for part in expr.parts)
        case tree.Not():
            return _turned(expr.part, around, flipped) is here
    return evaluate.holds(expr, around) is not here


def _leaves(expr: tree.Expr) -> list[Place]:
    match expr:
        case tree.AllOf() | tree.AnyOf():
            return [leaf for part in expr.parts for leaf in _leaves(part)]
        case tree.Not():
            return _leaves(expr.part)
    return [(expr.span.start, expr.span.end)]
