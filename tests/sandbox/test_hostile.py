"""Code that means harm, and what must be true after each piece of it (the files of `hostile` say what they try).

`# then: nothing` means that it answered, and had achieved nothing. Everything else is the kind of fault that stopped
it, with the line after `@` and a part of the message. Files that say `# unconfined: achieves` are run without walls
too, and must then achieve something: so it is the walls that hold, and no mistake in the attempt.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.model.strict_json import encode
from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.faults import CodeFailed
from atamo_rules.sandbox.limits import CodeLimits
from tests.sandbox.walls import needs_walls, nothing_left

FILES = sorted((Path(__file__).parent / "hostile").glob("*.py"))
TEXTS = {path: path.read_text() for path in FILES}
MARK = "canary"
SECRET = f"{MARK}-{os.urandom(16).hex()}"
"""Known to this process alone: in its memory, its environment and a file."""
UNCONFINED = """
import json, runpy, sys
print(json.dumps(runpy.run_path(sys.argv[1])["evaluate"](json.loads(sys.argv[2])), default=repr))
"""


@dataclass(frozen=True)
class World:
    """What hostile code could reach if nothing held it, and what it was told of it."""

    folder: Path
    file: Path
    server: socket.socket
    abstract: socket.socket
    event: dict[str, Any]
    signalled: list[int]

    def untouched(self) -> None:
        """Nothing was read, changed, called or signalled."""
        assert self.file.read_text() == SECRET
        assert sorted(path.name for path in self.folder.iterdir()) == ["secret"]
        for server in (self.server, self.abstract):
            with pytest.raises(BlockingIOError):
                server.accept()
        assert self.signalled == []


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    monkeypatch.setenv("ATAMO_CANARY", SECRET)
    monkeypatch.chdir(tmp_path)
    signalled: list[int] = []
    before = {number: signal.signal(number, lambda got, _: signalled.append(got)) for number in (10, 12, 15)}
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        name = f"\0atamo-{os.getpid()}-{time.monotonic_ns()}"
        abstract.bind(name)
        abstract.listen()
        for one in (server, abstract):
            one.setblocking(False)
        event = {
            "file": str(file), "folder": str(tmp_path), "port": server.getsockname()[1], "pid": os.getpid(),
            "abstract": name, "mark": MARK,
        }  # fmt: skip
        yield World(tmp_path, file, server, abstract, event, signalled)
    for number, handler in before.items():
        signal.signal(number, handler)


def wanted(path: Path) -> str:
    found = re.search(r"^# then: (.+)$", TEXTS[path], re.MULTILINE)
    assert found is not None
    return found[1]


def parameters() -> Iterator[Any]:
    for path in FILES:
        quick = "\n# quick\n" in TEXTS[path]
        yield pytest.param(path, id=path.stem, marks=() if quick else pytest.mark.slow)


def outcome(code: SandboxedCode, event: Any) -> str:
    """`nothing`, what was achieved, or the fault: the words that a file's `then` is held to."""
    try:
        code.check()
    except CodeFailed as error:
        at_load = "load-" if error.fault.kind == "deadline" else ""
        return f"{at_load}{error.fault.kind} @{error.fault.line} {error.fault.message}"
    try:
        got = code.evaluate_now(event)
    except CodeFailed as error:
        return f"{error.fault.kind} @{error.fault.line} {error.fault.message}{error.fault.said}"
    assert len(code.printed) <= 4096
    return f"achieved {encode(got)[:500]}" if got else "nothing"


@needs_walls
@pytest.mark.parametrize("path", list(parameters()))
def test_it_is_contained(path: Path, world: World) -> None:
    kinds, _, rest = wanted(path).partition(" ")
    loads, evaluates = ("load-deadline" in kinds, "deadline" in kinds.split("|"))
    limits = CodeLimits(evaluation=1.5 if evaluates else 20, load=1.5 if loads else 20)
    code = SandboxedCode(TEXTS[path], name=path.name, limits=limits)
    with nothing_left():
        begun = time.monotonic()
        got = outcome(code, world.event)
        assert time.monotonic() - begun < limits.load + limits.evaluation + 10
        code.stop()
    assert got.split()[0] in kinds.split("|"), got
    for part in rest.split(" ", 1) if rest.startswith("@") else [rest]:
        assert part in got, got
    assert SECRET not in got
    world.untouched()


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [one for one in FILES if "\n# unconfined: achieves\n" in TEXTS[one]], ids=lambda path: path.stem
)
def test_without_walls_it_achieves_something(path: Path, world: World) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNCONFINED, str(path), json.dumps(world.event)],
        capture_output=True, text=True, timeout=60, check=True, cwd=world.folder, pass_fds=(world.server.fileno(),),
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) != []


def test_there_are_enough() -> None:
    assert len(FILES) >= 40
    assert all(re.match(r'""".+\."""\n', TEXTS[path]) for path in FILES)
