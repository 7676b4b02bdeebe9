"""The ways events come in: the providers of a hub side by side, each under its name, counted, contained, restarted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.intake import Taken
from atamo_rules.hub.owing import Owing
from atamo_rules.model.types import Json
from atamo_rules.model.via import Via
from atamo_rules.model.work import Put

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

State: TypeAlias = Literal["open", "broken", "ended"]
PLACES = "sources"
"""The bucket of how far providers have come."""
FIRST, LONGEST = 1.0, 60.0
"""Seconds until a provider that broke is started again, the first time and at most."""


@dataclass(slots=True, eq=False)
class Way:
    """One provider at work. `user` is in whose name its messages come, where they do not say."""

    name: str
    provider: Any
    user: str = ""
    state: State = "open"
    taken: int = 0
    known: int = 0
    refused: int = 0
    why: str = ""

    @property
    def path(self) -> str:
        """Where others post to it; empty for a provider that fetches."""
        return str(getattr(self.provider, "path", "")) if hasattr(self.provider, "receive") else ""

    def count(self, taken: Taken, known: bool) -> None:
        """One more message."""
        if taken.event is None:
            self.refused += 1
        elif known:
            self.known += 1
        else:
            self.taken += 1

    def mended(self) -> None:
        """It does its work again."""
        if self.state == "broken":
            self.state, self.why = "open", ""

    def document(self) -> dict[str, Json]:
        """How it stands."""
        made: dict[str, Json] = {
            "name": self.name,
            "provider": type(self.provider).__qualname__,
            "state": self.state,
            "taken": self.taken,
            "duplicates": self.known,
            "refused": self.refused,
        }
        more = {"path": self.path, "user": self.user, "why": self.why}
        return {**made, **{name: text for name, text in more.items() if text}}


def named(events: Iterable[Any]) -> tuple[Way, ...]:
    """Ways of providers that were given no names: each has its class's, and a number where two have the same."""
    made: list[Way] = []
    for provider in events:
        name = type(provider).__name__
        same = sum(way.name.partition("-")[0] == name for way in made)
        made.append(Way(f"{name}-{same + 1}" if same else name, provider))
    return tuple(made)


class Memory:
    """How far one provider has come, kept in the hub's store."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name = hub, name

    async def get(self) -> Json:
        """What was put last, by this process or one before; None when nothing was."""
        entry = await self.hub.store.get(PLACES, self.name)
        return entry.value if entry is not None else None

    async def put(self, value: Json) -> None:
        """Keep a place."""
        await self.hub.store.put(Put(PLACES, self.name, value))


class Ways:
    """All providers of one hub, from its start to its end."""

    def __init__(self, hub: Hub, ways: Sequence[Way]) -> None:
        self.hub = hub
        self.ways = tuple(ways)
        self.tasks: set[asyncio.Task[None]] = set()
        self.owing = Owing(hub, self._broken)

    async def start(self) -> None:
        """Have every provider bring its events, and hand answers over that a process before still owed."""
        for way in self.ways:
            remember = getattr(way.provider, "remember", None)
            if remember is not None:
                remember(Memory(self.hub, way.name))
            if hasattr(way.provider, "run") or way.path:
                await self.hub.note(
                    "source.opened", source=way.name, provider=type(way.provider).__qualname__
                )
            if hasattr(way.provider, "run"):
                self._spawn(self._run(way))
        await self.owing.begin(way for way in self.ways if hasattr(way.provider, "respond"))

    async def stop(self) -> None:
        """Have them bring no more; messages that the hub has are kept."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.owing.stop()

    def receiver(self, path: str) -> Way | None:
        """Whoever is posted to at a path."""
        return next((way for way in self.ways if way.path == path), None)

    def document(self) -> list[Json]:
        """How each of them stands."""
        return [way.document() for way in self.ways]

    async def submit(self, way: Way, raw: bytes) -> tuple[Taken, bool]:
        """Have the hub take a message that a provider brought, once there is room for it."""
        await self.hub.room()
        return await self._handed(way, partial(self.hub.submit, raw), getattr(way.provider, "client", ""))

    async def post(self, way: Way, message: Json, client: str) -> tuple[Taken, bool]:
        """Have the hub take a message that somebody posted to a provider."""
        return await self._handed(way, partial(self.hub.submit_json, message), client)

    async def _handed(self, way: Way, submit: Callable[..., Any], client: str) -> tuple[Taken, bool]:
        more: dict[str, Any] = {"via": Via(way.name, client)}
        if way.user:
            # Whoever set the source up said in whose name it speaks, so nobody is asked; the message is that
            # organisation's own all the same.
            user = self.hub.current.intake.people.user(way.user)
            more |= {"user": user, "admit": lambda *_: ""}
        taken, known = await submit(**more)
        way.count(taken, known)
        event = taken.event
        if event is not None and taken.decided and hasattr(way.provider, "respond"):
            kind = self.hub.current.ruleset.events.get(event.type)
            if kind is not None and kind.request:
                await self.owing.owe(way, event)
        return taken, known

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _run(self, way: Way) -> None:
        """Run a provider until it ends by itself. One that raises is said, and started again after a while."""
        pause = FIRST
        while True:
            before = way.taken
            way.mended()
            try:
                await way.provider.run(partial(self.submit, way))
                way.state = "ended"
                return
            except (Exception, SystemExit, asyncio.CancelledError) as error:  # somebody's plug-in
                task = asyncio.current_task()
                if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                    raise  # this is stopped; one that is cancelled in its own depths broke off
                pause = FIRST if way.taken > before else pause
                await self._broken(way, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST)

    async def _broken(self, way: Way, error: BaseException) -> None:
        ours = type(error).__module__.startswith("atamo_rules.")  # which says a whole sentence
        named = type(error).__name__
        why = (str(error) if ours else f"{named}: {error}") if str(error) else named
        if (way.state, way.why) != ("broken", why):
            self.hub.alarm(Alert("source", f"the source `{way.name}` broke off: {why}"))
            await self.hub.note("source.broken", source=way.name, why=why)
        way.state, way.why = "broken", why
