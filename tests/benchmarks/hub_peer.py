"""Atamo as a peer of an engine-neutral benchmark of queues: one rule, an agent that does nothing, a whole audit.

The protocol: `open_hub(store, on_event)` gives something with `accept(bytes, id)`, which comes back when the message is
kept; `start()`, from when on work is done; `close()`. `on_event(n)` is called for the work of message n.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from atamo_rules.builtin.configuration.text import TextProvider
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.cli.serve import settle_memory
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Outcome
from atamo_rules.model.work import Hold

RULES = """
event order.created.v1
  order_id: whole
  customer: text
  total: number

agent worker
  uses log
  send work
    n: whole

rule every_order
  on order.created.v1
  do
    send worker.work
      n: order_id
"""
OPEN = 1 << 30
"""So many open actions are let in: the whole backlog of a benchmark."""
WORKER = Hold("agent", "worker")


class Worker:
    """Says which message it was called for, and does nothing else."""

    settings_schema: ClassVar[Mapping[str, Any]] = {"type": "object"}
    timeout = 5.0
    concurrency = 64

    def __init__(self, on_event: Callable[[int], None]) -> None:
        self.on_event = on_event

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        body: Any = action.body
        self.on_event(body["n"])
        return Done({})

    async def close(self) -> None:
        return None


class Peer:
    """A hub whose worker stands still until `start`."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    async def accept(self, raw: bytes, id: str) -> None:
        await self.controller.hub.submit(raw, key=id)

    async def start(self) -> None:
        await self.controller.hub.resume(WORKER)

    async def close(self) -> None:
        await self.controller.stop(5.0)


async def open_hub(store: str, on_event: Callable[[int], None]) -> Peer:
    """A hub on a store: `memory` or `sqlite`. Raises NotImplementedError for another."""
    if store not in ("memory", "sqlite"):
        raise NotImplementedError(f"no store `{store}` in this release")
    place = Path(tempfile.mkdtemp()) / "hub.db"
    kept = MemoryStore(most_open=OPEN) if store == "memory" else SqliteStore(place, most_open=OPEN)
    controller = Controller(TextProvider(RULES), kept, agents={"worker": Worker(on_event)})
    await controller.start()
    settle_memory()
    await controller.hub.pause(WORKER)
    return Peer(controller)
