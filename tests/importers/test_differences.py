"""The pages of differences say which cases the oracle tests except, and no other."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.realdata import eventbridge_differences, jsonlogic_differences
from tests.realdata.eventbridge_differences import ON_PURPOSE, UNTOLD


@pytest.mark.parametrize("differences", [eventbridge_differences, jsonlogic_differences])
def test_the_page_lists_the_cases_that_are_excepted(differences: ModuleType) -> None:
    page = differences.PAGE.read_text("utf-8")
    assert page == differences.with_table(page), f"run `python -m {differences.__name__}`"


def test_there_are_few() -> None:
    assert len(ON_PURPOSE) + len(UNTOLD) + len(jsonlogic_differences.ON_PURPOSE) < 20
