"""Every page of docs/codes tells the truth: its wrong example gives its code and no other, its right one gives none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.golden.page import Example, Page
from tests.golden.shell import shell, verified
from tests.sandbox.walls import needs_walls_for

PAGES = Path(__file__).parents[2] / "docs" / "codes"
_CODE = re.compile(r"\[([EWTR]\d{4})\]")


def shown(example: Example, folder: Path, patch: pytest.MonkeyPatch) -> str:
    """What the author of an example sees."""
    folder.mkdir()
    example.lay_out(folder)
    patch.chdir(folder)
    return shell(example.command, b"", patch)[0] if example.command else verified()


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda p: p.stem)
def test_page(path: Path, bless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page.read(path)
    needs_walls_for(page.wrong.files)
    said = shown(page.wrong, tmp_path / "wrong", monkeypatch)
    assert set(_CODE.findall(said)) == {path.stem}, said
    right = shown(page.right, tmp_path / "right", monkeypatch)
    assert not _CODE.findall(right), right
    if bless:
        page.bless(said)
        page = Page.read(path)
    assert said == page.said
