"""The pictures of the pages can be drawn, stand on their own, and are made for light and dark."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.docs.runner import ROOT

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = sorted((ROOT / "docs").rglob("*.svg"))


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_a_drawing_says_what_it_shows_and_needs_nothing_else(path: Path) -> None:
    text = path.read_text("utf-8")
    root = ElementTree.fromstring(text)
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")
    assert "prefers-color-scheme: dark" in text
    assert text.count("://") == text.count("http://www.w3.org/2000/svg")  # nothing is fetched


def test_there_is_a_drawing() -> None:
    assert DRAWN
