"""The page on curl, line by line, against a real hub."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher
from tests.docs.pages import blocks, matches, transcript
from tests.places import write

PAGE = Path(__file__).parents[2] / "docs/how-to/use-curl.md"
DONE = "\x1e"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_command_of_the_page_says_what_the_page_says(tmp_path: Path) -> None:
    found = list(blocks(PAGE))
    write(tmp_path, {block.title: block.text for block in found if block.title})
    steps = [step for block in found if block.language == "console" for step in transcript(block)]
    assert len(steps) > 20
    with Dispatcher(".", "--port", "0", cwd=tmp_path) as hub:
        script = "".join(f"{step.command}\nprintf '%s' '{DONE}'\n" for step in steps)
        done = subprocess.run(
            ["bash", "-uc", script], cwd=tmp_path, capture_output=True, text=True, timeout=100,
            env={"PATH": "/usr/bin:/bin", "HUB": hub.said("listening on").split()[-1]},
        )  # fmt: skip
        said = done.stdout.replace("\r\n", "\n").split(DONE)
        for step, got in zip(steps, said[:-1], strict=True):
            assert matches(step.expected, got if not got or got.endswith("\n") else f"{got}\n"), (
                f"{PAGE}:{step.line}: `{step.command}` says\n{got}{done.stderr}"
            )
        assert hub.end(signal.SIGTERM) == 0
