"""Our own providers, and the doubles that we give to others, pass the suites that we give to others."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.configuration.python import FunctionEvaluator
from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.events import drop
from atamo_rules.builtin.events.drop import DropFolder
from atamo_rules.builtin.events.stdin import StandardInput
from atamo_rules.hub.generation import Generation
from atamo_rules.model.event import Event
from atamo_rules.testing.contracts import (
    AuditorContract,
    ConfigurationProviderContract,
    EvaluatorContract,
    EventProviderContract,
    VaultContract,
)
from atamo_rules.testing.doubles import ListedEvents, ListedStates, ListedVault, RememberingAuditor
from atamo_rules.testing.laws_of_providing import event
from tests.places import write

RULES = """
event thing.seen
  n: whole

agent desk
  uses log
  send note
    n: whole

rule tell
  on thing.seen
  when n > 0
  do
    send desk.note
      n: n
"""


class TestDropFolder(EventProviderContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drop, "EVERY", 0.01)
        self.folder = tmp_path / "inbox"

    def provider(self) -> DropFolder:
        return DropFolder(self.folder)

    def bring(self, messages: list[bytes]) -> None:
        part = self.folder / ".part"
        part.write_bytes(b"\n".join(messages) + b"\n")
        part.rename(self.folder / "all.jsonl")


class TestStandardInput(EventProviderContract):
    @pytest.fixture(autouse=True)
    def _pipe(self) -> Iterator[None]:
        self.reads, self.writes = os.pipe()
        yield
        os.close(self.writes)

    def provider(self) -> StandardInput:
        return StandardInput(lambda line, reasons: None, self.reads)

    def bring(self, messages: list[bytes]) -> None:
        os.write(self.writes, b"\n".join(messages) + b"\n")


class TestListedEvents(EventProviderContract):
    def provider(self) -> ListedEvents:
        self.made = ListedEvents()
        return self.made

    def bring(self, messages: list[bytes]) -> None:
        for message in messages:
            self.made.bring(message)


class TestFolderProvider(ConfigurationProviderContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.folder = write(tmp_path, {"a.atamo": RULES})

    def provider(self) -> FolderProvider:
        return FolderProvider(self.folder)

    def event(self) -> Event:
        return event(n=1)

    def change(self) -> None:
        write(self.folder, {"a.atamo": RULES.replace("n > 0", "n > 5")})

    def spoil(self) -> None:
        write(self.folder, {"a.atamo": RULES.replace("n > 0", "m > 5")})


class TestTextProvider(ConfigurationProviderContract):
    def provider(self) -> TextProvider:
        return TextProvider(RULES)

    def event(self) -> Event:
        return event(n=1)


class TestListedStates(ConfigurationProviderContract):
    def provider(self) -> ListedStates:
        self.loop = asyncio.get_running_loop()
        self.made = ListedStates(self.state())
        return self.made

    def state(self, bound: int = 0) -> Generation:
        made = TextProvider(RULES.replace("n > 0", f"n > {bound}")).load()
        assert isinstance(made, Generation)
        return made

    def event(self) -> Event:
        return event(n=1)

    def change(self) -> None:
        self.loop.call_soon_threadsafe(self.made.put, self.state(5))

    def spoil(self) -> None:
        wrong = TextProvider(RULES.replace("n > 0", "m > 5")).load()
        self.loop.call_soon_threadsafe(self.made.put, wrong)


class TestListedVault(VaultContract):
    def vault(self, holds: Mapping[tuple[str, str, str], str]) -> ListedVault:
        return ListedVault(holds)


class TestRememberingAuditor(AuditorContract):
    def auditor(self) -> RememberingAuditor:
        self.made = RememberingAuditor()
        return self.made

    def heard(self) -> list[dict[str, Any]]:
        return [{"position": one.position, "kind": one.kind, "event": one.event} for one in self.made.records]


def test_what_the_suites_hand_on_is_json() -> None:
    from atamo_rules.testing.laws_of_providing import MESSAGES

    assert [json.loads(one)["data"]["n"] for one in MESSAGES] == [1, 2, 3]


def _routed(event: Any) -> Any:
    if event["type"] == "thing.seen":
        return [{"send": "desk.note", "with": {"n": event["data"]["n"]}}]
    return None


async def _routed_later(event: Any) -> Any:
    return _routed(event)


class TestFunctionEvaluator(EvaluatorContract):
    function: Any = staticmethod(_routed)

    def provider(self) -> FunctionEvaluator:
        return FunctionEvaluator(self.function, name="routed")

    def event(self) -> Event:
        return event(n=1)

    def rules(self) -> str:
        return RULES


class TestFunctionEvaluatorOfACoroutine(TestFunctionEvaluator):
    function: Any = staticmethod(_routed_later)
