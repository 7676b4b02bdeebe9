"""The guides as programs with a window: their folders, what is done in them, and a screen to do it on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docs.pages import before, blocks, transcript
from tests.docs.runner import ROOT

FOLDER = ROOT / "docs" / "guides"
GUIDES = sorted(FOLDER.glob("[1-9]-*.md"))
_DRIVEN = re.compile(r"printf '(?P<script>.*)' \| python desk\.py --terminal")


def scripts(page: Path) -> list[tuple[str, list[str]]]:
    """What a page does with the form, line by line, and what the form then shows, as far as the page says."""
    found = []
    for block in blocks(page):
        for step in transcript(block) if block.language == "console" else ():
            if driven := _DRIVEN.fullmatch(step.command):
                shown = [line for line in step.expected.splitlines() if line[:2] in ("| ", "> ")]
                found.append((driven["script"].replace("\\n", "\n"), shown))
    return found


def build(page: Path, folder: Path) -> None:
    """The project as it is at the end of a page."""
    for part in (*before(page), page):
        for block in blocks(part):
            if block.title:
                path = folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, "utf-8")


@contextmanager
def screen() -> Iterator[str]:
    """A display of its own, by Xvfb; its name."""
    reads, writes = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writes), "-screen", "0", "1000x700x24", "-nolisten", "tcp"],
        pass_fds=(writes,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writes)
    try:
        with os.fdopen(reads) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


def drive(folder: Path, script: str, display: str, picture: Path | None = None) -> str:
    """Do in a window what a script says; what the form showed."""
    driver = Path(__file__).with_name("window.py")
    done = subprocess.run(
        [sys.executable, str(driver), *([str(picture)] if picture is not None else [])],
        cwd=folder, input=script, capture_output=True, text=True, timeout=90, env={**os.environ, "DISPLAY": display},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
