"""`atamo verify --watch`: every change is verified, whatever happens to the files between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.dispatcher import ATAMO, atamo, environment, heed_interrupts
from tests.places import ORDERS, write

FINE = "0 errors, 0 warnings"


class Watching:
    """A running `atamo verify --watch`; what it says goes into one file."""

    def __init__(self, log: Path, process: subprocess.Popen[bytes]) -> None:
        self.log = log
        self.process = process
        self.read = 0

    def says(self, *texts: str) -> str:
        """Wait until something after what was waited for before holds all texts, and give what was said."""

        def there() -> str:
            new = self.log.read_text("utf-8")[self.read :]
            return new if all(text in new for text in texts) else ""

        end = time.monotonic() + 30
        while not (new := there()):
            assert time.monotonic() < end, f"{texts} never came; what did:\n{self.log.read_text('utf-8')}"
            time.sleep(0.01)
        self.read += len(new)
        return new


@contextmanager
def watching(cwd: Path, log: Path, *args: str) -> Iterator[Watching]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*ATAMO, "verify", "--watch", *args], cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, env=environment(), preexec_fn=heed_interrupts,
        )  # fmt: skip
    try:
        yield Watching(log, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path / "project", {"rules/a.atamo": ORDERS})


def replaced(path: Path, text: str) -> None:
    """Save as many editors do: beside it, then over it."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, "utf-8")
    beside.replace(path)


@pytest.mark.parametrize(
    "save", [lambda path, text: path.write_text(text, "utf-8"), replaced], ids=["in place", "renamed"]
)
@pytest.mark.parametrize("what", ["rules", "rules/a.atamo"])
def test_an_edit_is_verified_and_its_mending_too(
    project: Path, tmp_path: Path, save: Callable[[Path, str], object], what: str
) -> None:
    file = project / "rules/a.atamo"
    good = file.read_text("utf-8")
    with watching(project, tmp_path / "log", what) as seen:
        assert "2 of 2 tests passed" in seen.says(FINE)
        for _ in range(2):
            save(file, good.replace("total > 100", "totl > 100"))
            assert "E0201" in seen.says("— changed —", "1 error")
            save(file, good)
            assert "2 of 2 tests passed" in seen.says("— changed —", FINE)
        save(file, good.replace("total > 100", "total > 200"))
        assert "`desk.note` was not done" in seen.says("— changed —", "1 of 2 tests passed")
        seen.process.send_signal(signal.SIGINT)
        assert seen.process.wait(30) == 130
    assert "Traceback" not in seen.log.read_text("utf-8")


def test_files_that_go_away_are_waited_for(project: Path, tmp_path: Path) -> None:
    with watching(project, tmp_path / "log", "rules") as seen:
        seen.says(FINE)
        (project / "rules/a.atamo").unlink()
        seen.says("No rule files under `rules`")
        write(project, {"rules/b.atamo": ORDERS})
        seen.says(FINE)
        shutil.rmtree(project / "rules")
        seen.says("`rules` does not exist")
        write(project, {"rules/a.atamo": ORDERS})
        seen.says(FINE)
        # As `git checkout` does it: another folder, at once, where one was.
        (project / "rules").rename(project / "before")
        write(project, {"rules/a.atamo": ORDERS.replace("total > 100", "totl > 100")})
        seen.says("1 error, 0 warnings")
        assert seen.process.poll() is None


def test_a_report_beside_the_rules_is_no_change_of_them(project: Path, tmp_path: Path) -> None:
    with watching(project, tmp_path / "log", "rules", "--junit", "rules/report.xml") as seen:
        seen.says(FINE)
        os.utime(project / "rules/report.xml")
        file = project / "rules/a.atamo"
        file.write_text(file.read_text("utf-8").replace("total > 100", "totl > 100"), "utf-8")
        assert FINE not in seen.says("— changed —", "1 error")


def test_what_cannot_be_watched_is_said(project: Path) -> None:
    for path, says in (("-", "`-` cannot be watched"), ("nowhere", "`nowhere` does not exist")):
        done = atamo("verify", "--watch", path, cwd=project)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
