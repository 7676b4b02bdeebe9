"""The repository as the house rules see it: its root, and the files that are kept in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "atamo_rules"


def tracked() -> list[Path]:
    """Every file under version control; skips the test where there is none."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    done = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("git does not list the files here")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
