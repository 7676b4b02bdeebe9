"""Python files in a project's `providers` folder decide beside its rules, in sandboxes, and change while they run."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider, Refused
from atamo_rules.builtin.configuration.python_files import PythonFile
from atamo_rules.builtin.configuration.watching import Change
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.proposals.code import let_go
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard
from tests.places import write
from tests.sandbox.walls import children, needs_walls, no_process_left

RULES = """
event order.placed
  who: text
  total: money

agent desk
  send note
    text: text
    urgent: boolean = false

rule all
  on order.placed
  when total > 0
  do
    send desk.note
      text: "by rule"
"""
VIP = """
from decimal import Decimal

def evaluate(event):
    who, total = event["data"]["who"], event["data"]["total"]
    if who == "slow":
        while True: pass
    if who == "odd":
        return [{"send": "desk.note", "with": {"text": 5}}, {"send": "desk.nothing"}, {"send": "desk.note", "with":
                 {"text": "but this"}}]
    if total > Decimal("100"):
        return [{"send": "desk.note", "with": {"text": f"{who} VERSION", "urgent": True}, "why": "a large order"}]
    return int(who)
"""
ALWAYS = 'def evaluate(event):\n    return [{"send": "desk.note", "with": {"text": "always"}}]\n'


class Stage:
    """A hub of a folder with a file in `providers`, what was done, told and alerted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk, self.heard = ScriptedAgent(), Heard()
        self.alerts: list[Alert] = []
        self.rules = FolderProvider(folder)
        self.controller = Controller(
            self.rules, MemoryStore(), [self.heard], alarm=self.alerts.append, agents={"desk": self.desk}
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Stage]:
        async with self.controller:
            yield self

    async def send(self, id: str, who: str, total: int = 200) -> list[tuple[Any, str]]:
        """What is done about an order: texts, and who wanted them."""
        before = len(self.desk.asked)
        body = {"type": "order.placed", "id": id, "data": {"who": who, "total": total}}
        await self.controller.hub.submit_json(body)
        await self.controller.hub.wait(id, 30)
        done: list[Any] = self.desk.asked[before:]
        return sorted((one.body["text"], one.provider.partition(" ")[0]) for one in done)

    async def until(self, fits: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not fits():
            assert time.monotonic() < end, self.heard.what("rules.rejected") or "nothing was heard of it"
            await asyncio.sleep(0.01)


def project(folder: Path, **files: str) -> Path:
    write(folder, {"a.atamo": RULES})
    return write(folder, {f"providers/{name}.py": text for name, text in files.items()})


@needs_walls
def test_files_decide_beside_the_rules_and_one_that_fails_harms_nobody(tmp_path: Path) -> None:
    folder = project(tmp_path, vip_orders=VIP, always=ALWAYS)

    async def story() -> Stage:
        stage = Stage(folder)
        async with stage.running():
            everybody = [("always", "always"), ("by rule", "rules")]
            assert await stage.send("2", "ann") == sorted([("ann VERSION", "vip-orders"), *everybody])
            assert await stage.send("3", "secret name", total=1) == everybody
            assert await stage.send("4", "odd") == sorted([("but this", "vip-orders"), *everybody])
            assert await stage.send("5", "slow") == everybody
            assert await stage.send("6", "bob") == sorted([("bob VERSION", "vip-orders"), *everybody])
        return stage

    with no_process_left():
        stage = asyncio.run(story())
    told_of = [(one["why"], one["problems"]) for one in stage.heard.what("provider.failed")]
    raised, odd, slow = told_of
    assert raised[0] == "CodeFailed: providers/vip_orders.py:12: ValueError"  # and not what it was about
    assert "secret name" not in repr(stage.heard.records)
    assert "message 1 was not taken" in odd[1][0]
    assert "no agent does `desk.nothing`" in odd[1][1]
    assert slow[0] == "CodeFailed: providers/vip_orders.py:6: it did not end within 1 s, and was killed"
    activated = [(one["provider"], one["version"]) for one in stage.heard.what("provider.activated")]
    assert [name for name, _ in activated] == ["always", "vip-orders"]
    assert [alert.message for alert in stage.alerts if "vip-orders" in alert.message]
    version = stage.rules.last.evaluators[1].version if stage.rules.last else ""
    assert f"vip-orders {version}" in {one["provider"] for one in stage.heard.what("action.done")}


@needs_walls
def test_an_edit_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = project(tmp_path, vip_orders=VIP)
    file = folder / "providers/vip_orders.py"

    others = children()  # of earlier tests, which may go on for as long as these tests do

    async def story() -> None:
        stage = Stage(folder)
        async with stage.running():
            first = children() - others
            assert first
            await stage.send("1", "ann")
            file.write_text(VIP.replace("VERSION", "again"))
            await stage.until(lambda: len(stage.heard.what("rules.activated")) > 0)
            assert ("ann again", "vip-orders") in await stage.send("2", "ann")
            await stage.until(lambda: not first & children())  # the old one has ended
            second = children() - others
            assert second
            file.write_text("import nothing_like_it\n")
            await stage.until(lambda: stage.heard.what("rules.rejected"))
            (rejected,) = stage.heard.what("rules.rejected")
            assert "vip_orders.py:1:1: E0809 ModuleNotFoundError" in rejected["reasons"][0]
            assert ("ann again", "vip-orders") in await stage.send("3", "ann")
            assert children() - others == second
            (folder / "providers/always.py").write_text(ALWAYS)
            file.unlink()
            await stage.until(lambda: len(stage.heard.what("rules.activated")) > 1)
            names = [one["provider"] for one in stage.heard.what("provider.activated")]
            assert names == ["vip-orders", "vip-orders", "always"]
            assert await stage.send("4", "ann") == [("always", "always"), ("by rule", "rules")]
            await stage.until(lambda: not second & children())

    with no_process_left():
        asyncio.run(story())


@needs_walls
def test_what_did_not_change_goes_on_in_its_process(tmp_path: Path) -> None:
    folder = project(
        tmp_path, counts="n = 0\ndef evaluate(event):\n    global n\n    n += 1\n    return []\n"
    )
    provider = FolderProvider(folder)
    first = provider.load()
    assert isinstance(first, Generation)
    provider.news(first)
    assert provider.load() is first
    (folder / "a.atamo").write_text(RULES.replace("total > 0", "total > 1"))
    (folder / "providers/more.py").write_text(ALWAYS)
    second = provider.load()
    assert isinstance(second, Generation)
    assert second.evaluators[0] is first.evaluators[0]
    assert [one.name for one in second.evaluators] == ["counts", "more"]
    provider.news(second)
    before = children()
    (folder / "providers/another.py").write_text(ALWAYS)
    (folder / "providers/zzz.py").write_text("1 / 0")
    third = provider.load()
    assert isinstance(third, Refused)
    assert [said(one) for one in third.diagnostics] == ["zzz.py:1:1: ZeroDivisionError: division by zero"]
    assert children() == before, "what was new with it is not left running"
    for name in ("another", "zzz"):
        (folder / f"providers/{name}.py").unlink()
    tried = provider.tried({"submitted/hub/x.py": ALWAYS})
    assert isinstance(tried, Generation)
    assert len(children()) == len(before) + 1
    asyncio.run(let_go(tried))
    assert children() == before, "and what was only tried ends alone"
    for one in second.evaluators:
        assert isinstance(one, PythonFile)
        one.code.stop()


@needs_walls
def test_what_is_overtaken_before_anybody_had_it_is_not_left_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(tmp_path, vip_orders=VIP)
    file = folder / "providers/vip_orders.py"
    overtaken: list[set[int]] = []
    begun: set[int] = set()

    async def quiet(self: Change, seconds: float) -> bool:
        """Two edits so close together that the first state is overtaken once it is made, which no test can time."""
        if begun and children() - others - begun and not overtaken:
            overtaken.append(children())
            file.write_text(VIP.replace("VERSION", "second"))
            return False
        return True

    monkeypatch.setattr(Change, "quiet", quiet)
    others = children()

    async def story() -> None:
        stage = Stage(folder)
        async with stage.running():
            await stage.send("1", "ann")
            begun.update(children() - others)
            file.write_text(VIP.replace("VERSION", "first"))
            await stage.until(lambda: stage.heard.what("rules.activated"))
            assert ("ann second", "vip-orders") in await stage.send("2", "ann")
            (then,) = overtaken
            assert then - others - begun, "the state that is overtaken has started one"
            await stage.until(lambda: len(children() - others) == 1 and not then & (children() - others))

    with no_process_left():
        asyncio.run(story())


def said(one: Diagnostic) -> str:
    return f"{str(one.span).rpartition('/')[2]}: {one.message}"


def test_where_no_wall_can_stand_nothing_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path, always=ALWAYS)
    monkeypatch.setattr(sys, "platform", "darwin")
    state = FolderProvider(folder).load()
    assert isinstance(state, Refused)
    (one,) = state.diagnostics
    assert one.code.id == "E0809"
    assert "only Linux has" in one.message
