"""The guides in a real window: what a page has the reader do on a terminal is done on a screen, and shows the same."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.guides import GUIDES, build, drive, screen, scripts
from tests.docs.runner import Page


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_the_window_shows_what_the_page_says(page: Path, tmp_path: Path) -> None:
    if shutil.which("Xvfb") is None or find_spec("tkinter") is None:
        pytest.skip("this needs Xvfb and Python's tkinter")
    build(page, tmp_path)
    with screen() as display:
        for script, shown in scripts(page):
            found = drive(tmp_path, script, display)
            assert "[never came" not in found
            assert [line for line in shown if line not in found] == []  # two threads may share a line


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_page_shows_its_window(page: Path) -> None:
    picture = Path("pictures") / f"{page.stem}.png"
    assert scripts(page), "a guide ends in something that its reader runs"
    assert f"]({picture})" in page.read_text("utf-8")
    assert (page.parent / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_one_reader_does_all_pages_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page alone begins with a clean folder; a reader has what the pages before have left."""
    assert [int(page.stem.partition("-")[0]) for page in GUIDES] == list(range(1, 10))
    for page in GUIDES:
        Page(page, tmp_path).run(monkeypatch.chdir)
