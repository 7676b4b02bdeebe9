"""`atamo doctor`: what it finds wrong, what it asks agents, and that it changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.hub import checks
from atamo_rules.hub.agents import health
from atamo_rules.hub.agents.binding import Bound
from atamo_rules.model.rule import AgentUse
from atamo_rules.testing.agents import ScriptedAgent
from tests.cli.test_plugins import atamo, package
from tests.places import ORDERS, write

AGENT = """
class Pager:
    settings_schema = {"type": "object"}
    timeout = 5.0
    concurrency = 1
    def __init__(self, name, settings, folder): self.said = settings.get("said", "")
    async def perform(self, action, reply): ...
    async def close(self): ...
    async def health(self): return self.said
"""


def doctor(here: Path, *arguments: str) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    done = atamo("doctor", "rules", "--format", "json", *arguments, here=here)
    told = json.loads(done.stdout)
    assert told["ok"] is (done.returncode == 0)
    return done.returncode, {(one["what"], one["name"]): one for one in told["checks"]}


def test_a_project_that_is_well(tmp_path: Path) -> None:
    write(tmp_path / "rules", {"a.atamo": ORDERS})
    before = sorted(tmp_path.rglob("*"))
    code, found = doctor(tmp_path, "--agents")
    assert code == 0, found
    assert found[("project", "rules")]["said"] == "1 rule"
    assert found[("store", "sqlite")]["state"] == "ok"
    assert found[("agent", "desk")]["said"] == "is well"
    assert sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts) == before


def test_an_agent_says_how_it_is(tmp_path: Path) -> None:
    package(tmp_path, "acme-pager", "atamo.agents", "pager", AGENT)
    use = 'uses pager\n    said: "the line is dead"'
    write(tmp_path / "rules", {"a.atamo": ORDERS.replace('uses file\n    path: "out/desk.log"', use)})
    assert doctor(tmp_path)[0] == 0
    code, found = doctor(tmp_path, "--agents")
    assert (code, found[("agent", "desk")]["said"]) == (1, "the line is dead")
    text = atamo("doctor", "rules", "--agents", here=tmp_path)
    assert "WRONG    agent desk: the line is dead\n" in text.stdout


def test_an_agent_that_needs_a_credential_and_no_vault(tmp_path: Path) -> None:
    use = 'uses http\n    url: "https://desk.example"\n    auth: user'
    write(tmp_path / "rules", {"a.atamo": ORDERS.replace('uses file\n    path: "out/desk.log"', use)})
    code, found = doctor(tmp_path)
    assert (code, found[("agent", "desk")]["state"]) == (0, "warning")
    assert "there is no vault" in found[("agent", "desk")]["said"]
    (tmp_path / "atamo.toml").write_text('[run]\nvault = "environment"\n')
    assert ("agent", "desk") not in doctor(tmp_path)[1]


def test_what_is_wrong_is_said_with_its_remedy(tmp_path: Path) -> None:
    package(tmp_path, "acme-pager", "atamo.agents", "pager", "1 / 0")
    write(
        tmp_path / "rules", {"a.atamo": ORDERS.replace("total >", "totl >"), ".atamo/hub.db": "no database"}
    )
    (tmp_path / "rules/a.atamo").chmod(0o666)
    ahead = time.time() + 86_400
    os.utime(tmp_path / "rules/.atamo/hub.db", (ahead, ahead))
    code, found = doctor(tmp_path)
    assert code == 1
    wrong = {key for key, one in found.items() if one["state"] == "wrong"}
    assert wrong == {
        ("agent plug-in", "pager"),
        ("project", "rules"),
        ("files", "rules"),
        ("store", "file"),
        ("clock", "wall clock"),
    }
    assert all(found[key]["help"] for key in wrong)


def test_usage(tmp_path: Path) -> None:
    assert atamo("doctor", "nowhere", here=tmp_path).returncode == 2
    (tmp_path / "empty").mkdir()
    assert atamo("doctor", "empty", here=tmp_path).returncode == 2


def test_agents_are_asked_side_by_side_and_none_for_ever() -> None:
    together = threading.Barrier(health.AT_ONCE, timeout=30)

    class Asked(ScriptedAgent):
        async def health(self) -> str:
            await asyncio.to_thread(together.wait)
            return ""

    class Hangs(ScriptedAgent):
        async def health(self) -> str:
            await asyncio.Event().wait()
            return ""

    class Leaves(ScriptedAgent):
        async def health(self) -> str:
            raise SystemExit(3)

    agents = {f"a{n}": Bound(AgentUse(f"a{n}"), Asked()) for n in range(2 * health.AT_ONCE)}
    found = {one.name: one for one in asyncio.run(health.agents(agents, 60))}
    assert {one.state for one in found.values()} == {"ok"}, (
        "so many at once, or the barrier would have broken"
    )
    assert all(bound.agent.closed for bound in agents.values())
    agents = {}
    agents["hangs"] = Bound(AgentUse("hangs"), Hangs())
    agents["leaves"] = Bound(AgentUse("leaves"), Leaves())
    found = {one.name: one for one in asyncio.run(health.agents(agents, 0.05))}
    assert (found["hangs"].state, found["hangs"].said) == ("wrong", "no answer within 0.05 seconds")
    assert (found["leaves"].state, found["leaves"].said) == ("wrong", "SystemExit: 3")
    assert all(bound.agent.closed for bound in agents.values())


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_who_can_read_what_the_hub_keeps(tmp_path: Path, mode: int) -> None:
    (tmp_path / ".atamo").mkdir()
    (tmp_path / ".atamo").chmod(mode)
    (found,) = [one for one in checks.files(tmp_path) if one.name == "kept"]
    assert found.state == ("ok" if mode == 0o700 else "warning")


def test_an_agent_that_blocks_or_talks_nonsense_is_named_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "GRACE", 0.1)
    over = threading.Event()

    class Blocks(ScriptedAgent):
        async def health(self) -> str:
            over.wait(60)
            return ""

    class Talks(ScriptedAgent):
        async def health(self) -> str:
            return "one\n" * 1000

    class Plain(ScriptedAgent):
        def health(self) -> int:
            return 42

    class Clings(ScriptedAgent):
        async def health(self) -> str:
            return ""

        async def close(self) -> None:
            raise RuntimeError("no")

    kinds: dict[str, Any] = {"blocks": Blocks, "talks": Talks, "plain": Plain, "clings": Clings}
    bound = {name: Bound(AgentUse(name), kind()) for name, kind in kinds.items()}
    try:
        found = [(one.name, one.state, one.said[:60]) for one in asyncio.run(health.agents(bound, 3))]
    finally:
        over.set()
    assert found == [
        ("blocks", "wrong", "no answer within 3 seconds, and it cannot be stopped"),
        ("clings", "ok", "is well"),
        ("clings", "warning", "did not close: RuntimeError: no"),
        ("plain", "wrong", "42"),
        ("talks", "wrong", ("one " * 15)),
    ]
