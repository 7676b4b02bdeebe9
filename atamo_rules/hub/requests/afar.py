"""Of the hubs that share a store one keeps a request: it runs its clocks, and the others tell it what they see.

The name of who keeps a request stands in its record. What happens to it elsewhere - an agent called there answers, a
client reads or cancels there - is a word in the store, which its keeper takes from there. Who goes on in the place of a
hub that is gone writes its own name into the records, each with compare-and-set: of two that do, one has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from atamo_rules.hub.requests import reading
from atamo_rules.hub.requests.happenings import (
    Answered,
    Asked,
    Broke,
    Cancelled,
    Ended,
    Happened,
    Heard,
    Loaded,
    More,
)
from atamo_rules.hub.requests.opening import BUCKET, feed_part, read_record, request_record, resumed
from atamo_rules.hub.requests.request import Part, Request
from atamo_rules.model.types import Json
from atamo_rules.model.work import Entry, Put, Work

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

WORDS = "requests.words"
"""The bucket of what keepers of requests are still to be told."""
LISTENING = "\0what others say of requests"
"""The name of the task that listens; no action is called so."""
FINISHED = 2.0
"""Seconds after the end of all its actions until a request is read again whose last word may have been lost with the
hub that was to say it."""

_KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind for kind in (Answered, Asked, Broke, Cancelled, Ended, Heard, Loaded, More)
}


class Afar:
    """What the requests of one hub have to do with other hubs. Of a hub that is alone nothing."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.alone = not hub.store.caps.nodes
        self.doubted = False
        """Whether others took this hub to be gone: what it kept may be theirs by now."""
        self._heard: dict[str, float] = {}

    # --- who keeps it -----------------------------------------------------------------------------------

    def put(self, request: Request) -> Put:
        """The record of a request that this hub keeps."""
        return Put(BUCKET, request.id, _kept_by(self.hub.left.hub, request_record(request)))

    async def take_up(self, entry: Entry, gone: frozenset[str]) -> Request | None:
        """The request of a record, where it is this hub's to go on with: it was kept by one that is `gone`."""
        value: Any = entry.value
        keeper, name = str(value.get("hub", "")), self.hub.left.hub
        if keeper not in gone:
            return None
        if keeper != name:
            put = Put(BUCKET, entry.key, _kept_by(name, value), expect=entry.revision)
            if await self.hub.surely(lambda: self.hub.store.put(put)) is None:
                return None  # another was faster
        return read_record(value)

    async def still_kept(self, key: str) -> bool:
        """Whether this hub still keeps a request that it kept."""
        if not self.doubted:
            return True
        entry = await self.hub.store.get(BUCKET, key)
        value: Any = entry.value if entry is not None else None
        return value is None or str(value.get("hub", "")) == self.hub.left.hub

    async def seen(self, key: str) -> Request | None:
        """The request of an event, whoever keeps it; of another hub as it was when it began, or ended."""
        request = self.hub.requests.open.get(key)
        if request is not None or self.alone:
            return request
        entry = await self.hub.store.get(BUCKET, key)
        value: Any = entry.value if entry is not None else None
        return read_record(value) if value is not None else None

    # --- what happens elsewhere -------------------------------------------------------------------------

    async def say(self, key: str, happened: tuple[Happened, ...]) -> None:
        """Tell whoever keeps a request what happened to it here."""
        if self.alone:
            return
        request = await self.seen(key)
        if request is None or request.over:
            return
        words = [one for one in happened if type(one).__name__ in _KINDS]
        words = [one for one in words if not isinstance(one, Heard) or self._news(request)]
        if not words:
            return
        said: list[Json] = [[type(one).__name__, asdict(one)] for one in words]
        word: Json = {"request": key, "said": said}
        await self.hub.surely(lambda: self.hub.store.put(Put(WORDS, uuid4().hex, word)))

    def _news(self, request: Request) -> bool:
        """Whether the keeper should be told that somebody reads: of a feed, now and then."""
        if request.mode != "feed":
            return False
        now, last = self.hub.clock.passed(), self._heard.get(request.id)
        if last is not None and now - last < request.clocks.keep_alive / 4:
            return False
        self._heard[request.id] = now
        return True

    def begin(self) -> None:
        """Listen to what others say of requests that are kept here."""
        if not self.alone:
            self.hub.spawn(self._listen(), LISTENING)

    def end(self) -> None:
        """Listen no longer."""
        self.hub.underway.cancel(LISTENING)

    async def _listen(self) -> None:
        async for entry in self.hub.store.watch(WORDS):
            await self._take(entry)

    async def sweep(self) -> None:
        """Take what was said of requests that are kept here only since."""
        for entry in await self.hub.store.entries(WORDS):
            await self._take(entry)

    async def _take(self, entry: Entry) -> None:
        word: Any = entry.value
        if word is None:
            return
        key, store = str(word["request"]), self.hub.store
        here = key in self.hub.requests.open
        if not here and await store.get(BUCKET, key) is not None:
            return  # another keeps it; what nobody keeps any more is nobody's word
        put = Put(WORDS, entry.key, None, expect=entry.revision)
        if await self.hub.surely(lambda: store.put(put)) is not None and here:
            await self.hub.requests.happened(key, *map(_happened, word["said"]))

    def finished(self, key: str) -> None:
        """All actions of an event are over: have its request read again, should nobody have said how they ended."""
        request = self.hub.requests.open.get(key)
        if request is not None and not request.over:
            self.hub.underway.later(FINISHED, lambda: self.hub.spawn(self._read_again(key)))

    async def _read_again(self, key: str) -> None:
        request = self.hub.requests.open.get(key)
        if request is None or request.over or self.hub.stopping:
            return
        _, ended = resumed(request, *await reading.kept(self.hub.store, key))
        if self.hub.requests.open.get(key) is request:
            await self.hub.requests.happened(key, *ended)


def part_for(request: Request | None, work: Work) -> Part | None:
    """The part of a request that an action is. For a request that another hub keeps, that may be a part its rule let
    publish later."""
    if request is None:
        return None
    part = request.part(work.action.id)
    return feed_part(work.action) if part is None and work.action.verb == "publish" else part


def _kept_by(name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "hub": name} if name else dict(record)


def _happened(said: Any) -> Happened:
    kind, what = said
    if kind == "More":
        return More(tuple(Part(**part) for part in what["parts"]))
    made: Happened = _KINDS[kind](**what)
    return made
