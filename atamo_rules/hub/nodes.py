"""A hub that shares its store with others: it serves what any of them took, hears how what it took ended elsewhere, and
goes on with what one that is gone has left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub import archive
from atamo_rules.hub.people.hearing import Hearing
from atamo_rules.model.audit import Note
from atamo_rules.model.work import Recovered

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub

ENDED = frozenset({"action.cancelled", "action.timeout"})
"""How an action ends while its agent is at it."""


class Nodes:
    """The part of one hub in what several share. A hub that is alone has none."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.alone = not hub.store.caps.nodes
        self._borrowing = asyncio.Lock()
        self.people = Hearing(hub)

    def begin(self) -> None:
        """Serve what others take, too, and wait for what they leave."""
        if not self.alone:
            self.hub.audience.ears.append(self.hear)
            self.serve()
            self.hub.requests.afar.begin()
            self.people.begin()
            self.hub.spawn(self._adopt(), ADOPTING)
            self.hub.spawn(self._keep_texts(), KEEPING)

    def end(self) -> None:
        """Take up nothing more."""
        self.hub.underway.cancel(ADOPTING)
        self.hub.underway.cancel(KEEPING)
        self.people.end()
        self.hub.requests.afar.end()

    def serve(self) -> None:
        """Have the lines of all agents served: anybody may have work for them."""
        for name in self.hub.current.agents:
            self.hub.lane(name).start()

    def hear(self, first: int, notes: Sequence[Note]) -> None:
        """Take what happened anywhere: what is over here is over, whoever ended it."""
        for note in notes:
            if note.kind == "event.finished":
                self.hub.retiring.leave(note.event)
                self.hub.underway.over(note.event)
                self.hub.requests.afar.finished(note.event)
            elif note.kind in ENDED:
                self.hub.underway.cancel(str(note.what["action"]))
            elif note.kind == "rules.activated":
                self.serve()

    async def under(self, event: str, rules: str) -> Generation:
        """The generation that work goes on under: that of the digest `rules`, also where another hub decided it under
        rules that are not in force here. Where their text is not kept it is what `Retiring.under` gives."""
        hub = self.hub
        known = hub.retiring.under(event, rules)
        if self.alone or rules in ("", known.digest):
            return known
        async with self._borrowing:  # one binding of agents for all who wait
            known = hub.retiring.under(event, rules)
            if known.digest != rules:
                before = hub.current if rules == hub.current.digest else await archive.revive(hub, rules)
                if before is None:
                    return known
                hub.retiring.borrow(before)
                return before
        return known

    async def _keep_texts(self) -> None:
        """Keep the text of what is in force here, whoever let go of it: others see only what was decided so far."""
        async for entry in self.hub.store.watch(archive.BUCKET):
            for generation in self.hub.retiring.all:
                if entry.value is None and entry.key == generation.digest:
                    await self.hub.surely(lambda one=generation: archive.keep(self.hub.store, one))  # type: ignore[misc]

    async def _adopt(self) -> None:
        while True:
            try:
                left = await self.hub.store.orphaned()
            except StoreUnavailable as error:  # known here first where nothing is to be written
                self.hub.came_back(error)
                return
            await self.go_on(left)

    async def go_on(self, left: Recovered) -> None:
        """Go on with what another hub left: decide what it had only kept, end in time what it had asked, run the clocks
        of its requests and windows. Where it is this one that others took to be gone, what it has may be theirs."""
        hub = self.hub
        if hub.left.hub in left.gone:
            hub.requests.afar.doubted = hub.windows.doubted = True
            return
        for digest in {*left.rules, *(work.rules for work in left.deadlines)} - {""}:
            before = hub.current if digest == hub.current.digest else await archive.revive(hub, digest)
            if before is not None:
                hub.retiring.revive(before)
        for work in left.deadlines:
            hub.attempts.limit(work)
        for name in left.agents:
            hub.lane(name).start()
        for key in left.pending:
            hub.spawn(hub.decide_kept(key))
        await hub.requests.recover(left.gone)
        await hub.requests.afar.sweep()
        await hub.windows.take_up(left.gone)
        await hub.ways.owing.take_up(left.gone)
        if not (left.pending or left.open):
            return
        await hub.note("hub.recovered", pending=len(left.pending), open=left.open, lost_attempts=left.lost)


KEEPING = "\0the texts of rules"
ADOPTING = "\0what others leave"
"""The name under which that task runs; no action is called so."""
