"""Our own stores, auditors and agents pass the suites that we give to others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.agents.file import FileAgent
from atamo_rules.builtin.agents.http import HttpAgent
from atamo_rules.builtin.agents.log import LogAgent
from atamo_rules.builtin.auditors.jsonl import JsonLinesAuditor
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.contracts import AgentContract, AuditorContract, StoreContract, action


class TestMemoryStore(StoreContract):
    def store(self) -> MemoryStore:
        return MemoryStore()


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


class TestScriptedAgent(AgentContract):
    def agent(self) -> ScriptedAgent:
        return ScriptedAgent()


def test_the_memory_store_forgets_the_oldest_first() -> None:
    import asyncio

    from atamo_rules.testing.contracts import event

    async def story() -> None:
        store = MemoryStore(most=3)
        for number in range(5):
            await store.accept(event(f"e{number}"), decided=True, reasons=())
        told = [await store.told(f"e{number}") is not None for number in range(5)]
        assert told == [False, False, True, True, True]
        await store.settle("e0", action(), "done", "", None)

    asyncio.run(story())
