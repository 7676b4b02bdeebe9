"""A hub under virtual time whose rules count and wait, on a store in memory or in a file that outlives it."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.hub import Hub
from atamo_rules.model.people import User
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import Heard, state
from tests.simulation.time import Disk, VirtualClock, VirtualLoop

RULES = """
event login.failed
  ip: text
event order.placed
  order: text
event order.paid
  order: text
agent soc
  send alert
    text: text

rule brute_force
  on login.failed 5 times within 10 minutes by ip
  do
    send soc.alert
      text: "five by {{ ip }}"

rule unpaid
  on order.placed as o without order.paid within 30 minutes by order
  do
    send soc.alert
      text: "unpaid {{ o.order }}"
"""


class Scene:
    """A hub on a virtual clock, with its store in memory, or in a file that the next process takes over."""

    def __init__(self, place: Path | None = None) -> None:
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        self.place = place
        self.process = 0
        self.soc = ScriptedAgent()
        self.heard = Heard()
        self.alerts: list[Alert] = []
        self.hub: Hub

    def state(self, text: str) -> Generation:
        return state(text, {"soc": self.soc})

    async def start(self, text: str = RULES) -> Hub:
        store: Any
        if self.place is None:
            store = MemoryStore(clock=self.clock)
        else:
            store = SqliteStore(self.place / str(self.process) / "hub.db", self.clock, synchronous="off")
            store.file.group.thread = store.file.readers = Disk(self.loop, lambda: 0.01)
        self.hub = Hub(self.state(text), store, [self.heard], clock=self.clock, alarm=self.alerts.append)
        await self.hub.start()
        return self.hub

    async def kill(self) -> None:
        """Leave the file as it is at this moment to the next process."""
        assert self.place is not None
        here, self.process = self.place / str(self.process), self.process + 1
        ignored = shutil.ignore_patterns("*.lock", "*-shm")
        shutil.copytree(here, self.place / str(self.process), ignore=ignored)
        await self.end()

    async def end(self) -> None:
        await self.hub.drain(5, park=True)
        await self.hub.end()

    async def failed(self, id: str, ip: str = "1.2.3.4", of: str = "") -> None:
        await self.sent("login.failed", id, of, ip=ip)

    async def order(self, kind: str, id: str, of: str = "") -> None:
        await self.sent(f"order.{kind}", f"{kind}{id}{of}", of, order=id)

    async def sent(self, type: str, id: str, of: str = "", **data: Any) -> None:
        """An event of somebody of an organisation, or that nobody signed."""
        user = User(f"somebody at {of}", organisation=of) if of else None
        await self.hub.submit_json({"type": type, "id": id, "data": data}, user=user)

    @property
    def texts(self) -> list[str]:
        return [action.body["text"] for action in self.soc.asked]  # type: ignore[call-overload, index, misc]


Play = Callable[..., None]


@contextmanager
def playing(place: Path) -> Iterator[Play]:
    """What plays stories, each on a scene of its own."""
    scenes: list[Scene] = []

    def run(story: Callable[[Scene], Awaitable[None]], *, on_disk: bool = False) -> None:
        scene = Scene(place if on_disk else None)
        scenes.append(scene)
        scene.loop.run_until_complete(story(scene))

    try:
        yield run
    finally:
        for scene in scenes:
            scene.loop.kill()
