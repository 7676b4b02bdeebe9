"""The windows of one hub: their states in memory, the transactions that change them, and the clock that wakes them.

A state lives in the store's small shared state, under its place, and is written in the transaction of the decision
that changes it. Whatever a process leaves is read by the next one, which wakes it when its time comes, or came.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from atamo_rules.engine.decide import decide, elapse
from atamo_rules.engine.once import Once
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.ledger import Ledger
from atamo_rules.engine.windows.shelves import schedules, windows
from atamo_rules.engine.windows.state import Place, State, micros
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.consequences import arrival_of
from atamo_rules.hub.deciding import decided
from atamo_rules.hub.intake import Taken
from atamo_rules.hub.windows.ahead import Ahead
from atamo_rules.hub.windows.apart import counted_apart
from atamo_rules.hub.windows.claim import Claim, Locks, claim
from atamo_rules.hub.windows.entries import BUCKET as BUCKET
from atamo_rules.hub.windows.entries import holds, left_of, puts
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.event import Event
from atamo_rules.model.rule import DRAFT, Ruleset
from atamo_rules.model.work import Arrival, Decided, Kept, Put

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub

TRIES = 3
"""How often an event is decided in line with others; then it holds its windows alone, since what it rests on fell each
time."""
AT_ONCE = 256
"""Places that are woken together."""
LONGEST = 30.0
"""Seconds after which the clock is looked at again, however far the next moment is: it may have been set."""

Ends = list[tuple[Event, Decided]]


class Windows:
    """What rules with clauses about time rest on."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.bell = asyncio.Event()
        self.book = Book(woke=self.bell.set)
        self.ahead = Ahead(self.book)
        self.locks = Locks()
        self.doubted = False
        """Whether others took this hub to be gone: what it counts and waits for may be theirs by now."""
        self._task: asyncio.Task[None] | None = None

    # --- deciding ---------------------------------------------------------------------------------------

    async def decide(
        self, event: Event, generation: Generation, at: datetime, tries: int = TRIES
    ) -> Claim[Decided]:
        """What the rules of a generation want done about an event. With `tries` left it may rest on others that are on
        their way to the store; without, the windows it rests on are held."""
        hub = self.hub
        beside = await hub.panel.ask(event, generation) if generation.evaluators else ()
        if _timeless(generation.ruleset):
            return Claim(decided(hub, event, generation, at, beside=beside))

        def make(ledger: Ledger) -> Decided:
            found = decided(hub, event, generation, at, ledger, beside=beside)
            if not ledger.written:
                return found
            following = replace(found.following, puts=(*found.following.puts, *self._puts(ledger.written)))
            return Decided(found.decision, following)

        alone = tries >= TRIES or not hub.store.caps.grounds
        return await claim(
            self.ahead,
            self.locks,
            micros(at),
            make,
            lambda one: hub.unreserve(one.following),
            None if alone else event.key,
        )

    async def release(self, event: Event) -> None:
        """Let go of what windows hold under the keys of an event: they begin anew there."""

        def seen(ledger: Ledger) -> None:
            decide(self.hub.current.ruleset, event, ledger=ledger)
            ledger.written = {place: None for place, state in ledger.read.items() if state is not None}

        held = await claim(self.ahead, self.locks, micros(self.hub.clock.now()), seen, lambda none: None)
        try:
            await held.kept(self._put(self._puts(held.written)))
        finally:
            held.let_go()

    # --- a process begins and ends ----------------------------------------------------------------------

    def begin(self) -> None:
        """Let go of what the rules in force do not have any more, and begin to wake what is due."""
        self.follow(self.hub.current)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def take_up(self, gone: frozenset[str]) -> None:
        """Take up what is left of hubs that are gone, and is not counted here as well."""
        self.book.keep(await left_of(self.hub, gone, self.book.get))
        self.bell.set()

    def end(self) -> None:
        """Wake nothing more."""
        if self._task is not None:
            self._task.cancel()

    def follow(self, generation: Generation) -> None:
        """Other rules are in force: the states of windows that they do not have are let go of, and that is told; so is,
        where hubs share a store, which of them count what one hub took."""
        known = {
            window for rule in generation.ruleset.rules if rule.status != DRAFT for window in windows(rule)
        }
        gone = [place for shelf in self.book.strangers(known) for place in self.book.drop(shelf)]
        if gone:
            for (rule, part), many in _by_rule(gone).items():
                self.hub.alarm(Alert("windows", reset_sentence(rule, part, many)))
            self.hub.spawn(self._forget(gone, "window.reset", generation.digest))
        if self.hub.store.caps.nodes and (apart := counted_apart(generation.ruleset)):
            self.hub.alarm(Alert("windows", apart))
        fresh = schedules(generation.ruleset, self.hub.clock.now(), self.book.get)
        if fresh:
            self.book.keep(fresh)
            self.hub.spawn(self._write(self._puts(fresh)))

    # --- time passes ------------------------------------------------------------------------------------

    async def _run(self) -> None:
        clock = self.hub.clock
        while not self.hub.broken.is_set():
            self.bell.clear()
            while not self.hub.broken.is_set() and (places := self.book.take(micros(clock.now()), AT_ONCE)):
                await asyncio.gather(*map(self._wake, places))
            excess = [place for place in self.book.excess() if not self._busy(place)]
            if excess:
                self.book.keep(dict.fromkeys(excess))
                await self._forget(excess, "window.evicted", self.hub.current.digest)
            due = self.book.next()
            left = LONGEST if due is None else (due - micros(clock.now())) / 1_000_000
            with suppress(TimeoutError):
                async with asyncio.timeout(min(max(left, 0.0), LONGEST)):
                    await self.bell.wait()

    async def _wake(self, place: Place) -> None:
        """The time of a place has come: what it makes rules do is kept with the state that is left."""
        hub, at = self.hub, self.hub.clock.now()
        generation = hub.current
        held: Claim[Ends] | None = None
        try:
            state = self.book.get(place)
            if state is None or state.wake > micros(at):
                return
            if self.doubted and not await holds(hub.store, place, hub.left.hub):
                self.book.keep({place: None})
                return
            held = await claim(
                self.ahead,
                self.locks,
                micros(at),
                lambda ledger: self._ends(place, generation, at, ledger),
                self._undo,
            )
            await self._keep(held, at)
        except StoreUnavailable:
            if held is not None:
                self._undo(held.made)
                held.let_go()
        finally:
            self.book.enter(place)

    def _ends(self, place: Place, generation: Generation, at: datetime, ledger: Ledger) -> Ends:
        state = ledger.get(place)
        if state is None or state.wake > ledger.now:
            return []
        ends: Ends = []
        for event, decision in elapse(generation.ruleset, place, state, ledger):
            ends.append((event, decided(self.hub, event, generation, at, ledger, decision)))
            ledger.told.clear()
        if ledger.get(place) is state:  # no rule knows it
            ledger.put(place, None)
        return ends

    def _undo(self, ends: Ends) -> None:
        for _, one in ends:
            self.hub.unreserve(one.following)

    async def _keep(self, held: Claim[Ends], at: datetime) -> None:
        hub, written = self.hub, self._puts(held.written)
        if not held.made:
            await held.kept(self._put(written))
            return
        generation = hub.current
        arrivals: list[Arrival] = []
        for event, one in held.made:
            following = one.following
            if not arrivals:
                following = replace(following, puts=(*following.puts, *written))
            if following.begins:
                hub.retiring.enter(event.key, generation)
            taken = Taken(event.id, event)
            arrivals.append(arrival_of(taken, event, at, Decided(one.decision, following)))
        _, *found = await held.kept(self._ended(arrivals, written))
        for kept, (event, one) in zip(found, held.made, strict=True):
            if kept.known == "new":
                hub.follow(kept, one.following)
            else:
                hub.unreserve(one.following)
                hub.retiring.leave(event.key)

    async def _ended(self, arrivals: Sequence[Arrival], written: Sequence[Put]) -> Sequence[Kept]:
        """Keep ends and the states that are left: with the first end, or by themselves where that was kept before, as
        when the clock was set back and its rule began anew. What came of the states stands first."""
        found = await self.hub.surely(lambda: self.hub.store.accept(arrivals))
        (states,) = [Kept()] if found[0].known == "new" else await self._put(written)
        return [states, *found]

    async def _write(self, written: Sequence[Put]) -> None:
        await self._put(written)

    async def _put(self, written: Sequence[Put]) -> Sequence[Kept]:
        for put in written:
            await self.hub.surely(lambda put=put: self.hub.store.put(put))  # type: ignore[misc]
        return [Kept()]

    async def _forget(self, places: Sequence[Place], kind: Kind, digest: str) -> None:
        """Take states out of the store, and tell how many of which rule."""
        rules = _by_rule(places)
        at = self.hub.clock.now()
        await self.hub.write(
            [
                Note(
                    at,
                    kind,
                    what={"rule": rule, "part": part, "keys": many},
                    cause=f"rule {rule}",
                    rules=digest,
                )
                for (rule, part), many in rules.items()
            ]
        )
        for begin in range(0, len(places), AT_ONCE):
            some = dict.fromkeys(places[begin : begin + AT_ONCE])
            await asyncio.gather(*(self._put([put]) for put in self._puts(some) if self._gone(put)))

    def _puts(self, written: Mapping[Place, State | None]) -> tuple[Put, ...]:
        return puts(written, self.hub.left.hub)

    def _gone(self, put: Put) -> bool:
        """Whether nobody has begun anew at a place meanwhile."""
        shelf, _, key = put.key.partition("\n")
        place = Place(shelf, key)
        return self.book.get(place) is None and not self._busy(place)

    def _busy(self, place: Place) -> bool:
        """Whether somebody is at a place, or on the way from it to the store."""
        return self.locks.held(place) or self.ahead.at(place) > 0


_timeless: Once[Ruleset, bool] = Once(lambda ruleset: all(rule.time is None for rule in ruleset.rules))


def reset_sentence(rule: str, part: str, keys: int) -> str:
    """What is said of windows that begin anew."""
    what = {"throttle": "how often it acted", "schedule": "its next moment"}.get(
        part, "what it counted and waited for"
    )
    under = "" if part == "schedule" else f" under {keys} key{'' if keys == 1 else 's'}"
    return f"`{rule}` was changed, or is gone: {what}{under} is let go of"


def _by_rule(places: Sequence[Place]) -> Counter[tuple[str, str]]:
    """How many places there are of each part of each rule."""
    words = (place.shelf.split(" ") for place in places)
    return Counter((rule, part) for rule, part, *_ in words)
