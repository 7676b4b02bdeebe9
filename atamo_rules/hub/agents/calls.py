"""Calls of agents: each in the time it has, those that only read shared with whoever asks the same.

A caller that joins another's call, or has a kept answer, takes none of its agent's slots.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from atamo_rules.hub import records
from atamo_rules.hub.agents.credentials import owner_of
from atamo_rules.hub.agents.masking import mask
from atamo_rules.hub.agents.perform import attempt
from atamo_rules.hub.agents.retry import RetryPolicy, wait
from atamo_rules.hub.agents.said import as_reply
from atamo_rules.hub.requests.afar import part_for
from atamo_rules.hub.requests.answering import Answering
from atamo_rules.hub.sharing.flight import Said, Say
from atamo_rules.hub.sharing.flights import Flights
from atamo_rules.hub.sharing.flights import Note as Spared
from atamo_rules.hub.sharing.key import share_key
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.outcome import Again, Done, Outcome
from atamo_rules.model.people import User
from atamo_rules.model.secret import Need, Secret
from atamo_rules.model.types import Json, Sharing
from atamo_rules.model.work import Lease

if TYPE_CHECKING:
    from atamo_rules.hub.agents.lanes import Lane
    from atamo_rules.hub.agents.slots import Slot
    from atamo_rules.hub.generation import Declared, Generation
    from atamo_rules.hub.hub import Hub

CLOSING = 5.0
"""Seconds that an agent whose feed is not needed any more is given to end."""


class Unspared(Exception):
    """Whose call was to be joined has had its answer by now: a call of its own needs a slot."""


class Calls:
    """The calls of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.flights = Flights(hub.clock.passed, self._pause, closed=self._closed)
        self.keys: dict[str, bytes] = {}
        """What each open shared call asks, by its action."""
        self.begun: Counter[bytes] = Counter()
        self.free: Counter[str] = Counter()
        """Actions that were given no slot, each as often as it was: one message may come several times at once."""

    def _pause(self, failures: int) -> float:
        return wait(failures, self.hub.policy or RetryPolicy(), None, self.hub.chance)

    def _closed(self, key: bytes) -> None:
        self.hub.spawn(self.hub.note("feed.closed", key=key.hex()[:16]))

    # --- slots ------------------------------------------------------------------------------------------

    def reserve(self, lane: Lane, action: Action, event: Event) -> float:
        """Take a slot for an action that is about to be kept; 0 when there is none. Who will only join takes none."""
        if self._sharing(action) is None:
            return lane.reserve()
        key = self._key(action, event.user, event.key)
        if key is None:
            return lane.reserve()
        if self.begun[key] or self.flights.spares(key):
            self.free[action.id] += 1
            seconds = lane.seconds
        else:
            seconds = lane.reserve()
        if seconds:
            self._register(action.id, key)
        return seconds

    def unreserve(self, lane: Lane, action: Action) -> None:
        """Give back what `reserve` took, of an action that was not kept."""
        if not self.joins(action):
            lane.unreserve()
        self.release(action.id)

    def joins(self, action: Action) -> bool:
        """Whether an action that begins now was given no slot, since it will join a call; that is told as often as it
        was given none."""
        if action.id not in self.free:
            return False
        self.free[action.id] -= 1
        if not self.free[action.id]:
            del self.free[action.id]
        return True

    def spared(self, action: str) -> bool:
        """Whether an action that was given no slot still needs none: the call that it was to join may be over."""
        key = self.keys.get(action)
        return key is not None and self.flights.spares(key)

    def _register(self, action: str, key: bytes) -> None:
        if action not in self.keys:
            self.keys[action] = key
            self.begun[key] += 1

    def release(self, action: str) -> None:
        """An action's attempt is over, or will not be."""
        key = self.keys.pop(action, None)
        if key is not None:
            self.begun[key] -= 1
            if self.begun[key] <= 0:
                del self.begun[key]

    def _sharing(self, action: Action) -> Sharing | None:
        shared = self.hub.retiring.current.shared
        return shared.get(action.target) if shared else None

    def _key(self, action: Action, user: User | None, event: str, rules: str = "") -> bytes | None:
        sharing = self._sharing(action)
        if sharing is None:
            return None
        bound = self.hub.current.agents.get(action.agent)
        if bound is None:
            return None
        plugin, settings = bound.declared[0], bound.declared[1]
        key = share_key(action, sharing, plugin, settings, user)
        if self.hub.vault is None:
            return key
        # What one owner's rule got as somebody is not for another's, nor for longer than they agree to it.
        through = f"{owner_of(self.hub, event, rules, action.rule)} {self.hub.consents.withdrawn}"
        return sha256(key + through.encode()).digest()

    # --- calls ------------------------------------------------------------------------------------------

    def simply(
        self, slot: Slot, lease: Lease, bound: Any, generation: Generation
    ) -> Coroutine[Any, Any, Outcome] | None:
        """One attempt, where nobody else may share the call, and no request waits for what it says; else None."""
        hub, work = self.hub, lease.work
        if (
            bound is None
            or work.event in hub.requests.open
            or not hub.nodes.alone
            or (hub.retiring.current.shared and self._sharing(work.action) is not None)
        ):
            return None
        slot.spend()
        reply = Answering(hub, work, generation)
        return attempt(bound, work.message if work.who else work.action, reply, generation, given=reply.given)

    async def outcome(
        self, slot: Slot, lease: Lease, bound: Any, generation: Generation
    ) -> tuple[Outcome, bool]:
        """One attempt, and whether the agent was called for it alone. A call that others may share has the slot as long
        as it goes on, and tells the breaker itself. Raises Unspared."""
        work, requests = lease.work, self.hub.requests
        reply, feed = Answering(self.hub, work, generation), False
        if work.event in requests.open or not self.hub.nodes.alone:  # another hub may keep its request
            part = part_for(await requests.afar.seen(work.event), work)
            feed = part is not None and part.feed
        if bound is None or self._sharing(work.action) is None:
            if bound is not None:
                slot.spend()
            if not feed:
                return await attempt(bound, work.message, reply, generation, given=reply.given), True
            feeding = attempt(bound, work.message, reply, generation, limited=False, given=reply.given)
            return await self._until_enough(slot.lane, lease, feeding), True
        return await self._shared(slot, lease, bound, generation, reply, feed), False

    async def _shared(
        self, slot: Slot, lease: Lease, bound: Any, generation: Generation, reply: Answering, feed: bool
    ) -> Outcome:
        work, action = lease.work, lease.work.action
        sharing = self._sharing(action) or Sharing()
        key = self.keys.get(action.id)
        if key is None:
            event = await self.hub.store.event(work.event)
            key = (
                self._key(action, event.user if event is not None else None, work.event, work.rules)
                or action.id.encode()
            )
            self._register(action.id, key)

        def note(kind: Spared, age: float | None) -> None:
            slot.free()
            what: dict[str, Json] = {"key": key.hex()[:16]}
            if age is not None:
                what["age"] = str(round(age, 3))
            written = records.of_action(kind, self.hub.clock.now(), work, **what)
            self.hub.spawn(self.hub.write([written]))

        # A call for others too is in nobody's name.
        message = work.message if sharing.by == "user" else action

        async def call(say: Say) -> Outcome:
            with self.hub.retiring.held(generation):
                shared = Saying(say, reply)
                made = await attempt(bound, message, shared, generation, limited=not feed, given=reply.given)
                await self.hub.attempts.called(slot.lane, made)
                return made

        request = await self.hub.requests.afar.seen(work.event)
        live = feed and request is not None and request.mode == "feed"
        if not slot.held and not self.flights.spares(key):
            raise Unspared
        waiting = self.flights.call(
            key, action.id, sharing, call, reply.said, note,
            live=live, pieces_follow=action.verb == "publish", begun=slot.lend,
        )  # fmt: skip
        return await (self._until_enough(slot.lane, lease, waiting) if feed else waiting)

    async def _until_enough(self, lane: Lane, lease: Lease, feeding: Any) -> Outcome:
        """A feed, until it ends or nobody needs it any more; its lease is kept as long."""
        action = lease.work.action.id
        enough = self.hub.requests.enough[action] = asyncio.Event()
        feed = asyncio.ensure_future(feeding)
        stop = asyncio.ensure_future(enough.wait())
        try:
            while True:
                done, _ = await asyncio.wait(
                    {feed, stop}, timeout=lane.seconds / 2, return_when=asyncio.FIRST_COMPLETED
                )
                if feed in done:
                    outcome: Outcome = feed.result()
                    return outcome
                if stop in done:
                    return Done()
                if not await self.hub.store.extend(lease, lane.seconds):
                    return Again("its lease was lost", error="lost")
        finally:
            self.hub.requests.enough.pop(action, None)
            stop.cancel()
            if not feed.done():
                feed.cancel()
                await asyncio.wait({feed}, timeout=CLOSING)

    async def end(self) -> None:
        """Stop every call that is still under way."""
        await self.flights.end()


class Saying:
    """An agent's replies as pieces that all who share its call are handed."""

    def __init__(self, say: Say, first: Answering) -> None:
        self.say, self.first = say, first

    async def __call__(self, answer: Json, *, key: str = "") -> None:
        given = self.first.given
        await self.say(Said(mask(as_reply(answer), given), str(mask(key, given))))

    async def loaded(self) -> None:
        await self.say(Said(kind="loaded"))

    async def progress(self, news: Json) -> None:
        await self.say(Said(mask(as_reply(news), self.first.given), kind="progress"))

    def declared(self) -> Declared | None:
        return self.first.declared()

    async def credential(self, host: str = "", *, need: Need = "optional") -> Secret | None:
        return await self.first.credential(host, need=need)
