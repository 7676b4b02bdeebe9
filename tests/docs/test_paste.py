"""What is pasted into a shell in one piece works in one piece."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BEHIND = re.compile(r"^.*\batamo run\b.*&$\n(.*)$", re.MULTILINE)


def test_who_talks_to_a_hub_that_was_just_started_waits_for_it() -> None:
    after = [(page.name, line) for page in PAGES for line in _BEHIND.findall(page.read_text("utf-8"))]
    assert after
    assert [one for one in after if not one[1].startswith("until atamo healthcheck")] == []
