"""The wheel and the source distribution: the same bytes each time, whole, light, and of use in an empty environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.cli.dispatcher import environment
from tests.house.repository import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MOST = 30
"""Distributions in an environment that holds Atamo, without its extras."""


def interpreter(name: str) -> str | None:
    """A Python that starts: on the path, or among those that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/*/bin/{name}")
    for place in (shutil.which(name), *map(str, kept)):
        if place and subprocess.run([place, "-c", ""], capture_output=True).returncode == 0:
            return place
    return None


def build(into: Path) -> dict[str, Path]:
    """Both distributions of what git tracks, built as a packager would."""
    source = into / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in tracked.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
            os.utime(source / name, (into.stat().st_mtime, into.stat().st_mtime))
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(into / "dist"), str(source)],
        capture_output=True, text=True, env={**environment(), "SOURCE_DATE_EPOCH": "1750000000"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.suffix: path for path in (into / "dist").iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("first"))


def test_the_wheel_is_the_same_bytes_when_it_is_built_again(built: dict[str, Path], tmp_path: Path) -> None:
    again = build(tmp_path)
    assert again[".whl"].read_bytes() == built[".whl"].read_bytes()


def test_what_readers_of_files_need_is_in_the_wheel(built: dict[str, Path]) -> None:
    names = set(zipfile.ZipFile(built[".whl"]).namelist())
    assert {
        "atamo_rules/py.typed",
        "atamo_rules/grammar/atamo.lark",
        "atamo_rules/grammar/atamo.tables.json",
        "atamo_rules/grammar/ruleset.schema.json",
        "atamo_rules/grammar/config.schema.json",
        "atamo_rules/codes/E0201.md",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "rulesets/", "docs/"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    with tarfile.open(built[".gz"]) as packed:
        inside = packed.getnames()
    assert any(name.endswith("/grammar/atamo.lark") for name in inside)
    assert any(name.endswith("/atamo_rules/cli/templates/hello/common/README.md") for name in inside)


@pytest.mark.parametrize("python", ["python3.11", "python3.12", "python3.13"])
@pytest.mark.parametrize("kind", [".whl", ".gz"])
def test_it_is_of_use_in_an_empty_environment(
    built: dict[str, Path], tmp_path: Path, python: str, kind: str
) -> None:
    found = interpreter(python)
    if found is None:
        pytest.skip(f"there is no {python} here")
    subprocess.run([found, "-m", "venv", str(tmp_path / "env")], check=True)
    inner = tmp_path / "env/bin/python"
    done = subprocess.run(
        [inner, "-m", "pip", "install", "--quiet", built[kind]], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr

    listed = subprocess.run([inner, "-m", "pip", "list", "--format", "json"], capture_output=True, text=True)
    here = {one["name"] for one in json.loads(listed.stdout)} - {"pip", "setuptools"}
    assert "atamo-rules" in here
    assert len(here) < MOST, sorted(here)

    def atamo(*args: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        command = [str(tmp_path / "env/bin/atamo"), *args]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment())

    assert atamo("init", "shop").returncode == 0
    done = atamo("verify", cwd=tmp_path / "shop")
    assert (done.returncode, "5 of 5 tests passed" in done.stdout) == (0, True), done.stderr
    assert "E0201" in atamo("explain", "E0201").stdout
    events = tmp_path / "shop/events.jsonl"
    done = subprocess.run(
        [str(tmp_path / "env/bin/atamo"), "run", "--stdin"],
        cwd=tmp_path / "shop", input=events.read_bytes(), capture_output=True, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
