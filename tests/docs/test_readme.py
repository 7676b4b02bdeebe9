"""The README's main job, as it is written there: the dispatcher of rulesets/github, and an event handed to it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher, atamo

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def block(beginning: str) -> str:
    """The bash block of the README that begins so."""
    found: list[str] = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    return next(text for text in found if text.startswith(beginning))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "rulesets/github", tmp_path / "rulesets/github", ignore=shutil.ignore_patterns(".atamo", "out")
    )
    return tmp_path


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_main_job_and_the_event_that_is_handed_to_it(clone: Path) -> None:
    command = block("atamo run").split()
    with Dispatcher(*command[2:], "--port", "0", cwd=clone) as hub:
        address = hub.said("listening on").split("http://")[1]
        script = block("curl -i").replace("localhost:8080", address)
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "HTTP/1.1 202 Accepted" in done.stdout
        told = json.loads(done.stdout[done.stdout.index('{"id":"delivery-1","type"') :])
        assert told["matched"] == ["issues.opened"]
        again = atamo(*block("atamo replay").split()[1:], "--url", f"http://{address}", cwd=clone)
        assert again.returncode == 0, again.stderr
        assert "all decided the same" in again.stdout
        assert hub.end(signal.SIGTERM) == 0
    lines = (clone / "rulesets/github/.atamo/audit.jsonl").read_text("utf-8").splitlines()
    kinds = [(record["kind"], record["what"].get("type", "")) for record in map(json.loads, lines)]
    assert ("event.accepted", "work.opened") in kinds
    assert ("action.done", "") in kinds


def test_the_test_command_is_the_one_that_is_run_before_a_release() -> None:
    assert block("python -m pytest").strip() in (ROOT / ".ci/run").read_text("utf-8").splitlines()
