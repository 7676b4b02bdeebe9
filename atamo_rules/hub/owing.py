"""Answers that are still to be handed to the providers which brought their requests: kept in the store until they are
taken, cannot be, or are kept no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.receiving import NotYet, Undeliverable
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.ways import Way
    from atamo_rules.model.event import Event

OWED = "sources.owed"
"""The bucket of requests whose answers a provider is still to be handed, each with the provider's name and the id."""
FIRST, LONGEST = 1.0, 60.0
"""Seconds until a provider that did not take them is asked again, the first time and at most."""

Broken: TypeAlias = "Callable[[Way, BaseException], Awaitable[None]]"


class Owing:
    """What is owed to the providers of one hub. `broken` is told what they raise."""

    def __init__(self, hub: Hub, broken: Broken) -> None:
        self.hub, self.broken = hub, broken
        self.ways: dict[str, Way] = {}
        self.tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def begin(self, ways: Iterable[Way]) -> None:
        """Go on with what a process before still owed."""
        self.ways = {way.name: way for way in ways}
        await self.take_up(self.hub.left.gone)

    async def take_up(self, gone: frozenset[str]) -> None:
        """Go on with what hubs that are gone still owed; of two that do, one hands it over."""
        name = self.hub.left.hub
        for entry in await self.hub.store.entries(OWED):
            owed: Any = entry.value
            if not isinstance(owed, Mapping) or owed.get("source") not in self.ways:
                continue
            keeper = owed.get("hub", "")
            if keeper != name:
                put = Put(OWED, entry.key, {**owed, "hub": name}, expect=entry.revision)
                if keeper not in gone:
                    continue
                if await self.hub.surely(lambda put=put: self.hub.store.put(put)) is None:  # type: ignore[misc]
                    continue
            self._hand(self.ways[str(owed["source"])], entry.key, str(owed["id"]))

    async def owe(self, way: Way, event: Event) -> None:
        """A request was brought: its answers are handed back once it is over."""
        if (way.name, event.key) not in self.tasks:
            owed: dict[str, Json] = {"source": way.name, "id": event.id}
            name = self.hub.left.hub
            await self.hub.store.put(Put(OWED, event.key, {**owed, "hub": name} if name else owed))
            self._hand(way, event.key, event.id)

    async def settled(self, way: Way) -> None:
        """Wait until nothing is owed to a provider."""
        while tasks := [task for (name, _), task in self.tasks.items() if name == way.name]:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """Leave what is owed to the next process."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hand(self, way: Way, key: str, id: str) -> None:
        place = way.name, key
        if place not in self.tasks:
            task = asyncio.get_running_loop().create_task(self._handed(way, key, id))
            self.tasks[place] = task
            task.add_done_callback(lambda _: self.tasks.pop(place, None))

    async def _handed(self, way: Way, key: str, id: str) -> None:
        """Hand the answers of a request over once it is over, until they are taken or the time that they are kept is
        over too."""
        frames = tuple([frame async for frame in self.hub.requests.stream(key) if frame is not None])
        request = await self.hub.requests.find(key)
        until = 0.0 if request is None else (request.ended or request.opened) + request.clocks.retain
        if request is None or request.forgotten or self.hub.requests.now() >= until:
            await self._undelivered(way, key, id, "its answers are no longer kept")
            return
        answers = Answers(request, frames, await self.hub.store.event(key))
        pause = FIRST
        while True:
            try:
                await way.provider.respond(id, answers)
            except Undeliverable as error:
                await self._undelivered(way, key, id, str(error), alert=False)
                return
            except (Exception, SystemExit) as error:  # somebody's plug-in
                await self.broken(way, error)
                why, wait = str(error) or type(error).__name__, pause
                if isinstance(error, NotYet) and error.after is not None:
                    wait = max(pause, error.after)
            else:
                await self.hub.store.put(Put(OWED, key, None))
                await self.hub.note("reply.delivered", key, source=way.name, answers=len(answers.all))
                way.mended()
                return
            if self.hub.requests.now() + wait >= until:
                await self._undelivered(way, key, id, f"tried for as long as they are kept: {why}")
                return
            await asyncio.sleep(wait)
            pause = min(2 * pause, LONGEST)

    async def _undelivered(self, way: Way, key: str, id: str, why: str, *, alert: bool = True) -> None:
        await self.hub.store.put(Put(OWED, key, None))
        await self.hub.note("reply.undelivered", key, source=way.name, why=why)
        if alert:
            self.hub.alarm(
                Alert("source", f"the source `{way.name}` did not get the answers of `{id}`: {why}")
            )
