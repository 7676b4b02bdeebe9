"""An agent that calls functions by where they are, and code that rules may not name unless it is allowed."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from atamo_rules.builtin.agents.python import PythonAgent
from atamo_rules.builtin.agents.threads import MOST_LEFT, Crowded, Threads
from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.errors import NotAllowed, PluginBroken
from atamo_rules.hub.agents.code import allow, load
from atamo_rules.hub.generation import Generation
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import AgentContract
from tests.places import write

CODE = """
import sys

def double(n): return n * 2
async def soon(n): return n + 1
def leave(n): sys.exit(n)

class Pager:
    settings_schema = {"type": "object", "properties": {"to": {"type": "string"}}, "additionalProperties": False}
    timeout = 5.0
    concurrency = 1
    def __init__(self, name, settings, folder):
        if settings.get("to") == "nobody":
            raise KeyError("nobody")
        self.name = name
    async def perform(self, action, reply): return None
    async def close(self): return None
"""
RULES = """
event thing.seen
  n: whole

agent pager
  uses ./agents/pager.py:Pager
  send page
    n: whole

rule tell
  on thing.seen
  do
    send pager.page
      n: n
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, {"agents/pager.py": CODE, "a.atamo": RULES})


def action(name: str, **body: object) -> Action:
    return Action("a1", "ask", "desk", name, body, "r", "a.atamo:1:1", 0)  # type: ignore[arg-type]


def perform(agent: PythonAgent, given: Action) -> Outcome:
    async def story() -> Outcome:
        try:
            return await agent.perform(given, Replies())
        finally:
            await agent.close()

    return asyncio.run(story())


class TestContract(AgentContract):
    @pytest.fixture(autouse=True)
    def _place(self, project: Path) -> None:
        self.folder = str(project)

    def agent(self) -> PythonAgent:
        return PythonAgent("desk", {"function": "./agents/pager.py:double"}, self.folder)


def test_functions_by_the_action_and_for_all_of_them(project: Path) -> None:
    of = {"soon": "./agents/pager.py:soon", "leave": "./agents/pager.py:leave"}
    many = PythonAgent("desk", {"functions": of}, str(project))
    assert perform(many, action("soon", n=1)) == Done(2)
    assert isinstance(perform(many, action("late", n=1)), Failed)
    with pytest.raises(SystemExit):  # which the hub takes for a failed attempt
        perform(many, action("leave", n=1))
    every = PythonAgent("desk", {"function": "./agents/pager.py:double"}, str(project))
    assert perform(every, action("any", n=4)) == Done(8)
    with pytest.raises(ValueError, match="either"):
        PythonAgent("desk", {}, str(project))
    with pytest.raises(PluginBroken, match="triple"):
        PythonAgent("desk", {"function": "./agents/pager.py:triple"}, str(project))


def test_calls_that_were_cut_off_do_not_pile_up() -> None:
    async def story() -> Again:
        threads, over = Threads("t"), threading.Event()
        for _ in range(MOST_LEFT):
            call = asyncio.create_task(threads.run(over.wait))
            await asyncio.sleep(0)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        try:
            await threads.run(lambda: None)
        except Crowded as crowded:
            over.set()
            for thread in threads.left:
                thread.join()
            assert await threads.run(lambda: 7) == 7
            return crowded.outcome()
        raise AssertionError("so many may not run on")

    assert asyncio.run(story()).error == "crowded"


@pytest.mark.parametrize(
    ("where", "allowed", "good"),
    [
        ("my.agents:A", (), False),
        ("my.agents:A", ("my",), True),
        ("my.agents:A", ("my.agents",), True),
        ("my.agents:A", ("my.agent",), False),
        ("mys:A", ("my",), False),
        ("./agents/a.py:A", ("./agents",), True),
        ("./agents/a.py:A", ("./agents/a.py",), True),
        ("./agents/a.py:A", (".",), True),
        ("./agents/../secret/a.py:A", ("./agents",), False),
        ("./../a.py:A", ("../",), False),
        ("./agents/a.py:A", ("agents",), False),
        ("/bin/true", ("/bin/true",), True),
        ("/bin/../bin/true", ("/bin/true",), True),
        ("/bin/true", ("/bin",), False),
        ("/bin/true", (".",), False),
    ],
)
def test_code_is_allowed_by_whoever_runs_the_hub(
    where: str, allowed: tuple[str, ...], good: bool, tmp_path: Path
) -> None:
    if good:
        allow(where, allowed, str(tmp_path))
    else:
        with pytest.raises(NotAllowed):
            allow(where, allowed, str(tmp_path))


def test_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    project = write(tmp_path / "p", {"agents/a.py": CODE})
    (project / "agents/away").symlink_to(tmp_path / "out")
    with pytest.raises(NotAllowed):
        allow("./agents/away/a.py:A", ("./agents",), str(project))


def test_changed_code_is_new_code(project: Path) -> None:
    first = load("./agents/pager.py:double", str(project))
    assert load("./agents/pager.py:double", str(project)) is first
    write(project, {"agents/pager.py": CODE.replace("n * 2", "n * 3")})
    assert load("./agents/pager.py:double", str(project))(2) == 6


def test_an_agent_in_a_file_of_the_project(project: Path) -> None:
    refused = FolderProvider(project).load()
    assert not isinstance(refused, Generation)
    (said,) = refused.diagnostics
    assert "is code, and code that rules name is not allowed here" in said.message
    assert said.help is not None
    assert "--code ./agents/pager.py" in said.help
    taken = FolderProvider(project, code=["./agents"]).load()
    assert isinstance(taken, Generation)
    assert type(taken.agents["pager"].agent).__name__ == "Pager"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import nowhere_at_all", "No module named"),
        ("raise SystemExit(3)", "SystemExit"),
        ("class Pager: pass", "it has no `settings_schema`"),
        ("Pages = 1", "has no `Pager`; did you mean `Pages`?"),
        ("def (", "SyntaxError"),
        (CODE.replace("if settings", "raise KeyError(1)\n        if settings"), "KeyError"),
        (CODE.replace("if settings", "import sys; sys.exit(1)\n        if settings"), "SystemExit"),
    ],
)
def test_broken_code_is_named_and_stops_nobody(project: Path, code: str, why: str) -> None:
    write(project, {"agents/pager.py": code})
    refused = FolderProvider(project, code=["./agents"]).load()
    assert not isinstance(refused, Generation)
    assert why in refused.diagnostics[0].message


def test_settings_that_name_code_are_held_to_the_same(project: Path) -> None:
    text = RULES.replace(
        "uses ./agents/pager.py:Pager", 'uses python\n    functions: { page: "./agents/pager.py:double" }'
    )
    write(project, {"a.atamo": text})
    assert not isinstance(FolderProvider(project).load(), Generation)
    assert isinstance(FolderProvider(project, code=["./agents/pager.py"]).load(), Generation)
