"""Our own stores, auditors and agents pass the suites that we give to others."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.agents.chat import ChatAgent
from atamo_rules.builtin.agents.file import FileAgent
from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.llm import LlmAgent
from atamo_rules.builtin.agents.log import LogAgent
from atamo_rules.builtin.agents.mail import MailAgent
from atamo_rules.builtin.agents.sql import SqlAgent
from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.errors import Busy
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.clock import ManualClock
from atamo_rules.testing.contracts import AgentContract, AuditorContract, StoreContract
from atamo_rules.testing.store_stage import Stage, action


class TestMemoryStore(StoreContract):
    def store(self, clock: ManualClock) -> MemoryStore:
        return MemoryStore(clock=clock)


class TestSqliteStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "deep" / "hub.db"

    def store(self, clock: ManualClock) -> SqliteStore:
        return SqliteStore(self.path, clock)


class TestJsonLinesAuditor(AuditorContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "deep" / "audit.jsonl"

    def auditor(self) -> JsonLinesAuditor:
        return JsonLinesAuditor(self.path)

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


class TestLogAgent(AgentContract):
    def agent(self) -> LogAgent:
        return LogAgent("desk", {}, ".")


class TestFileAgent(AgentContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.folder = str(tmp_path)

    def agent(self) -> FileAgent:
        return FileAgent("desk", {"path": "out/a.log"}, self.folder)


class TestHttpAgent(AgentContract):
    def agent(self) -> HttpAgent:
        return HttpAgent("desk", {"url": "http://127.0.0.1:1/x", "private": True, "timeout": 2}, ".")


class TestChatAgent(AgentContract):
    def agent(self) -> ChatAgent:
        return ChatAgent("room", {"service": "slack", "url": "http://127.0.0.1:1", "private": True}, ".")

    def action(self) -> Action:
        return Action("a1", "send", "room", "say", {"text": "Hello"}, "r", "r.atamo:1:1", 0)


class TestLlmAgent(AgentContract):
    def agent(self) -> LlmAgent:
        made = {
            "api": "openai",
            "url": "http://127.0.0.1:1/v1",
            "model": "m",
            "prompt": "Say it.",
            "private": True,
        }
        return LlmAgent("model", made, ".")


class TestSqlAgent(AgentContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.folder = str(tmp_path)

    def agent(self) -> SqlAgent:
        made = {
            "database": "sqlite:///a.db",
            "actions": {action().action: {"statement": "select :line as line"}},
        }
        return SqlAgent("desk", made, self.folder)


class TestMailAgent(AgentContract):
    def agent(self) -> MailAgent:
        return MailAgent(
            "desk", {"host": "127.0.0.1", "port": 1, "from": "a@b.example", "private": True}, "."
        )

    def action(self) -> Action:
        body = {"to": "ann@b.example", "subject": "Hello", "text": "Hello"}
        return Action("a1", "send", "desk", "mail", body, "r", "r.atamo:1:1", 0)


class TestScriptedAgent(AgentContract):
    def agent(self) -> ScriptedAgent:
        return ScriptedAgent()


def test_the_memory_store_forgets_the_oldest_that_is_over() -> None:
    async def story() -> None:
        stage = Stage(lambda clock: MemoryStore(most=3, clock=clock))
        await stage.accept("open", stage.work("a", "/test#open"))
        for number in range(5):
            await stage.accept(f"e{number}")
        told = [await stage.told(f"e{number}") is not None for number in range(5)]
        assert told == [False, False, False, True, True]
        assert await stage.told("open") is not None

    asyncio.run(story())


def test_the_memory_store_is_full_when_so_much_is_open() -> None:
    async def story() -> None:
        stage = Stage(lambda clock: MemoryStore(most_open=2, clock=clock))
        await stage.accept("e1", stage.work("a1"), stage.work("a2"))
        with pytest.raises(Busy):
            await stage.accept("e2")
        (lease, _) = await stage.claim()
        await stage.store.settle(lease, Done(1))
        assert (await stage.accept("e2")).known == "new"

    asyncio.run(story())
