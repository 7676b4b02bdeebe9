"""Asking what rules would do changes nothing: no file is written, no connection made, no program started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RULES = """\
event order.placed
  id: text

agent crm
  uses http
    url: "http://127.0.0.1:9/crm"
  send note
    text: text

agent book
  uses file
    path: "written.log"
  send note
    text: text

rule both
  on order.placed
  do
    send crm.note
      text: "{{ id }}"
    send book.note
      text: "{{ id }}"
  test "both are told"
    given order.placed { id: "a" }
    expect crm.note { text: "a" }
    expect book.note { text: "a" }
"""
WATCHED = """\
import json, os, sys
seen = []
def hook(name, args):
    if name == "open":
        path, mode, flags = args
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(path) not in ("/dev/null", "1", "2"):
            seen.append([name, str(path)])
    elif name.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.system", "os.posix_spawn")):
        seen.append([name, repr(args)])
    elif name in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate"):
        seen.append([name, repr(args)])
sys.addaudithook(hook)
sys.dont_write_bytecode = True
from atamo_rules.cli.main import main
out = int(sys.argv.pop(1))
try:
    main()
finally:
    sys.stdout.flush()
    os.write(out, json.dumps(seen).encode())
"""
"""Runs the command under an audit hook (PEP 578) and gives what it did to a pipe."""


def effects(folder: Path, *arguments: str, stdin: str = "") -> list[list[str]]:
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as said:
        done = subprocess.run(
            [sys.executable, "-c", WATCHED, str(writing), *arguments],
            cwd=folder, pass_fds=(writing,), input=stdin, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        os.close(writing)
        assert done.returncode == 0, done.stdout + done.stderr
        found: list[list[str]] = json.loads(said.read())
        return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "rules.atamo").write_text(RULES, "utf-8")
    (tmp_path / "events.jsonl").write_text('{"type": "order.placed", "data": {"id": "a"}}\n', "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["simulate", ".", "--events", "events.jsonl"],
        ["simulate", ".", "--events", "events.jsonl", "--format", "jsonl"],
        ["verify", "."],
        ["fmt", "--check", "."],
    ],
    ids=["simulate", "simulate-jsonl", "verify", "fmt-check"],
)
def test_asking_changes_nothing(project: Path, arguments: list[str]) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert effects(project, *arguments) == []
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_the_watch_sees_what_acting_does(project: Path) -> None:
    """The check above can fail: the dispatcher looks for an address and writes, and both are seen."""
    seen = effects(project, "run", ".", "--stdin", stdin=(project / "events.jsonl").read_text("utf-8"))
    assert "socket.getaddrinfo" in {name for name, _ in seen}
    assert "written.log" in {Path(path).name for name, path in seen if name == "open"}
