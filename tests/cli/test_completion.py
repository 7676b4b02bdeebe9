"""Completion: what shells are offered, by the protocol they ask with, and in a real bash."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.dispatcher import ATAMO, atamo, environment
from tests.places import write

FILES = {
    "rules/a.atamo": "event order.placed\n  n: whole\n\nagent desk\n  uses log\n\nrule big_order\n  on order.placed\n",
    "rules/b.yaml": "events:\n  order.paid:\n    n: whole\nrules:\n  - rule: paid_order\n    on: order.paid\n",
    "rules/broken.atamo": "rule half_written\n  on \x01",
    "rules/latin.yaml": "",
    ".hidden/c.atamo": "rule secret\n",
}
MAIN = "import sys; sys.argv[0] = 'atamo'; from atamo_rules.cli.main import main; main()"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    (tmp_path / "rules/latin.yaml").write_bytes(b"rule: \xe9t\xe9")
    return tmp_path


def offered(project: Path, words: str) -> list[str]:
    """What bash would be offered after these words."""
    asked = {
        "_ATAMO_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    environ = {**environment(), **asked}
    done = subprocess.run(
        [sys.executable, "-c", MAIN], cwd=project, capture_output=True, text=True, env=environ, timeout=60
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("atamo heal", ["healthcheck"]),
        ("atamo verify --fail-level w", ["warning"]),
        ("atamo why x --rule ", ["big_order", "half_written", "paid_order"]),
        ("atamo simulate --type order.p", ["order.paid", "order.placed"]),
        ("atamo pause agent ", ["desk"]),
        ("atamo pause rule p", ["paid_order"]),
        (
            "atamo explain e020",
            ["E0201", "E0202", "E0203", "E0204", "E0205", "E0206", "E0207", "E0208", "E0209"],
        ),
    ],
)
def test_names_are_offered(project: Path, words: str, names: list[str]) -> None:
    assert offered(project, words) == names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_its_shell_takes(shell: str) -> None:
    done = atamo("completion", shell)
    assert done.returncode == 0
    assert "_ATAMO_COMPLETE" in done.stdout
    if shutil.which(shell):
        read = subprocess.run([shell, "-n"], input=done.stdout, text=True, capture_output=True, timeout=60)
        assert (read.returncode, read.stderr) == (0, "")


def test_bash_itself_completes(project: Path, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    command = write(tmp_path / "bin", {"atamo": f'#!{bash}\nexec {sys.executable} -c "{MAIN}" "$@"\n'})
    (command / "atamo").chmod(0o755)
    script = (
        'eval "$(atamo completion bash)"\nCOMP_WORDS=(atamo why x --rule big); COMP_CWORD=4\n'
        '_atamo_completion atamo big --rule\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    environ = {**environment(), "PATH": f"{command}:{environment()['PATH']}"}
    done = subprocess.run(
        [bash, "-c", script], cwd=project, capture_output=True, text=True, env=environ, timeout=60
    )
    assert (done.stdout.strip(), done.returncode) == ("big_order", 0), done.stderr


def test_a_shell_that_is_not_known() -> None:
    done = subprocess.run(
        [*ATAMO, "completion", "tcsh"], capture_output=True, text=True, env=environment(), timeout=60
    )
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr
