"""Progress is for a person at a terminal: on standard error, cleared at the end, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from atamo_rules.cli.progress import line
from tests.cli.dispatcher import ATAMO, environment
from tests.places import write

SLOW = (
    "import sys, time\nfrom atamo_rules.cli import progress\nprogress.QUIET = 0.0\nprogress.OFTEN = 0.0\n"
    "for n in progress.counted(range(3), 'events', 3, speaks={speaks}):\n    print(n)\n"
)


def on_a_terminal(script: str, stdout: str) -> tuple[bytes, str]:
    """What a script writes to a terminal that is its standard error, and what to a pipe that is its standard output,
    or to the same terminal."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in environment().items() if k != "CI"}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stderr=theirs, stdout=theirs if stdout == "terminal" else subprocess.PIPE,
        env={**kept, "TERM": "xterm"},
    )  # fmt: skip
    told = process.communicate(timeout=60)[0] or b""
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:
        pass  # a terminal whose other end is closed
    os.close(ours)
    return seen, told.decode()


def test_a_person_sees_how_far_it_is_and_the_line_is_gone_at_the_end() -> None:
    seen, told = on_a_terminal(SLOW.format(speaks=True), "pipe")
    assert b"1 of 3 events, 33 %" in seen
    assert seen.endswith(b"\r\x1b[2K")
    assert told == "0\n1\n2\n"


def test_lines_on_the_same_terminal_are_not_disturbed() -> None:
    assert b"events" not in on_a_terminal(SLOW.format(speaks=True), "terminal")[0]
    assert b"events" in on_a_terminal(SLOW.format(speaks=False), "terminal")[0]


def test_nothing_is_said_to_a_pipe(tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": "event thing\n  n: whole\n"})
    events = '{"n": 1}\n' * 2000
    done = subprocess.run(
        [*ATAMO, "simulate", ".", "--events", "-", "--type", "thing"], input=events.encode(),
        cwd=tmp_path, capture_output=True, env=environment(), timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("number", "total", "seconds", "says"),
    [
        (1200, 5000, 1.2, "1,200 of 5,000 events, 24 %, 4 s left"),
        (1200, None, 1.2, "1,200 events, 1,000 a second"),
        (0, 5, 0.0, "0 events, 0 a second"),
    ],
)
def test_the_line_itself(number: int, total: int | None, seconds: float, says: str) -> None:
    assert line(number, "events", total, seconds) == says
