"""What repositories of rules use in CI, used as they would: hooks of pre-commit, GitHub's action, the job of GitLab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GOOD = "event tick\n  n: whole\n\nrule seen\n  on tick\n  when n > 1\n  stop\n"
BAD = GOOD.replace("when n", "when m")


def env(**more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ATAMO_", "GIT_", "GITHUB_"))
    }
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}", **more}


def shell(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, env=env(**more),
        timeout=300,
    )  # fmt: skip


def action(inputs: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The last step of the action, with its inputs filled in as GitHub does."""
    told: Any = yaml.safe_load((ROOT / "action.yml").read_text())
    assert set(inputs) <= set(told["inputs"])
    filled = {name: str(one["default"]) for name, one in told["inputs"].items()} | inputs
    step = told["runs"]["steps"][-1]
    given = {
        name: filled[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, value in step["env"].items()
    }
    return shell(step["run"], folder, GITHUB_ACTIONS="true", **given)


def test_the_action_fails_with_annotations_and_reports(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "more rules").mkdir()
    (tmp_path / "rules" / "a.atamo").write_text(GOOD)
    assert action({}, tmp_path).returncode == 0
    assert action({"coverage-threshold": "90"}, tmp_path).returncode == 1
    done = action({"paths": "rules", "junit": "out.xml"}, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.xml").read_text().startswith("<?xml")
    (tmp_path / "rules" / "b.atamo").write_text(BAD.replace("rule seen", "rule other"))
    done = action({}, tmp_path)
    assert done.returncode == 1
    assert "::error file=rules/b.atamo,line=" in done.stdout


def test_the_job_of_gitlab_writes_its_report(tmp_path: Path) -> None:
    told: Any = yaml.safe_load((ROOT / ".ci" / "gitlab-verify.yaml").read_text())
    (tmp_path / "a.atamo").write_text(GOOD)
    job = told["atamo-verify"]
    for text, code in ((GOOD, 0), (BAD, 1)):
        (tmp_path / "a.atamo").write_text(text)
        assert shell("\n".join(job["script"]), tmp_path, **told["variables"]).returncode == code
        assert (tmp_path / job["artifacts"]["reports"]["junit"]).exists()


@pytest.mark.slow
def test_the_hooks_of_pre_commit(tmp_path: Path) -> None:
    """Installed from this repository, as pre-commit does, into environments of their own."""
    for name, text in (("a.atamo", GOOD.replace("n > 1", "n  >  1")), ("b.txt", "x")):
        (tmp_path / name).write_text(text)
    made = shell("git init -q . && git add -A && git -c user.name=x -c user.email=x@y commit -qm x", tmp_path)
    assert made.returncode == 0, made.stderr
    home = {"PRE_COMMIT_HOME": str(tmp_path.parent / "pre-commit")}

    def hook(id: str) -> subprocess.CompletedProcess[str]:
        return shell(f"pre-commit try-repo '{ROOT}' {id} --all-files --verbose", tmp_path, **home)

    done = hook("atamo-verify")
    if "install" in done.stdout + done.stderr and "Could not find a version" in done.stdout + done.stderr:
        pytest.skip("pre-commit can install nothing here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 file, 1 rule" in done.stdout
    done = hook("atamo-fmt")
    assert done.returncode == 1, "it changed a file"
    assert (tmp_path / "a.atamo").read_text() == GOOD
    (tmp_path / "a.atamo").write_text(BAD)
    done = hook("atamo-verify")
    assert done.returncode == 1
    assert "E0201" in done.stdout
