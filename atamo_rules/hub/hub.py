"""The path of one event, top to bottom: accept, decide, record, perform, settle, reply.

No step calls back into an earlier one. The rules are read once, when an event comes in; what it started under it
finishes under, whatever is swapped meanwhile.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from atamo_rules.hub.generation import Generation
from atamo_rules.hub.intake import Taken
from atamo_rules.hub.perform import Performer
from atamo_rules.hub.ports import Auditor, Store
from atamo_rules.hub.progress import Progress
from atamo_rules.hub.retire import Retiring
from atamo_rules.model.audit import AuditRecord, Kind
from atamo_rules.model.decision import Action, Fired
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.types import Json

HOPS = 16
"""How many times events may follow from events before the chain is cut, audited."""

MOST_UNDER_WAY = 10_000
"""Actions under way at once; beyond it clients are told to come back, so that memory stays bounded."""


class Hub:
    """The central engine. One generation of rules at a time; everything it does is told to the auditor."""

    def __init__(self, first: Generation, store: Store, auditors: Sequence[Auditor] = ()) -> None:
        self.retiring = Retiring(first)
        self.store = store
        self.auditors = tuple(auditors)
        self.accepting = True
        self.position = 0
        self.progress = Progress(self._finished, self._fault)
        self.performer = Performer(self)

    @property
    def current(self) -> Generation:
        """The generation in force."""
        return self.retiring.current

    @property
    def busy(self) -> bool:
        """Whether so much is under way that nothing more is taken for now."""
        return len(self.progress.tasks) >= MOST_UNDER_WAY

    # --- accept -----------------------------------------------------------------------------------------

    async def submit(
        self, raw: bytes, *, type_name: str | None = None, user: User | None = None
    ) -> tuple[Taken, bool]:
        """Take one message; the second value says that its id was known already. Never raises on its bytes."""
        generation = self.current
        taken = generation.intake.take(raw, type_name=type_name, user=user, now=_now())
        return await self.enter(taken, generation)

    async def submit_json(
        self, value: Json, *, type_name: str | None = None, user: User | None = None
    ) -> tuple[Taken, bool]:
        """As `submit`, for a message that was read already."""
        generation = self.current
        taken = generation.intake.given(value, type_name=type_name, user=user, now=_now())
        return await self.enter(taken, generation)

    async def enter(self, taken: Taken, generation: Generation) -> tuple[Taken, bool]:
        """Keep what was taken, then decide it."""
        event = taken.event
        if event is None:
            self.tell("event.refused", taken.id, reasons=list(taken.refused))
            return taken, False
        known = await self.store.accept(event, decided=taken.decided, reasons=taken.reasons)
        who = event.who
        if known == "other":
            self.tell("event.refused", event.id, who, reasons=[_OTHER])
            return Taken(event.id, None, (_OTHER,), status=409, code="conflict"), True
        if known == "same":
            self.tell("event.duplicate", event.id, who)
            return taken, True
        self.tell(
            "event.accepted", event.id, who, type=event.type, source=event.source, conforms=event.conforms
        )
        if not taken.decided:
            self.tell("event.quarantined", event.id, who, reasons=list(taken.reasons))
            return taken, False
        await self.decide(event, generation)
        return taken, False

    # --- decide, record ---------------------------------------------------------------------------------

    async def decide(self, event: Event, generation: Generation) -> None:
        """Decide, keep the decision, and let the actions begin."""
        self.retiring.enter(event.id, generation)
        decision = generation.decide(event)
        await self.store.record(decision)
        self.tell(
            "event.decided",
            event.id,
            event.who,
            digest=decision.digest,
            matched=list(decision.matched),
            shadow=[fired.rule for fired in decision.fired if fired.shadow],
            stopped_by=decision.stopped_by,
            problems=[problem for fired in decision.fired for problem in fired.problems],
        )
        with self.progress.of(event.id):
            for fired in decision.fired:
                if not fired.shadow:
                    self.begin(fired, event, generation)

    def begin(self, fired: Fired, event: Event, generation: Generation) -> None:
        """Start a rule's actions, each on its own; the last may be an `ask` that the rest waits for."""
        for action in fired.actions:
            asked = fired.waiting is not None and fired.waiting.action_id == action.id
            self.progress.begin(event.id, self.one(action, fired, event, generation, asked))

    async def one(
        self, action: Action, fired: Fired, event: Event, generation: Generation, asked: bool
    ) -> None:
        """One action from beginning to end."""
        if action.verb == "emit":
            await self.emit(action, event)
        elif action.verb == "reply":
            await self.store.reply(event.id, action.body, action.error)
            self.tell(
                "reply.sent", event.id, event.who, rule=action.rule, action=action.id, error=action.error
            )
        else:
            done, answer = await self.performer.perform(action, event, generation)
            if asked and fired.waiting is not None:
                following = generation.resume(event, fired.waiting, answer, timeout=not done)
                await self.store.resumed(event.id, following)
                self.tell(
                    "rule.resumed",
                    event.id,
                    event.who,
                    rule=following.rule,
                    answered=done,
                    digest=generation.digest,
                    problems=list(following.problems),
                )
                self.begin(following, event, generation)

    async def emit(self, action: Action, event: Event) -> None:
        """An emitted event comes in by the same door as any other, under the rules of now."""
        if event.hops + 1 > HOPS:
            self.tell("event.hops", event.id, event.who, rule=action.rule, type=action.action, limit=HOPS)
            return
        generation = self.current
        taken = generation.intake.enter(
            action.action, action.body, action.id, f"rule:{action.rule}", event.at, event.user
        )
        if taken.event is not None:
            made = taken.event
            hopped = Event(
                made.id, made.type, made.body, made.at, made.user, made.source, made.conforms, event.hops + 1
            )
            taken = Taken(taken.id, hopped, (), taken.reasons, taken.decided)
        await self.enter(taken, generation)

    # --- around -----------------------------------------------------------------------------------------

    def swap(self, generation: Generation) -> None:
        """Put a whole new generation in force; one assignment, between events."""
        self.retiring.swap(generation)
        self.tell("rules.activated", digest=generation.digest, rules=len(generation.ruleset.rules))

    def tell(self, kind: Kind, event: str = "", who: str = "", **what: Any) -> None:
        """Tell every auditor one step. One that raises is left out of this step, and says so on standard error."""
        self.position += 1
        record = AuditRecord(self.position, _now(), kind, event, who, what)
        for auditor in self.auditors:
            try:
                auditor.tell(record)
            except Exception as error:  # somebody's plug-in
                sys.stderr.write(f"atamo: an auditor failed: {type(error).__name__}: {error}\n")

    async def _finished(self, event: str) -> None:
        await self.store.finish(event)
        self.retiring.leave(event)
        self.tell("event.finished", event)

    def _fault(self, event: str, error: BaseException) -> None:
        self.tell("action.failed", event, why=f"a fault of the hub: {type(error).__name__}: {error}")

    async def wait(self, event: str, seconds: float) -> None:
        """Come back when everything that follows from an event is over, at the latest after `seconds`."""
        await self.progress.wait(event, seconds)

    async def room(self) -> None:
        """Come back when there is room for another message."""
        while self.busy:
            await asyncio.sleep(0.01)

    async def drain(self, seconds: float) -> int:
        """Take nothing more and wait for what runs; gives how many actions were left unfinished."""
        self.accepting = False
        return await self.progress.drain(seconds)


_OTHER = "an event of this id, with other content, was taken before"


def _now() -> datetime:
    return datetime.now(UTC)
