"""A hub on some rule text with scripted agents, and all that its auditor was told."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.agents.binding import Bound
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.generation import Generation, generation
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Agent
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.people import Directory
from atamo_rules.model.rule import AgentUse
from atamo_rules.source.span import Source


class Heard:
    """An auditor that remembers."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def tell(self, record: AuditRecord) -> None:
        self.records.append(record)

    def close(self) -> None:
        return None

    def kinds(self, event: str = "") -> list[str]:
        return [r.kind for r in self.records if not event or r.event == event]

    def what(self, kind: str) -> list[Mapping[str, Any]]:
        return [r.what for r in self.records if r.kind == kind]


def state(text: str, agents: Mapping[str, Agent], people: Directory | None = None) -> Generation:
    """A generation of some rules whose agents are scripted."""
    made = compile_sources([Source("a.atamo", dedent(text))], lambda *_: "")
    assert made.ruleset is not None, [d.message for d in made.diagnostics]
    bound: dict[str, Any] = {name: Bound(AgentUse(name), agent) for name, agent in agents.items()}
    return generation(made.ruleset, people or Directory(), bound)


def stage(text: str, agents: Mapping[str, Agent] | None = None, **more: Any) -> tuple[Hub, Heard]:
    """A hub with retries that do not wait."""
    heard = Heard()
    hub = Hub(state(text, agents or {}, **more), MemoryStore(), [heard])
    hub.policy = RetryPolicy(attempts=3, base=0.0)
    return hub, heard


async def submit(hub: Hub, type: str, id: str = "e1", **data: Any) -> None:
    """One event, and everything that follows from it."""
    await hub.submit_json({"type": type, "id": id, "data": data})
    await hub.wait(id, 60)
