"""`atamo init`, by the real process: what it makes works unedited, and what it refuses stays untouched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from atamo_rules.cli.init import CONTAINERS, PART, TEMPLATES, project, write
from atamo_rules.hub.project.rulebook import Rulebook
from tests.cli.dispatcher import atamo

ATAMO = Path(sys.executable).parent / "atamo"


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, and every folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"(folder)"
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_the_printed_commands_work_unedited(template: str, container: str, tmp_path: Path) -> None:
    made = atamo("init", "my shop ☕", "--template", template, "--to", container, cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    commands = re.findall(r"^  (atamo .*)$", made.stdout, re.M)
    assert [command.split()[1] for command in commands] == ["verify", "simulate", "run"]
    environment = {**os.environ, "PATH": f"{ATAMO.parent}:{os.environ['PATH']}"}
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=60
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert done.stdout
    assert (
        "0 errors, 0 warnings"
        in atamo("verify", "my shop ☕", "--coverage-threshold", "100", cwd=tmp_path).stdout
    )
    assert (tmp_path / "my shop ☕" / ".atamo" / "audit.jsonl").is_file()
    assert ".atamo/\n" in (tmp_path / "my shop ☕" / ".gitignore").read_text("utf-8")


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_containers_say_the_same(template: str, tmp_path: Path) -> None:
    digests = set()
    for container in CONTAINERS:
        assert (
            atamo("init", container, "--template", template, "--to", container, cwd=tmp_path).returncode == 0
        )
        ruleset = Rulebook((tmp_path / container,)).compile().ruleset
        assert ruleset is not None
        digests.add(ruleset.digest)
    assert len(digests) == 1


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_the_readme_names_files_that_are_there(template: str, container: str) -> None:
    texts = dict(project(template, container))
    named = re.findall(r"^- `([^`]+)`", texts["README.md"], re.M)
    assert set(named) == set(texts) - {"README.md", ".gitignore"}
    assert "SUFFIX" not in texts["README.md"]


def test_an_empty_folder_and_new_parents_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert atamo("init", "empty", cwd=tmp_path).returncode == 0
    assert atamo("init", "a/b/c", cwd=tmp_path).returncode == 0
    here = tmp_path / "here"
    here.mkdir()
    assert atamo("init", ".", cwd=here).returncode == 0
    assert everything(here) == everything(tmp_path / "empty") == everything(tmp_path / "a/b/c")
    assert not (here / PART).exists()


def test_a_folder_that_looks_like_an_option(tmp_path: Path) -> None:
    made = atamo("init", "--", "-x", cwd=tmp_path)
    assert made.returncode == 0
    assert "  atamo verify ./-x\n" in made.stdout


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".hidden").write_text("mine")
    before = everything(tmp_path)
    made = atamo("init", "shop", cwd=tmp_path)
    assert (made.returncode, made.stdout) == (2, "")
    assert "`shop` is not empty; give a new or an empty folder. Nothing was written." in made.stderr
    assert everything(tmp_path) == before


def test_twice_is_once(tmp_path: Path) -> None:
    assert atamo("init", "shop", cwd=tmp_path).returncode == 0
    before = everything(tmp_path)
    assert atamo("init", "shop", "--template", "orders", cwd=tmp_path).returncode == 2
    assert everything(tmp_path) == before


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("mine")
    made = atamo("init", "shop", cwd=tmp_path)
    assert made.returncode == 2
    assert "`shop` is a file" in made.stderr
    below = atamo("init", "shop/inside", cwd=tmp_path)
    assert below.returncode == 2
    assert "`shop/inside` cannot be written: not a directory. Nothing was written." in below.stderr
    assert everything(tmp_path) == {"shop": b"mine"}


def test_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").symlink_to(tmp_path / "nowhere")
    assert atamo("init", "shop", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("arguments", [("--template", "shop"), ("--to", "json")])
def test_an_unknown_choice_is_refused_with_the_choices(arguments: tuple[str, str], tmp_path: Path) -> None:
    made = atamo("init", "shop", *arguments, cwd=tmp_path)
    assert made.returncode == 2
    assert all(
        f"'{choice}'" in made.stderr for choice in (TEMPLATES if "--template" in arguments else CONTAINERS)
    )
    assert everything(tmp_path) == {}


def test_no_folder_at_all(tmp_path: Path) -> None:
    made = atamo("init", cwd=tmp_path)
    assert made.returncode == 2
    assert "DIR" in made.stderr
    assert everything(tmp_path) == {}


def test_where_nobody_may_write_nothing_is_written(tmp_path: Path) -> None:
    """A name too long for any file system, which stops even those whom no permission stops."""
    made = atamo("init", "new/" + "x" * 300, cwd=tmp_path)
    assert made.returncode == 2
    assert "cannot be written: file name too long. Nothing was written." in made.stderr
    assert everything(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    made = atamo("init", "closed/shop", cwd=tmp_path)
    assert made.returncode == 2
    assert "cannot be written: permission denied" in made.stderr
    assert everything(tmp_path) == {"closed": b"(folder)"}


@pytest.mark.parametrize("there", [True, False])
def test_a_failure_half_way_leaves_nothing(there: bool, tmp_path: Path) -> None:
    target = tmp_path / "a" / "shop"
    if there:
        target.mkdir(parents=True)
    before = everything(tmp_path)
    texts = {"README.md": "one", "rules/a.atamo": "two", "x" * 300: "a name that no file can have"}
    with pytest.raises(OSError, match="too long"):
        write(target, texts)
    assert everything(tmp_path) == before
