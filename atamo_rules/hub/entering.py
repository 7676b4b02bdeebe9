"""A message that was taken is decided and kept: together with what else came in that turn of the loop, or apart.

Most messages need nothing but the rules. Those of one turn go through every step side by side and are one transaction:
what a step works with is still at hand for the next of them, which is worth more than any other saving on the path
(`docs/explanation/speed-of-the-hub.md`). What may touch windows, is shown to providers beside the rules, or asks for
answers, has to wait for somebody in between, and goes apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING

from msgspec import Struct

from atamo_rules.engine.once import Once
from atamo_rules.engine.windows.steps import parts
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub import records
from atamo_rules.hub.consequences import arrival_of
from atamo_rules.hub.deciding import account, concluded
from atamo_rules.hub.intake import Taken
from atamo_rules.hub.requests.request import PLAIN, Options
from atamo_rules.hub.store import Caps
from atamo_rules.hub.whole import Durable, delivered
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.via import DIRECT, Via
from atamo_rules.model.work import NOTHING, Arrival, Decided, Following, Kept, Known

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.windows.claim import Claim

MOST = 256
"""Messages of one transaction."""


class Entry(Struct):
    """A message on its way in; `begun` says that it was entered under its generation with what follows from it."""

    taken: Taken
    event: Event
    at: datetime
    via: Via
    decision: Decision | None = None
    told: Sequence[Note] = ()
    """What the audit says of it."""
    made: Decided | None = None
    begun: bool = False
    known: Known | None = None
    """What the store said, once it was kept."""
    error: BaseException | None = None

    @property
    def following(self) -> Following:
        """What follows from it, where it is kept as new."""
        return self.made.following if self.made is not None else NOTHING

    def arrival(self, caps: Caps, claim: Claim[Decided] | None = None) -> Arrival:
        """It as a store keeps it, with what its decision rests on."""
        return arrival_of(
            self.taken, self.event, self.at, self.made, self.via, claim, digested=not caps.compares
        )

    @property
    def answer(self) -> tuple[Taken, bool]:
        """What its sender is told, and whether it was known already."""
        if self.known != "other":
            return self.taken, self.known == "same"
        refused = (records.CONFLICT,)
        return Taken(self.taken.id, None, refused, status=409, code="conflict"), True


class Turn(Struct, eq=False):
    """The messages of one turn, all under one generation, which keeps its agents until they are entered."""

    generation: Generation
    name: str
    most: int
    done: Durable
    entries: list[Entry] = []


class Entering:
    """The way in of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._turn: Turn | None = None
        self._turns = count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def enter(
        self, taken: Taken, generation: Generation, at: datetime, options: Options = PLAIN, via: Via = DIRECT
    ) -> tuple[Taken, bool]:
        """See `Hub.enter`."""
        hub, event = self.hub, taken.event
        if not hub.running:
            await hub.start()
        if hub.store.full:
            await hub.room()
        if event is None:
            kind: Kind = "access.denied" if taken.code == "forbidden" else "event.refused"
            await hub.note(kind, taken.id, reasons=list(taken.refused), **via.facts())
            return taken, False
        entry = Entry(taken, event, at, via)
        if taken.decided and goes_apart(generation, event.type):
            await self._apart(entry, generation, options)
            await delivered()  # who went away meanwhile, now that everything has begun
        else:
            done = self._join(entry, generation)
            try:
                await done
            except asyncio.CancelledError:
                if not done.put_off():
                    raise
                # Who went away meanwhile is cancelled now that everything has begun; not later, amid something else.
                await delivered()
            if entry.error is not None:
                raise entry.error
        return (taken, False) if entry.known == "new" else entry.answer

    # --- apart ------------------------------------------------------------------------------------------

    async def _apart(self, entry: Entry, generation: Generation, options: Options, tries: int = 0) -> None:
        hub, event = self.hub, entry.event
        request = claim = None
        if generation.ruleset.events[event.type].request:
            request, made = await hub.requests.take(event, generation, entry.at, options)
        else:
            claim = await hub.windows.decide(event, generation, entry.at, tries)
            made = claim.made
        self._begin(entry, made, generation)
        try:
            accepted = hub.store.accept([entry.arrival(hub.store.caps, claim)])
            (kept,) = await (accepted if claim is None else claim.kept(accepted))
        except BaseException as error:
            if claim is not None:
                claim.let_go()
            self._undo(entry)
            if isinstance(error, StoreUnavailable):
                hub.came_back(error)
                await delivered()  # who went away meanwhile; not later, amid something else
            raise
        self._follow(entry, kept)
        if kept.known == "unfounded":  # what it was decided on did not come to be
            await delivered()
            await self._apart(entry, generation, options, tries + 1)
        elif request is not None and kept.known == "new":
            await hub.requests.begin(request, made.decision, generation)

    # --- together ---------------------------------------------------------------------------------------

    def _join(self, entry: Entry, generation: Generation) -> Durable:
        """Have it in the turn that is open; gives the end of that turn. What became of it alone stands in it then."""
        turn = self._turn
        if turn is None or turn.generation is not generation or len(turn.entries) >= turn.most:
            turn = self._turn = self._open(generation)
        turn.entries.append(entry)
        return turn.done

    def _open(self, generation: Generation) -> Turn:
        """A turn that is gone on with as soon as everybody who runs in this one had theirs."""
        loop = asyncio.get_running_loop()
        most = min(MOST, self.hub.store.caps.max_batch)
        turn = Turn(generation, f"\0turn {next(self._turns)}", most, Durable(loop=loop))
        self.hub.retiring.enter(turn.name, generation)
        task = loop.create_task(self._run(turn))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._over(task, turn))
        return turn

    async def _run(self, turn: Turn) -> None:
        """Nothing is waited for from the decisions to the store, so that they are kept in the order they are made."""
        if self._turn is turn:
            self._turn = None
        asked = [entry for entry in turn.entries if entry.taken.decided]
        for step in (_decide, _account, _conclude):  # what a step works with is at hand for the next of them
            for entry in asked:
                if entry.error is None:
                    try:
                        step(self.hub, entry, turn.generation)
                    except Exception as error:  # the fault of one is nobody else's
                        entry.error = error
        for entry in asked:
            if entry.made is not None:
                self._begin(entry, entry.made, turn.generation)
        await self._keep([entry for entry in turn.entries if entry.error is None])

    async def _keep(self, entries: Sequence[Entry]) -> None:
        """One transaction of them all. What cannot be kept takes nobody else along: then each is tried by itself."""
        store = self.hub.store
        try:
            found = await store.accept([entry.arrival(store.caps) for entry in entries])
        except StoreUnavailable as error:
            self.hub.came_back(error)
            self._fail(entries, error)
        except Exception as error:
            if len(entries) == 1:
                self._fail(entries, error)
            else:
                for entry in entries:
                    await self._keep([entry])
        else:
            for entry, kept in zip(entries, found, strict=True):
                try:
                    self._follow(entry, kept)
                except Exception as error:  # it was kept all the same, and the fault of one is nobody else's
                    self.hub.underway.fault(error)

    def _over(self, task: asyncio.Task[None], turn: Turn) -> None:
        self._tasks.discard(task)
        self.hub.retiring.leave(turn.name)
        if self._turn is turn:  # it was cancelled before it began
            self._turn = None
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            left = [entry for entry in turn.entries if entry.known is None and entry.error is None]
            self._fail(left, error)
        turn.done.set_result(None)

    def _fail(self, entries: Sequence[Entry], error: BaseException) -> None:
        for entry in entries:
            self._undo(entry)
            entry.error = error

    # --- both -------------------------------------------------------------------------------------------

    def _begin(self, entry: Entry, made: Decided, generation: Generation) -> None:
        """It was decided."""
        entry.made = made
        entry.begun = made.following.begins and self.hub.retiring.enter(entry.event.key, generation)

    def _undo(self, entry: Entry) -> None:
        """It was not kept, or known already: what was taken for what follows is given back."""
        self.hub.unreserve(entry.following)
        if entry.begun:
            self.hub.retiring.leave(entry.event.key)

    def _follow(self, entry: Entry, kept: Kept) -> None:
        """It was kept, or known already."""
        entry.known = kept.known
        if kept.known == "new":
            self.hub.follow(kept, entry.made.following if entry.made is not None else NOTHING)
        else:
            self._undo(entry)


def _decide(hub: Hub, entry: Entry, generation: Generation) -> None:
    entry.decision = generation.decide(entry.event)


def _account(hub: Hub, entry: Entry, generation: Generation) -> None:
    assert entry.decision is not None
    entry.told = account(hub, entry.event, entry.decision, generation, entry.at)


def _conclude(hub: Hub, entry: Entry, generation: Generation) -> None:
    assert entry.decision is not None
    entry.made = concluded(hub, entry.event, entry.decision, generation, entry.at, entry.told)


def goes_apart(generation: Generation, type: str) -> bool:
    """Whether a message of a type has to wait for somebody between being taken and being kept."""
    return bool(generation.evaluators) or type in _waited_for(generation.ruleset)


def _types(ruleset: Ruleset) -> frozenset[str]:
    """Requests, and what rules with clauses about time listen to."""
    requests = (name for name, type in ruleset.events.items() if type.request)
    timed = (part.event for rule in ruleset.rules if rule.time is not None for part in parts(rule))
    return frozenset((*requests, *timed))


_waited_for: Once[Ruleset, frozenset[str]] = Once(_types)
