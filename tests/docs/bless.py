"""Rewrites the transcripts of pages to what commands print today: `python -m tests.docs.bless docs/…/page.md`.

Read the difference before you commit it. What differs from run to run is left out with `...`; a transcript that still
fits its page is left alone.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from tests.docs.pages import Step
from tests.docs.runner import Page, begins_with

_VOLATILE = (
    (re.compile(r"digest [0-9a-f]{12}"), "digest ..."),
    (re.compile(r"generation [0-9a-f]{12}"), "generation ..."),
    (re.compile(r"ready in \d+ ms"), "ready in ... ms"),
    (re.compile(r'"id":"[0-9a-f]{32}"'), '"id":"..."'),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:..."),
)


class Blessing(Page):
    """A page that notes what commands print instead of failing."""

    noted: dict[int, tuple[Step, str]]

    def differs(self, step: Step, code: int, got: str) -> None:
        for pattern, shown in _VOLATILE:
            got = pattern.sub(shown, got)
        self.noted[step.line] = (step, got.strip("\n") + (f"\n[exit {code}]" if code else ""))


def bless(path: Path) -> int:
    """Rewrite one page; gives how many transcripts were changed."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        page = Blessing(path.resolve(), Path(folder) / "project", copy=begins_with(path.resolve()))
        page.noted = {}
        try:
            page.run(os.chdir)
        finally:
            os.chdir(before)
    lines = path.read_text("utf-8").split("\n")
    for line, (_, shown) in sorted(page.noted.items(), reverse=True):
        end = line
        while not lines[end].startswith(("$ ", "```")):
            end += 1
        lines[line:end] = shown.split("\n") if shown else []
    path.write_text("\n".join(lines), "utf-8")
    return len(page.noted)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {bless(Path(name))}")
