"""The page of differences from event-ruler and quamina says which cases the oracle tests except, and no other."""

from __future__ import annotations

from tests.realdata.eventbridge_differences import ON_PURPOSE, PAGE, UNTOLD, with_table


def test_the_page_lists_the_cases_that_are_excepted() -> None:
    page = PAGE.read_text("utf-8")
    assert page == with_table(page), "run `python -m tests.realdata.eventbridge_differences`"
    assert len(ON_PURPOSE) + len(UNTOLD) < 20
