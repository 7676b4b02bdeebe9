"""The page on faults names tests that are there: a row that nothing shows is no row."""

from __future__ import annotations

import re

import pytest

from tests.docs.runner import ROOT

NAMED = re.findall(r"`(tests/[^`]+)`", (ROOT / "docs" / "explanation" / "faults.md").read_text("utf-8"))


@pytest.mark.parametrize("place", NAMED)
def test_what_shows_it_is_there(place: str) -> None:
    file, _, name = place.partition("::")
    path = ROOT / file
    assert path.exists()
    assert not name or re.search(rf"^(def|class) {name}\b", path.read_text("utf-8"), re.MULTILINE), place


def test_every_row_has_one() -> None:
    assert len(NAMED) > 30
