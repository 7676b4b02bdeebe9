"""`atamo new`: what it makes passes the suite of its kind as it is, installed in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

from atamo_rules.cli.new import KINDS, package
from tests.cli.test_plugins import atamo


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_is_python_and_has_one_entry_point(kind: str) -> None:
    made = package(kind, "acme-line")
    for path, text in made.items():
        if path.endswith(".py"):
            compile(text, path, "exec")
    project = tomllib.loads(made["pyproject.toml"])["project"]
    ((group, points),) = project["entry-points"].items()
    assert (project["name"], group) == ("atamo-acme-line", KINDS[kind].group)
    ((name, target),) = points.items()
    assert name == "acme-line"
    module, _, attribute = target.partition(":")
    assert (
        f" {attribute}(" in made[f"{module}/__init__.py"]
        or f"class {attribute}:" in made[f"{module}/__init__.py"]
    )
    left = [
        word
        for word in ("DISTRIBUTION", "PACKAGE", "CLASS", "PLUGIN", "ENTRY")
        if word in "".join(made.values())
    ]
    assert left == []


def test_usage(tmp_path: Path) -> None:
    assert atamo("new", "agent", "Pager", here=tmp_path).returncode == 2
    assert atamo("new", "lamp", "pager", here=tmp_path).returncode == 2
    assert atamo("new", "agent", "pager", here=tmp_path).returncode == 0
    again = atamo("new", "agent", "pager", here=tmp_path)
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)


@pytest.mark.parametrize(("kind", "name"), [("agent", "log"), ("store", "sqlite"), ("provider", "rules")])
def test_a_name_that_is_taken_is_refused_before_anything_is_written(
    kind: str, name: str, tmp_path: Path
) -> None:
    refused = atamo("new", kind, name, here=tmp_path)
    assert refused.returncode == 2
    assert "`atamo-rules`" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    if name != "rules":
        assert atamo("new", "vault", name, here=tmp_path).returncode == 0, "it is free in another group"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_kind_passes_its_suite_in_a_fresh_environment(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    python = str(tmp_path / "venv/bin/python")
    site = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    # Atamo and pytest are those of this environment; nothing else of it is copied.
    (Path(site) / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for kind in KINDS:
        folder = tmp_path / kind
        assert atamo("new", kind, f"acme-{kind}", "--into", str(folder), here=tmp_path).returncode == 0
        run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(folder)])
        run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)])
        run([sys.executable, "-m", "ruff", "check", "--no-cache", str(folder)])
    (Path(site) / "checkout.pth").write_text(f"{Path(__file__).parents[2]}\n")  # mypy runs no finders
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--python-executable",
        python,
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    run([*mypy, "--config-file", str(folder / "pyproject.toml"), *(str(tmp_path / kind) for kind in KINDS)])
    listed = run([python, "-m", "atamo_rules", "plugins"])
    assert all(f"atamo-acme-{kind} 0.1.0" in listed for kind in KINDS), listed


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
