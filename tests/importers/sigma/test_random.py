"""Random detections on random events: the importer and the reference say the same, and every file it writes reads back.

`ATAMO_PAIRS=10000000 pytest -m slow tests/importers/sigma` asks for more than the usual 60 000 pairs.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from atamo_rules.engine.decide import decide
from atamo_rules.importers.imported import Refused
from tests.importers.sigma import reference
from tests.importers.sigma.generated import body, detection, text
from tests.importers.sigma.worlds import TYPE, files, reading
from tests.strategies.choices import Choices, Seeded, generated
from tests.worlds import event, ruleset

RULES, EVENTS = 12, 25


def differences(choose: Choices, rules: int, events: int) -> tuple[list[str], int]:
    """Where the two do not agree, and how many pairs detected."""
    texts = {f"r{number}": text(detection(choose), f"r{number}") for number in range(rules)}
    readings = [reading(one) for one in texts.values()]
    for one in readings:
        assert not one.diagnostics, [(d.message, d.span.text) for d in one.diagnostics]
    made = ruleset(files(readings))
    refused = {item.name for one in readings for item in one.items if isinstance(item, Refused)}
    found: list[str] = []
    detected = 0
    for _ in range(events):
        given_body = body(choose)
        ours = set(decide(made, event(given_body, TYPE)).matched)
        for id, written in texts.items():
            expected = reference.detects(yaml.safe_load(written), given_body)
            detected += expected
            if id not in refused and (id in ours) is not expected:
                found.append(f"the reference says {expected} of {given_body} and\n{written}")
    return found, detected


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(generated(lambda choose: differences(choose, 2, 3)))
def test_random_detections_mean_what_the_reference_says(found: tuple[list[str], Any]) -> None:
    assert not found[0], found[0][0]


def test_random_detections_in_many_worlds() -> None:
    detected = 0
    for seed in range(25):
        found, some = differences(Seeded(seed), RULES, EVENTS)
        assert not found, f"seed {seed}: {found[0]}"
        detected += some
    assert 0.1 < detected / (25 * RULES * EVENTS) < 0.9


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_many_pairs() -> None:
    worlds = int(os.environ.get("ATAMO_PAIRS", "60000")) // (RULES * EVENTS) + 1
    for seed in range(1000, 1000 + worlds):
        found, _ = differences(Seeded(seed), RULES, EVENTS)
        assert not found, f"seed {seed}: {found[0]}"
