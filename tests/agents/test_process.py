"""An agent that runs programs: nothing from an event is read as anything but data, and no program harms the hub."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.agents.process import ProcessAgent
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import AgentContract

HOSTILE = ["$(id)", "`id`", "; rm -rf x", "a\nb", "-rf", "--help", "=x", "PATH=y", "*", "'\"", "é\u202e", ""]
"""Row S5 of the faults: what a shell, or an option parser, would read as something else than text."""


def action(**body: Any) -> Action:
    return Action("a1", "ask", "tool", "run", body, "r", "a.atamo:1:1", 0)


def agent(folder: Path, script: str, **settings: Any) -> ProcessAgent:
    """A Python program as the program."""
    file = folder / "program.py"
    file.write_text(script, "utf-8")
    arguments = ["-I", "-S", str(file)]
    return ProcessAgent(
        "tool", {"program": sys.executable, "arguments": arguments, "timeout": 20, **settings}, str(folder)
    )


def perform(made: ProcessAgent, given: Action) -> Outcome:
    return asyncio.run(made.perform(given, Replies()))


class TestContract(AgentContract):
    def agent(self) -> ProcessAgent:
        return ProcessAgent("tool", {"program": "/bin/true"}, ".")


ECHO = "import json, sys; print(json.dumps({'argv': sys.argv[1:], 'stdin': sys.stdin.read()}))"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_one_argument_behind_the_dashes(text: str, tmp_path: Path) -> None:
    made = agent(tmp_path, ECHO, values=["name", "count"], input="none", answer="json")
    outcome = perform(made, action(name=text, count=3))
    assert outcome == Done({"argv": ["--", text, "3"], "stdin": ""})


def test_a_value_that_can_be_no_argument_is_refused(tmp_path: Path) -> None:
    made = agent(tmp_path, ECHO, values=["name"])
    for value in ("a\0b", None, ["a"], {"a": 1}):
        outcome = perform(made, action(name=value))
        assert isinstance(outcome, Failed)
        assert outcome.error == "argument"


def test_the_arguments_are_json_on_standard_input(tmp_path: Path) -> None:
    made = agent(tmp_path, ECHO, answer="json")
    outcome = perform(made, action(name="ü", n=1))
    assert isinstance(outcome, Done)
    assert json.loads(outcome.answer["stdin"]) == {"name": "ü", "n": 1}  # type: ignore[index, call-overload, arg-type]


def test_the_environment_of_the_hub_is_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "secret")
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    outcome = perform(agent(tmp_path, script, answer="json", environment={"MODE": "x"}), action())
    assert isinstance(outcome, Done)
    assert isinstance(outcome.answer, dict)
    assert "CANARY" not in outcome.answer
    assert (outcome.answer["MODE"], outcome.answer["ATAMO_ACTION_ID"]) == ("x", "a1")


def test_files_of_the_hub_are_not_handed_on(tmp_path: Path) -> None:
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        script = f"import os\ntry: os.fstat({held.fileno()}); print('1')\nexcept OSError: print('\"closed\"')"
        assert perform(agent(tmp_path, script, answer="json"), action()) == Done("closed")


@pytest.mark.parametrize(
    ("script", "settings", "kind", "error"),
    [
        ("import time; time.sleep(600)", {"timeout": 0.5}, Again, "timeout"),
        ("while True: pass", {"timeout": 0.5}, Again, "timeout"),
        ("while True: print('x' * 9999)", {"output": 16}, Failed, "output"),
        ("import sys\nwhile True: sys.stderr.write('x' * 9999)", {"output": 16}, Failed, "output"),
        ("x = bytearray(1 << 30)", {"memory": 128}, Failed, "exit code 1"),
        ("while True: pass", {"cpu": 1}, Failed, "signal SIGKILL"),
        ("import sys; sys.exit(75)", {}, Again, "exit code 75"),
        ("import os; os._exit(3)", {}, Failed, "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", {}, Failed, "signal SIGSEGV"),
        ("print('{')", {"answer": "json"}, Failed, "answer"),
        ("import os, signal; os.killpg(0, signal.SIGTERM)", {}, Failed, "signal SIGTERM"),
    ],
)
def test_whatever_it_does_is_an_outcome(
    script: str, settings: dict[str, Any], kind: type[Outcome], error: str, tmp_path: Path
) -> None:
    outcome = perform(agent(tmp_path, script, **settings), action())
    assert isinstance(outcome, kind)
    assert getattr(outcome, "error") == error, outcome  # noqa: B009


def test_its_children_end_with_it(tmp_path: Path) -> None:
    script = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
print(child.pid)
"""
    outcome = perform(agent(tmp_path, script, answer="text"), action())
    assert isinstance(outcome, Done)
    child = int(outcome.answer["text"])  # type: ignore[index, call-overload, arg-type]
    assert _gone(child)


def test_it_is_killed_when_its_attempt_is_cut_off(tmp_path: Path) -> None:
    script = (
        f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(f'{{os.getpid()}}.')\ntime.sleep(600)"
    )

    async def story() -> int:
        running = asyncio.create_task(agent(tmp_path, script).perform(action(), Replies()))
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().endswith("."):
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return int((tmp_path / "pid").read_text().rstrip("."))

    assert _gone(asyncio.run(story()))


def _gone(pid: int) -> bool:
    """Whether a process ends; what nobody has waited for yet has, too. A signal takes a moment to arrive."""
    for _ in range(500):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_settings_that_cannot_work_are_said(tmp_path: Path) -> None:
    for settings, why in (
        ({"program": "/nowhere/tool"}, "no program"),
        ({"program": str(tmp_path)}, "no program"),
        ({"program": "/bin/true", "arguments": ["a\0"]}, "NUL"),
    ):
        with pytest.raises(ValueError, match=why):
            ProcessAgent("tool", settings, str(tmp_path))
