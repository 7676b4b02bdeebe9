"""What operators get wrong: each is told in a sentence that says what to do, with the right exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from atamo_rules.cli.hubs import Refused
from tests.cli.dispatcher import ATAMO, Dispatcher, atamo, environment, heed_interrupts
from tests.places import write

RULES = 'event thing\n  n: whole\n\nrule a\n  on thing\n  when n > 1\n  stop\n  test "b"\n    given thing { n: 2 }\n'
RULES += "    expect rule a\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, {"rules/a.atamo": RULES})


def test_links_that_lead_round_or_away_and_what_is_no_file(project: Path) -> None:
    (project / "rules/loop.atamo").symlink_to("loop.atamo")
    done = atamo("verify", cwd=project)
    assert done.returncode == 1
    assert "rules/loop.atamo:1:1" in done.stdout
    assert "this file cannot be read: " in done.stdout
    assert "make the link lead to a file, or take it away" in done.stdout
    (project / "rules/loop.atamo").unlink()
    os.mkfifo(project / "rules/pipe.atamo")
    done = atamo("verify", cwd=project)
    assert (done.returncode, "it is not a regular file" in done.stdout) == (1, True)
    (project / "rules/pipe.atamo").unlink()
    (project / "rules/away.atamo").symlink_to("/etc/hostname")
    assert atamo("verify", cwd=project).returncode == 0, "what lies outside the folder is no part of it"


def test_a_failed_test_of_many_actions_is_told_in_few_lines(project: Path) -> None:
    rule = "rule r{n}\n  on thing\n  do\n    send log.line\n      n: n\n"
    rules = "agent log\n  send line\n    n: whole\n\n" + "\n".join(rule.format(n=n) for n in range(50))
    write(project, {"rules/b.atamo": rules + '\ntest "none"\n  given thing { n: 1 }\n  expect nothing\n'})
    told = atamo("verify", cwd=project).stdout.splitlines()
    assert sum("did send log.line" in line for line in told) == 20
    assert any(line.strip() == "= did 30 more" for line in told)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["verify", "rules/a.atamo/x"], "does not exist"),
        (["simulate", "--events", "rules"], "`rules` is a folder"),
        (["simulate", "--events", "nowhere.jsonl"], "nowhere.jsonl"),
        (["run", "rules/a.atamo"], "is a file; give its folder"),
        (["run", "--port", "0", "--host", "999.1.1.1"], "Cannot listen on 999.1.1.1:0"),
        (["run", "--port", "0", "--drop", "rules/a.atamo"], "The drop folder `rules/a.atamo` cannot be used"),
        (
            ["run", "--stdin", "--audit", "rules/a.atamo/x.jsonl"],
            "The audit `rules/a.atamo/x.jsonl` cannot be written",
        ),
        (["run", "--no-http"], "There is no way in"),
        (["verify", "--junit", "rules"], "is a directory"),
        (["verify", "--param", "x"], "is not NAME=VALUE"),
        (["telephone"], "There is no command `telephone`. `atamo --help` lists them."),
        (["verify", "--scan-limit", "nan"], "nan is not in the range x>=0"),
        (["top", "--every", "nan"], "nan is not in the range 0.2<=x<=3600"),
        (["explain", "E9999"], "There is no code `E9999`"),
        (["fmt", "nowhere"], "`nowhere` does not exist"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:2]),
)
def test_usage(project: Path, arguments: list[str], says: str) -> None:
    done = atamo(*arguments, cwd=project)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_whoever_stops_listening_is_no_fault(project: Path) -> None:
    for arguments in (["verify", "--format", "json"], ["--help"], ["explain", "--all"]):
        child = subprocess.Popen(
            [*ATAMO, *arguments],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == b""
        child.stderr.close()
        assert child.wait(30) == 141, "neither well nor a finding"


def test_a_full_disk_is_said(project: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*ATAMO, "verify"],
            cwd=project,
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=60,
        )
    assert done.returncode == 2
    assert done.stderr.decode() == "Error: no space left on device.\n"


def test_a_terminal_without_unicode_still_shows_everything(project: Path) -> None:
    write(project, {"rules/b.atamo": 'rule ä\n  on thing\n  when n > "é"\n  stop\n'})
    done = subprocess.run(
        [*ATAMO, "verify"], cwd=project, capture_output=True, timeout=60,
        env={**environment(), "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.isascii()
    assert b"\\xe4" in done.stdout


def test_ctrl_c_while_verifying_ends_quietly(project: Path) -> None:
    rule = RULES.partition("\n\n")[2]
    text = RULES + "".join(rule.replace("rule a", f"rule a{number}") for number in range(2_000))
    child = subprocess.Popen(
        [*ATAMO, "verify", "-"], cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(), start_new_session=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    assert child.stdin is not None
    assert len(text) > 2 * 65_536
    child.stdin.write(text.encode())  # more than a pipe holds: once it is written, it is being read
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode in (130, 1), said
    assert b"Traceback" not in said


def test_a_file_that_is_still_being_written_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"p/a.atamo": RULES})
    inbox = tmp_path / "inbox"
    with Dispatcher("p", "--port", "0", "--drop", str(inbox), cwd=tmp_path) as hub:
        hub.said("taking files from")
        with (inbox / "slow.json").open("w") as file:
            file.write('{"type": "thing", "id": "slow", ')
            file.flush()
            time.sleep(1.0)
            file.write('"data": {"n": 2}}')
        hub.until(lambda: (inbox / "done/slow.json").exists())
        (inbox / "cut.json").write_text('{"type": "thing", "da')
        hub.until(lambda: (inbox / "failed/cut.json.reason.txt").exists())
        assert hub.end(signal.SIGTERM) == 0
    assert not (inbox / "failed/slow.json").exists()


def test_a_problem_that_quotes_somebody_does_not_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    quoted = {
        "title": "no",
        "detail": "of \x1b[2J\u202e",
        "remedy": "ask \x07",
        "reasons": ["it is \x1b[31mred"],
    }
    Refused(409, quoted).show()
    assert capsys.readouterr().err == "no: of \\x1b[2J\\u202e\n  ask \\x07\n  it is \\x1b[31mred\n"
