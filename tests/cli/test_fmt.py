"""`atamo fmt` on files: in place, whole, with everything about a file that is not its text left as it was."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import write

ROOT = Path(__file__).parents[2]
UGLY = 'list  vip="a","b"\n'
RIGHT = 'list vip = "a", "b"\n'


def fmt(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "atamo_rules", "fmt", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    assert b"Traceback" not in done.stderr
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def test_what_we_ship_is_in_canonical_text() -> None:
    done = fmt("--check", "rulesets", "atamo_rules/cli/templates", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_permissions_are_kept_and_links_followed(tmp_path: Path) -> None:
    folder = write(tmp_path, {"real/a.atamo": UGLY})
    (folder / "real/a.atamo").chmod(0o640)
    (folder / "link.atamo").symlink_to("real/a.atamo")
    assert fmt("link.atamo", cwd=folder).returncode == 0
    assert (folder / "link.atamo").is_symlink()
    assert (folder / "real/a.atamo").read_text("utf-8") == RIGHT
    assert stat.S_IMODE((folder / "real/a.atamo").stat().st_mode) == 0o640
    assert sorted(os.listdir(folder / "real")) == ["a.atamo"]


def test_a_file_that_is_right_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": RIGHT})
    before = (tmp_path / "a.atamo").stat()
    assert fmt(cwd=tmp_path).stdout == "1 file as it should be\n"
    assert (tmp_path / "a.atamo").stat().st_mtime_ns == before.st_mtime_ns
    assert (tmp_path / "a.atamo").stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "raw",
    [b'\xef\xbb\xbflist vip = "a", "b"\r\n', b'list vip = "a", "b"', b'\n\nlist   vip = "a", "b"   \n\n\n'],
    ids=["windows", "no-line-end", "blanks"],
)
def test_line_ends_marks_and_blanks_are_ours(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.atamo").write_bytes(raw)
    assert fmt(cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.atamo").read_bytes() == RIGHT.encode()


def test_a_file_that_is_no_text_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    (tmp_path / "bad.atamo").write_bytes(b'list vip = "\xff"\n')
    (tmp_path / "good.atamo").write_text(UGLY, "utf-8")
    done = fmt(cwd=tmp_path)
    assert done.returncode == 1
    assert "the file is not UTF-8: byte 0xff" in done.stderr
    assert (tmp_path / "good.atamo").read_text("utf-8") == RIGHT
    assert (tmp_path / "bad.atamo").read_bytes() == b'list vip = "\xff"\n'


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": UGLY})
    (tmp_path / "a.atamo").chmod(0o444)
    done = fmt(cwd=tmp_path)
    assert (done.returncode, "permission denied" in done.stderr) == (1, True)


def test_there_and_back_is_the_same_ruleset(tmp_path: Path) -> None:
    from atamo_rules.hub.project.rulebook import Rulebook

    source = ROOT / "rulesets/order_desk"
    for path in source.rglob("*"):
        if path.is_file() and ".atamo" not in path.relative_to(source).parts[:-1]:
            write(tmp_path, {str(path.relative_to(source)): path.read_text("utf-8")})
    before = Rulebook((tmp_path,)).compile()
    texts = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.atamo")}
    assert fmt("--to", "yaml", cwd=tmp_path).returncode == 0
    assert not list(tmp_path.rglob("*.atamo"))
    between = Rulebook((tmp_path,)).compile()
    assert fmt("--to", "atamo", cwd=tmp_path).returncode == 0
    after = Rulebook((tmp_path,)).compile()
    assert before.ruleset is not None
    assert between.ruleset is not None
    assert after.ruleset is not None
    assert before.ruleset.digest == between.ruleset.digest == after.ruleset.digest
    assert set(texts) <= {*tmp_path.rglob("*.atamo")}


def test_standard_input_with_mistakes_gives_nothing_to_standard_output(tmp_path: Path) -> None:
    done = fmt("-", cwd=tmp_path, stdin=b"rule\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "this rule has no name" in done.stderr


def test_a_diff_has_the_colours_of_diffs_where_they_are_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.atamo").write_text("event a\n  b:   text", "utf-8")
    plain = fmt("--diff", cwd=tmp_path).stdout
    assert "-  b:   text\n\\ no line end\n" in plain
    coloured = subprocess.run(
        [sys.executable, "-m", "atamo_rules", "--color", "always", "fmt", "--diff"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert "\x1b[31m-  b:   text\x1b[0m\n\\ no line end\n\x1b[32m+  b: text\x1b[0m\n" in coloured
    assert "\x1b[1m--- a.atamo\x1b[0m\n" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
