"""The calls that are shared, by key: under way, just done, waiting to be tried again, or just refused.

Expiry follows RFC 5861: fresh answers are given as they are; stale ones too, while one call brings the next.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from atamo_rules.hub.sharing.flight import NOBODY, Deliver, Flight, Said, Work
from atamo_rules.model.frame import CacheState
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Sharing

Note = Literal["action.joined", "cache.hit", "cache.stale", "cache.negative", "feed.joined"]
"""How a call was spared, by its kind of record."""

NEGATIVE = 2.0
"""Seconds for which a final failure answers everybody who asks the same."""
GRACE = 5.0
"""Seconds for which a feed is kept open for the next reader after its last one left."""
OWED = 60.0
"""Seconds for which the answer of a second attempt waits for those who shared the first."""
MOST = 10_000
MOST_BYTES = 64 << 20
"""Keys, and bytes of their answers, that are remembered; the longest unused make room."""


@dataclass(frozen=True, slots=True)
class AgainTogether(Again):
    """As Again, and `after` is exact: all who shared the failed attempt come back at one moment, and share the next."""


@dataclass(slots=True)
class _Entry:
    """What is known of one key."""

    flight: Flight | None = None
    sharing: Sharing = field(default_factory=Sharing)
    pieces: tuple[Said, ...] = ()
    outcome: Outcome | None = None
    """Of the last call that ended: Done as long as it is kept, Failed, or Again until `until`."""
    at: float = 0.0
    until: float = 0.0
    failures: int = 0
    size: int = 0
    owed: set[str] = field(default_factory=set)
    """Those who shared a failed attempt and have not yet had what the next one gave."""


class Flights:
    """`now` gives seconds that never go back; `wait` the pause after so many failed attempts in a row."""

    def __init__(
        self,
        now: Callable[[], float],
        wait: Callable[[int], float],
        *,
        grace: float = GRACE,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        closed: Callable[[bytes], None] = lambda key: None,
    ) -> None:
        self.now = now
        self.wait = wait
        self.grace = grace
        self.most = most
        self.most_bytes = most_bytes
        self.closed = closed
        self.size = 0
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    async def call(
        self,
        key: bytes,
        who: str,
        sharing: Sharing,
        work: Work,
        deliver: Deliver,
        note: Callable[[Note, float | None], None],
        *,
        live: bool = False,
        pieces_follow: bool = False,
        begun: Callable[[], Callable[[], None]] = lambda: _nothing,
    ) -> Outcome:
        """The outcome of the call that `key` names, made by `work` unless another caller has it or makes it.

        `who` names the caller on each of its attempts. With `live` a feed goes on after its load. With
        `pieces_follow` a stale answer is followed by the new one; without, it is the answer. `begun` is called where a
        call is begun, before `note` is; what it gives is called when that call is over, whoever still waits for it.
        """
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
            self._bounded()
        else:
            self._entries.move_to_end(key)
        entry.sharing = sharing
        now = self.now()
        age, outcome = now - entry.at, entry.outcome
        if isinstance(outcome, Done) and (age <= sharing.fresh or (who in entry.owed and age <= OWED)):
            joined = age > sharing.fresh
            entry.owed.discard(who)
            note("action.joined" if joined else "cache.hit", age)
            return await _given(entry.pieces, outcome, deliver, "joined" if joined else "hit", age)
        flight = entry.flight
        if isinstance(outcome, Done) and age <= sharing.fresh + sharing.stale:
            if flight is None or not flight.joinable:
                flight = self._start(key, entry, work, begun)
            note("cache.stale", age)
            await _given(entry.pieces, outcome, deliver, "stale", age)
            if not pieces_follow:
                return outcome
            fresh = await flight.listen(deliver, "miss", live=live)
            return fresh if isinstance(fresh, Done) else outcome
        cache: CacheState = "joined"
        if flight is not None and flight.joinable:
            note("feed.joined" if flight.loaded else "action.joined", None)
        elif isinstance(outcome, Failed) and age <= NEGATIVE:
            note("cache.negative", age)
            return outcome
        elif isinstance(outcome, Again) and now < entry.until:
            note("action.joined", None)
            entry.owed.add(who)
            return AgainTogether(outcome.why, entry.until - now, outcome.error)
        else:
            flight, cache = self._start(key, entry, work, begun), "miss"
        ended = await flight.listen(deliver, cache, live=live)
        entry.owed.discard(who)
        if isinstance(ended, Again):
            entry.owed.add(who)
            return AgainTogether(ended.why, max(0.0, entry.until - self.now()), ended.error)
        return ended

    def spares(self, key: bytes) -> bool:
        """Whether one who asks this now needs no call of its own."""
        entry = self._entries.get(key)
        if entry is None:
            return False
        if entry.flight is not None and entry.flight.joinable:
            return True
        return isinstance(entry.outcome, Done) and self.now() - entry.at <= entry.sharing.fresh

    def _start(
        self, key: bytes, entry: _Entry, work: Work, begun: Callable[[], Callable[[], None]]
    ) -> Flight:
        ended = begun()

        def over(flight: Flight) -> None:
            ended()
            self._settle(key, entry, flight)

        flight = entry.flight = Flight(work, self.grace, over)
        return flight

    def _settle(self, key: bytes, entry: _Entry, flight: Flight) -> None:
        """Keep what a call gave, before anybody who waits for it goes on."""
        if flight.loaded:
            self.closed(key)
        if entry.flight is not flight:
            return  # a larger load than others may join, and a second call was begun beside it
        entry.flight = None
        outcome, now = flight.outcome, self.now()
        if outcome is NOBODY or flight.loaded:
            if not isinstance(entry.outcome, Done):
                self._forget(key, entry)
            return
        if isinstance(outcome, Failed) and isinstance(entry.outcome, Done):
            return  # what is stale is better than nothing, for as long as it may be given
        if isinstance(outcome, Again):
            entry.failures += 1
            after = outcome.after if outcome.after is not None else self.wait(entry.failures)
            entry.until = now + after
            if isinstance(entry.outcome, Done):
                return
        else:
            entry.failures = 0
        entry.outcome, entry.at = outcome, now
        self.size -= entry.size
        entry.pieces, entry.size = (), 0
        if isinstance(outcome, Done) and flight.keeps_all:
            sharing = entry.sharing
            if sharing.fresh or sharing.stale or entry.owed:
                entry.pieces = flight.pieces()
                entry.size = sum(len(encode(said.body)) for said in entry.pieces) + len(
                    encode(outcome.answer)
                )
                self.size += entry.size
                self._bounded()
            else:
                self._forget(key, entry)
        elif isinstance(outcome, Done):
            self._forget(key, entry)

    def forget(self) -> None:
        """Let go of every answer that is kept. Calls under way go on, and what they give is for those who wait."""
        for key, entry in list(self._entries.items()):
            if entry.flight is None:
                self._forget(key, entry)

    def _forget(self, key: bytes, entry: _Entry) -> None:
        if self._entries.get(key) is entry:
            del self._entries[key]
            self.size -= entry.size
            entry.size = 0

    def _bounded(self) -> None:
        """Forget the longest unused, those under way excepted."""
        while len(self._entries) > self.most or self.size > self.most_bytes:
            for key, entry in self._entries.items():
                if entry.flight is None:
                    self._forget(key, entry)
                    break
            else:
                return

    async def end(self) -> None:
        """Stop every call."""
        for entry in list(self._entries.values()):
            if entry.flight is not None:
                await entry.flight.end()


def _nothing() -> None:
    """Does nothing: the end of a call that nobody counts."""


async def _given(
    pieces: tuple[Said, ...], outcome: Done, deliver: Deliver, cache: CacheState, age: float
) -> Outcome:
    for said in pieces:
        await deliver(said, cache, age)
    return outcome
