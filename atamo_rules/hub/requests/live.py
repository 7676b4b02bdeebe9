"""The requests that are open in this hub: their state in memory, their frames in the store, their clocks in the loop.

The store's log of frames is the truth. A rule's replies are kept in the transaction they belong to; what this module
adds (errors, ends) follows from frames and actions that are kept already, so that a restart comes to the same.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import structs

from atamo_rules.hub.requests import reading
from atamo_rules.hub.requests.afar import Afar
from atamo_rules.hub.requests.forgetting import Forgetting
from atamo_rules.hub.requests.happenings import (
    Append,
    Cancelled,
    Effect,
    Forget,
    Happened,
    Routed,
    Stop,
    Tick,
    Turned,
)
from atamo_rules.hub.requests.opening import (
    BUCKET,
    begun,
    fingerprint,
    not_ahead,
    parts_of,
    read_record,
    resumed,
)
from atamo_rules.hub.requests.repeating import Repeatable, repeated, same
from atamo_rules.hub.requests.request import OVER, Options, Request, Terms, terms
from atamo_rules.hub.requests.step import step
from atamo_rules.hub.requests.timers import Timers
from atamo_rules.hub.sharing.compacted import Compacted
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.frame import Frame
from atamo_rules.model.types import Json
from atamo_rules.model.work import Decided, Selector

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub

WINDOW = 1024
"""Updates of a feed that a reader may be behind; further back only the last of every key is kept."""
TRIM = 256
"""Updates that are let go of at once."""

TOLD: dict[str, Kind] = {
    "partial": "request.partial", "complete": "request.completed", "degraded": "request.degraded",
    "failed": "request.failed", "expired": "request.expired", "cancelled": "request.cancelled",
}  # fmt: skip


class Requests:
    """The requests of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.afar = Afar(hub)
        self.open: dict[str, Request] = {}
        self.enough: dict[str, asyncio.Event] = {}
        """Set for an agent's feed that nobody needs any more, by its action."""
        self.repeatable = Repeatable()
        self.forgetting = Forgetting(self)
        self.updates: dict[str, Compacted[int]] = {}
        """Which frames of a feed are still needed, by its log: the newest, and the last of every key."""
        self.asking: Counter[str] = Counter()
        """How many of this program wait for a request: several may, who gave it one id."""
        self.ending: set[str] = set()
        """Requests that are over, while their last frame is being written."""
        self._closing: dict[str, asyncio.Event] = {}
        """Set once it is kept how a request ended, while it is not; by its id."""
        self._began = hub.clock.now().timestamp() - hub.clock.passed()
        self._timers = Timers(self.now, self._strike)

    def now(self) -> float:
        """Seconds since 1970 by the wall clock of the beginning: they never go back, however it is set meanwhile."""
        return self._began + self.hub.clock.passed()

    # --- begin ------------------------------------------------------------------------------------------

    async def take(
        self, event: Event, generation: Generation, now: datetime, options: Options
    ) -> tuple[Request, Decided]:
        """Take a request: decided, or given the answers of another that asked the same."""
        how = terms(options, generation.ruleset.events[event.type].completing)
        known = same(self, event, generation, how)
        if known is not None:
            return await repeated(self, event, known, generation.digest)
        return self.opening(event, await self.hub.panel.decide(event, generation, now), generation, how)

    def opening(
        self, event: Event, decided: Decided, generation: Generation, how: Terms
    ) -> tuple[Request, Decided]:
        """A request at its beginning, and its decision with what the same transaction keeps of it."""
        parts = parts_of(decided.decision, generation.ruleset)
        request = Request(event.key, event.type, self.now(), how.mode, how.policy, how.clocks)
        request = replace(request, heard=request.opened, print=fingerprint(event, generation.digest, how))
        what: dict[str, Json] = {
            "type": event.type, "mode": request.mode, "policy": str(request.policy),
            "expected": [part.name for part in parts],
        }  # fmt: skip
        note = Note(self.hub.clock.now(), "request.opened", event.key, event.who, what, f"event {event.key}")
        put = self.afar.put(replace(request, parts=parts))
        following = decided.following
        following = structs.replace(following, puts=(*following.puts, put), notes=(note, *following.notes))
        return request, Decided(decided.decision, following)

    async def begin(self, request: Request, decision: Decision, generation: Generation) -> None:
        """Go on with a request that is kept: what its rules answered at once, and its clocks."""
        self.open[request.id] = request
        effects: list[Effect] = []
        if request.over:
            await self.hub.underway.whole(self._ended(request))
        else:
            parts = parts_of(decision, generation.ruleset)
            # What was answered with the decision was answered then, however long it took to be kept.
            for one in (Routed(parts), *begun(decision)):
                request, more = step(request, one, request.opened)
                effects += more
            request, more = step(request, Tick(), self.now())
            await self._became(request, [*effects, *more])

    def late(self, key: str) -> bool:
        """Whether what is answered now comes after the end."""
        request = self.open.get(key)
        return request is not None and request.over

    async def recover(self, gone: frozenset[str]) -> None:
        """Go on with the requests that a process before left open, or a hub that is `gone`: what they were told is read
        again from their logs, and who has no open action any more has ended."""
        for entry in await self.hub.store.entries(BUCKET):
            taken = await self.afar.take_up(entry, gone)
            if taken is None:
                continue
            request = not_ahead(taken, self.now())
            if request.forgotten:
                self.forgetting.bury(request.id)
                continue
            if not request.over:
                request, ended = resumed(request, *await reading.kept(self.hub.store, request.id))
                self.open[request.id] = request
                if request.over:
                    self.repeatable.add(request)
                    await self._ended(request)
                self.hub.spawn(self.happened(request.id, *ended))
            else:  # one whose time ran out while nobody looked is forgotten as soon as its clock runs
                self.open[request.id] = request
                if self.now() < (request.ended or 0.0) + request.clocks.retain:
                    self.repeatable.add(request)
            self._timers.set(request)

    # --- what happens -----------------------------------------------------------------------------------

    async def happened(self, key: str, *happenings: Happened) -> None:
        """Take what happened to a request, and do what follows."""
        if key in self.open and not await self.afar.still_kept(key):
            del self.open[key]
        request = self.open.get(key)
        if request is None:
            await self.afar.say(key, happenings)
            return
        effects: list[Effect] = []
        for one in happenings:
            request, more = step(request, one, self.now())
            effects += more
        await self._became(request, effects)

    async def _became(self, request: Request, effects: Sequence[Effect]) -> None:
        if request.over and not self.open[request.id].over:
            self.ending.add(request.id)
            self._closing[request.id] = asyncio.Event()
        self.open[request.id] = request
        self._timers.set(request)
        if effects:
            await self.hub.underway.whole(self._act(request, effects))

    async def updated(self, frame: Frame, seq: int) -> None:
        """Let go of updates that newer ones replace, so that a feed which goes on for years has a short log."""
        request = self.open.get(frame.log)
        if request is None or request.over:
            return
        log = self.updates.setdefault(frame.log, Compacted(WINDOW))
        log.add((frame.agent, frame.action, frame.key), seq)
        if len(log.dropped) >= TRIM:
            gone = list(log.dropped)
            log.dropped.clear()
            await self.hub.surely(lambda: self.hub.store.trim(frame.log, gone))

    async def _act(self, request: Request, effects: Iterable[Effect]) -> None:
        at = self.hub.clock.now()
        frames: list[Frame] = []
        notes: list[Note] = []
        stopped: list[str] = []
        ended = forgotten = False
        for effect in effects:
            match effect:
                case Append(frame):
                    frames.append(replace(frame, at=at))
                case Turned(state, why):
                    ended = ended or state in OVER
                    if state in TOLD:
                        what: dict[str, Json] = {"answered": request.answered, "of": len(request.parts)}
                        what = {**what, "why": why} if why else what
                        notes.append(Note(at, TOLD[state], request.id, "", what, f"event {request.id}"))
                case Stop(parts):
                    stopped += parts
                case Forget():
                    forgotten = True
        try:
            if frames or notes:
                await self.hub.surely(lambda: self.hub.store.append(frames, notes))
            if ended:
                # Before anybody who waited for the last frame runs: what they ask next may have these answers.
                self.ending.discard(request.id)
                self.repeatable.add(request)
            for part in stopped:
                await self._stop(request, part)
            if ended:
                await self._ended(request)
        finally:
            if ended:
                self._closed(request.id)
        if forgotten:
            await self.forgetting.forget(request)

    async def _stop(self, request: Request, name: str) -> None:
        """Have the agent of a part stop. A feed that nobody needs any more has done its work; a question is taken
        back."""
        part = request.part(name)
        action = part.asks if part is not None and not part.feed else name
        enough = self.enough.get(action)
        if enough is not None:
            enough.set()
        elif action:
            await self.hub.cancel(Selector(event=request.id, action=action))

    async def _ended(self, request: Request) -> None:
        """Keep how it ended, for as long as its answers are kept."""
        self.updates.pop(request.id, None)
        self._closing.setdefault(request.id, asyncio.Event())
        store, retain = self.hub.store, request.clocks.retain
        try:
            await self.hub.surely(lambda: store.put(self.afar.put(request)))
            await self.hub.surely(lambda: store.touch(request.id, retain))
        finally:
            self._closed(request.id)
        # It may be forgotten already: what is kept for a moment, of an end that took longer to write.
        self._timers.set(self.open.get(request.id, request))

    def _closed(self, key: str) -> None:
        closing = self._closing.pop(key, None)
        if closing is not None:
            closing.set()

    async def closed(self, key: str) -> None:
        """Wait while it is being written how a request ended: what is written of it then is not written over."""
        closing = self._closing.get(key)
        if closing is not None:
            await closing.wait()

    def _strike(self, key: str) -> None:
        """A clock of a request has run out."""
        if not self.hub.stopping:
            self.hub.spawn(self.happened(key, Tick()))

    async def stop_feeds(self, why: str) -> None:
        """End what would go on for ever."""
        for key, request in list(self.open.items()):
            if request.mode == "feed" and not request.over:
                await self.happened(key, Cancelled(why))

    def end(self) -> None:
        """No clock strikes any more."""
        self._timers.end()

    # --- read -------------------------------------------------------------------------------------------

    async def find(self, name: str) -> Request | None:
        """A request by its id, open or over; None when there never was one, or it is long gone."""
        key = await self.hub.store.find(name) or name
        request = self.open.get(key)
        if request is None:
            entry = await self.hub.store.get(BUCKET, key)
            request = (
                read_record(entry.value) if entry is not None and isinstance(entry.value, dict) else None
            )
        return request

    async def look(
        self, name: str, after: int = 0, wait: float = 0.0, limit: int = reading.PAGE
    ) -> reading.View | None:
        """Frames after a cursor; when there are none yet, those of the next `wait` seconds. Reading keeps a feed
        alive."""
        return await reading.look(self, name, after, wait, limit)

    def stream(self, name: str, after: int = 0, beat: float = 15.0) -> AsyncIterator[Frame | None]:
        """Frames as they come, to the end of the request; None for every `beat` seconds in which none came."""
        return reading.stream(self, name, after, beat)

    async def cancel(self, name: str, why: str = "cancelled by the client") -> Request | None:
        """End a request that nobody wants any more; one that is over stays as it is."""
        request = await self.find(name)
        if request is None:
            return None
        await self.happened(request.id, Cancelled(why))
        return self.open.get(request.id, request)
