"""The proposals of one hub: submitted, decided by whoever may, put in force whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.ports import TakesRules
from atamo_rules.hub.proposals import bounds, code, review
from atamo_rules.hub.proposals.proposal import (
    Proposal,
    from_document,
    level_of,
    name_of,
    resource_of,
    stands,
)
from atamo_rules.hub.proposals.trials import APPLIED, Trials, applied, over
from atamo_rules.model.audit import Kind
from atamo_rules.model.people import User
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

BUCKET = "proposals"


class Refused(Exception):
    """What was asked cannot be done as things are: a code for programs, and a sentence."""

    def __init__(self, code: str, why: str, proposal: Proposal | None = None) -> None:
        self.code, self.why, self.proposal = code, why, proposal
        super().__init__(why)


class Proposals:
    """One at a time is put in force: `changing` is held by whoever changes the rules, the watch of files too.
    `activate` puts a generation in force."""

    def __init__(
        self,
        hub: Hub,
        rules: TakesRules,
        changing: asyncio.Lock,
        activate: Callable[[Generation], Awaitable[None]],
    ) -> None:
        self.hub, self.rules, self.changing, self.activate = hub, rules, changing, activate
        self.trials = Trials(hub, rules)

    async def begin(self) -> None:
        """Put the submitted rules of before in force again. Where the files of the project no longer go with them they
        are left out, and that is told: the files of the project hold."""
        files, _ = await applied(self.hub)
        if not files:
            return
        state = await self.trials.tried(files)
        if isinstance(state, Generation):
            self.rules.take(files, state)
            await self.activate(state)
        else:
            await self.hub.note(
                "rules.rejected", digest=self.hub.current.digest, files=sorted(files),
                reasons=[f"{d.span}: {d.code.id} {d.message}" for d in state.diagnostics[:20]],
            )  # fmt: skip

    # --- submit -----------------------------------------------------------------------------------------

    async def submit(
        self,
        level: str,
        files: Mapping[str, str | None],
        author: str,
        organisation: str,
        about: str = "",
        made_by: tuple[str, ...] = (),
        key: str = "",
    ) -> Proposal:
        """Check new rule files and keep them as a proposal: `open`, or `refused` with what is wrong. Nothing is in
        force by it. `organisation` is the author's; what somebody of none submits for an organisation is for its people
        to see, and to approve. `made_by` are all others who may be its author, by the key that they came with. Raises
        ValueError for a level or file names that cannot be."""
        known, _ = await applied(self.hub)
        named = self.trials.named(level_of(level), files, known)
        tenant = organisation or resource_of(level_of(level), self.hub.current.intake.people).tenant
        at = jsonable(self.hub.clock.now())
        assert isinstance(at, str)
        base, digest, report = await self.trials.checked(level, named, known, tenant)
        proposal = Proposal(
            name_of(level, named, author, at), level, tenant, author, at, named,
            {name: known.get(name) for name in named}, base, digest, about, report,
            "open" if digest else "refused", made_by=made_by, sender=User(author, organisation=organisation).full,
        )  # fmt: skip
        if await self.hub.store.put(Put(BUCKET, proposal.id, proposal.document(), 0)) is None:
            raise Refused("again", "the same was submitted at the same moment")
        await self._tell("rules.submitted", proposal, author, key)
        await self._tell("rules.verified" if digest else "rules.refused", proposal, author, key)
        return proposal

    # --- decide -----------------------------------------------------------------------------------------

    async def approve(self, id: str, who: str, base: str, why: str = "", key: str = "") -> Proposal:
        """Put a proposal in force. `base` is the digest of the rules that whoever approves has seen it against: where
        others hold by now, it is checked against those, and Refused `stale` carries what was found. Raises KeyError for
        an id that is not there."""
        async with self.changing:
            proposal, revision = await self._get(id)
            _only(proposal, "open")
            known, revised = await applied(self.hub)
            if base != self.hub.current.digest:
                now, digest, report = await self.trials.checked(
                    proposal.level, proposal.files, known, proposal.tenant
                )
                shown = replace(proposal, base=now, digest=digest, report=report)
                raise Refused("stale", f"other rules hold by now: {now}", shown)
            level = level_of(proposal.level)
            home = resource_of(level, self.hub.current.intake.people).tenant
            if any(
                text is not None and not stands(name, level, home) for name, text in proposal.files.items()
            ):
                raise Refused("overtaken", "its level is in another organisation by now: submit it anew")
            if any(known.get(name) != text for name, text in proposal.before.items()):
                raise Refused("overtaken", "its files were changed by another proposal: submit it anew")
            alone = await self.trials.alone(level, proposal.files, known)
            for one in review.errors(alone, proposal.files):
                raise Refused(
                    "broken", f"it no longer goes with the rules of its level: {one.span}: {one.message}"
                )
            await self._force(proposal, over(known, proposal.files), revised)
            done = proposal.become("applied", who, why)
            await self.hub.store.put(Put(BUCKET, id, done.document(), revision))
        await self._tell("rules.approved", done, who, key)
        return done

    async def roll_back(self, id: str, who: str, why: str = "", key: str = "") -> Proposal:
        """Put the texts of before in force again, as long as nobody changed the files since. Raises KeyError and
        Refused."""
        async with self.changing:
            proposal, revision = await self._get(id)
            _only(proposal, "applied")
            known, revised = await applied(self.hub)
            if any(known.get(name) != text for name, text in proposal.files.items()):
                raise Refused("overtaken", "a later proposal changed its files: roll that back first")
            await self._force(proposal, over(known, proposal.before), revised)
            done = proposal.become("rolled back", who, why)
            await self.hub.store.put(Put(BUCKET, id, done.document(), revision))
        await self._tell("rules.rolled_back", done, who, key)
        return done

    async def close(self, id: str, who: str, state: Any, why: str = "", key: str = "") -> Proposal:
        """Reject or withdraw an open proposal; one that is being put in force first is. Raises KeyError, Refused."""
        async with self.changing:
            proposal, revision = await self._get(id)
            _only(proposal, "open")
            done = proposal.become(state, who, why)
            if await self.hub.store.put(Put(BUCKET, id, done.document(), revision)) is None:
                raise Refused("decided", "somebody decided it at the same moment")
        await self._tell("rules.withdrawn" if state == "withdrawn" else "rules.refused", done, who, key)
        return done

    async def _force(self, proposal: Proposal, files: Mapping[str, str], revised: int) -> None:
        """Compile, keep and activate: the texts are kept before they hold, and let go of where they cannot."""
        state = await self.trials.tried(files)
        if not isinstance(state, Generation):
            own = next(iter(review.errors(state.diagnostics, proposal.files)), None)
            level = level_of(proposal.level)
            shown = f": {own.span}: {own.message}" if own is not None and level is None else " of this hub"
            raise Refused("broken", f"it no longer goes with the rules{shown}")
        try:
            wrong = [*bounds.foreign(level_of(proposal.level), proposal.files)]
            known, _ = await applied(self.hub)
            wrong += await self.trials.beyond(level_of(proposal.level), proposal.files, known, state)
            if wrong:
                raise Refused("beyond", wrong[0])
            if await self.hub.store.put(Put(*APPLIED, dict(files), revised)) is None:
                raise Refused("stale", "the submitted rules were changed at the same moment")
        except BaseException:
            await code.let_go(state)
            raise
        self.rules.take(files, state)
        await self.activate(state)

    # --- look -------------------------------------------------------------------------------------------

    async def all(self) -> list[Proposal]:
        """Every proposal, the newest first."""
        entries = await self.hub.store.entries(BUCKET)
        found = [from_document(entry.value) for entry in entries]
        return sorted(found, key=lambda one: (one.at, one.id), reverse=True)

    async def get(self, id: str) -> Proposal:
        """One of them. Raises KeyError."""
        return (await self._get(id))[0]

    async def _get(self, id: str) -> tuple[Proposal, int]:
        entry = await self.hub.store.get(BUCKET, id)
        if entry is None:
            raise KeyError(id)
        return from_document(entry.value), entry.revision

    async def _tell(self, kind: Kind, proposal: Proposal, who: str, key: str) -> None:
        """Record a step, with the key of whoever took it; and hand it in as an event, where the rules know one of that
        name."""
        what: dict[str, Any] = {
            "proposal": proposal.id, "level": proposal.level, "author": proposal.author, "base": proposal.base,
            "made": proposal.digest, "why": proposal.why,
        }  # fmt: skip
        await self.hub.note(kind, who=who, **what, author_made_by=list(proposal.made_by), key=key)
        name = f"atamo.{kind}"
        if name in self.hub.current.ruleset.events:
            data: dict[str, Json] = {**what, "who": who, "tenant": proposal.tenant, "about": proposal.about}
            await self.hub.submit_json(data, type_name=name, key=f"{kind}:{proposal.id}:{proposal.state}")


def _only(proposal: Proposal, state: str) -> None:
    if proposal.state != state:
        raise Refused("decided", f"it is {proposal.state}, by {proposal.decided or 'the check'}", proposal)
