"""The page on code of users is run where every wall stands; elsewhere its reader could not run it either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.docs.runner import ROOT, Page
from tests.sandbox.walls import needs_walls


@needs_walls
def test_every_block_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / "docs/how-to/code-of-users.md"
    monkeypatch.chdir(tmp_path)
    page = Page(path, tmp_path)
    skipped = [block for block in blocks(path) if block.skip]
    assert skipped
    for block in blocks(path):
        page.one(replace(block, skip=""))
