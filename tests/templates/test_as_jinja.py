"""The same text as Jinja's own sandbox, for random templates on random events."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings

from tests.strategies import templates
from tests.strategies.choices import Choices, Seeded, generated
from tests.templates.filling import by_jinja, filled


def pair(choose: Choices) -> tuple[str, dict[str, Any]]:
    return templates.template(choose), templates.data(choose)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(generated(pair))
def test_a_template_fills_as_in_jinja(case: tuple[str, dict[str, Any]]) -> None:
    template, body = case
    assert filled(templates.FIELDS, template, body) == by_jinja(template, body)


def test_many_templates_fill_as_in_jinja() -> None:
    for seed in range(400):
        template, body = pair(Seeded(seed))
        assert filled(templates.FIELDS, template, body) == by_jinja(template, body), (
            f"seed {seed}: {template!r}"
        )
