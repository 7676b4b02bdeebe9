"""The proposals of one hub: submitted and checked, decided by whoever may, put in force whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.ports import Rejected, TakesRules
from atamo_rules.hub.proposals import bounds, code, review
from atamo_rules.hub.proposals.proposal import (
    CODE,
    Files,
    Proposal,
    from_document,
    full_names,
    known_to,
    level_of,
    moved,
    name_of,
    resource_of,
    stands,
)
from atamo_rules.model.audit import Kind
from atamo_rules.model.people import Who
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put
from atamo_rules.source.diagnostic import Diagnostic

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

BUCKET = "proposals"
APPLIED = ("submitted", "files")
"""Where the store keeps the submitted files that are in force, all of them under one revision."""


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

    async def begin(self) -> None:
        """Put the submitted rules of before in force again. Where the files of the project no longer go with them they
        are left out, and that is told: the files of the project hold."""
        files, _ = await self._applied()
        if not files:
            return
        state = await self.tried(files)
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
        tenant: str,
        about: str = "",
        made_by: tuple[str, ...] = (),
        key: str = "",
    ) -> Proposal:
        """Check new rule files and keep them as a proposal: `open`, or `refused` with what is wrong. Nothing is in
        force by it. `made_by` are all others who may be its author, by the key that they came with. Raises ValueError
        for a level or file names that cannot be."""
        known, _ = await self._applied()
        named = self.named(level_of(level), files, known)
        at = jsonable(self.hub.clock.now())
        assert isinstance(at, str)
        base, digest, report = await self._checked(level, named, known, tenant)
        proposal = Proposal(
            name_of(level, named, author, at), level, tenant, author, at, named,
            {name: known.get(name) for name in named}, base, digest, about, report,
            "open" if digest else "refused", made_by=made_by,
        )  # fmt: skip
        if await self.hub.store.put(Put(BUCKET, proposal.id, proposal.document(), 0)) is None:
            raise Refused("again", "the same was submitted at the same moment")
        await self._tell("rules.submitted", proposal, author, key)
        await self._tell("rules.verified" if digest else "rules.refused", proposal, author, key)
        return proposal

    def named(
        self, level: Who | None, files: Mapping[str, str | None], known: Mapping[str, str]
    ) -> dict[str, str | None]:
        """Files of a level by their full names, and those of it that move. Raises ValueError."""
        home = resource_of(level, self.hub.current.intake.people).tenant
        named = full_names(level, files, home)
        return {**moved(level, known, home), **named}

    async def _checked(
        self, level: str, named: Mapping[str, str | None], known: Mapping[str, str], tenant: str
    ) -> tuple[str, str, dict[str, Json]]:
        """The digest of the rules in force, of those it would make ("": none), and the report."""
        base, whose = self.hub.current, level_of(level)
        wrong = list(bounds.foreign(whose, named))
        alone = await self._alone(whose, named, known)
        report: dict[str, Json] = {"findings": review.findings(alone, named)}
        if review.errors(alone, named) or bounds.declares(whose, named):
            report["refused"] = list(wrong)
            return base.digest, "", report
        state = await self.tried(_over(known, named))
        report["findings"] = review.together(alone, state, named)
        if isinstance(state, Generation):
            wrong += await self._beyond(whose, named, known, state)
        report["refused"] = list(wrong)
        if not isinstance(state, Generation):
            return base.digest, "", report
        try:
            if wrong:
                return base.digest, "", report
            recent = await review.recent(self.hub, tenant)
            await self.hub.numbering.keep(state)
            report["rules"] = review.changes(base.ruleset, state.ruleset)
            report["impact"] = await review.impact(self.hub, recent, state.ruleset)
            if any(name.endswith(CODE) for name in named):
                report["code"] = await code.impact(self.hub, state, [event for event, _ in recent])
            return base.digest, state.digest, report
        finally:
            await code.let_go(state)

    # --- decide -----------------------------------------------------------------------------------------

    async def approve(self, id: str, who: str, base: str, why: str = "", key: str = "") -> Proposal:
        """Put a proposal in force. `base` is the digest of the rules that whoever approves has seen it against: where
        others hold by now, it is checked against those, and Refused `stale` carries what was found. Raises KeyError for
        an id that is not there."""
        async with self.changing:
            proposal, revision = await self._get(id)
            _only(proposal, "open")
            known, applied = await self._applied()
            if base != self.hub.current.digest:
                now, digest, report = await self._checked(
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
            alone = await self._alone(level, proposal.files, known)
            for one in review.errors(alone, proposal.files):
                raise Refused(
                    "broken", f"it no longer goes with the rules of its level: {one.span}: {one.message}"
                )
            await self._force(proposal, _over(known, proposal.files), applied)
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
            known, applied = await self._applied()
            if any(known.get(name) != text for name, text in proposal.files.items()):
                raise Refused("overtaken", "a later proposal changed its files: roll that back first")
            await self._force(proposal, _over(known, proposal.before), applied)
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

    async def _force(self, proposal: Proposal, files: Mapping[str, str], applied: int) -> None:
        """Compile, keep and activate: the texts are kept before they hold, and let go of where they cannot."""
        state = await self.tried(files)
        if not isinstance(state, Generation):
            own = next(iter(review.errors(state.diagnostics, proposal.files)), None)
            level = level_of(proposal.level)
            shown = f": {own.span}: {own.message}" if own is not None and level is None else " of this hub"
            raise Refused("broken", f"it no longer goes with the rules{shown}")
        try:
            wrong = [*bounds.foreign(level_of(proposal.level), proposal.files)]
            known, _ = await self._applied()
            wrong += await self._beyond(level_of(proposal.level), proposal.files, known, state)
            if wrong:
                raise Refused("beyond", wrong[0])
            if await self.hub.store.put(Put(*APPLIED, dict(files), applied)) is None:
                raise Refused("stale", "the submitted rules were changed at the same moment")
        except BaseException:
            await code.let_go(state)
            raise
        self.rules.take(files, state)
        await self.activate(state)

    async def trial(
        self, level: Who | None, files: Mapping[str, str | None]
    ) -> tuple[Generation | None, list[Json], list[str]]:
        """The state of the rules with these files, or what is wrong with them; and in what they reach beyond their
        level. Nothing is kept. Whoever asked lets go of what the state has started. Raises ValueError for file names
        that cannot be."""
        known, _ = await self._applied()
        named = self.named(level, files, known)
        wrong = list(bounds.foreign(level, named))
        alone = await self._alone(level, named, known)
        if review.errors(alone, named) or bounds.declares(level, named):
            return None, review.findings(alone, named), wrong
        state = await self.tried(_over(known, named))
        if not isinstance(state, Generation):
            return None, review.together(alone, state, named), wrong
        return state, [], await self._beyond(level, named, known, state)

    async def _beyond(
        self, level: Who | None, named: Files, known: Mapping[str, str], state: Generation
    ) -> list[str]:
        """A sentence for each way in which files reach beyond their level, in the state of the rules with them."""
        wrong = list(bounds.beyond(level, named, state.ruleset))
        if bounds.touches(level, named, self.hub.current.ruleset, state.ruleset):
            # It may be an edit of the project that is not in force yet.
            without = await self.tried(known)
            if isinstance(without, Generation):
                if bounds.touches(level, named, without.ruleset, state.ruleset):
                    wrong.append(
                        "names that these files declare mean something to rules of others: choose other names"
                    )
                await code.let_go(without)
        return wrong

    async def _alone(
        self, level: Who | None, named: Mapping[str, str | None], known: Mapping[str, str]
    ) -> tuple[Diagnostic, ...]:
        """What is found of files beside those alone whose names they may use. Code is not begun for that."""
        whole = _over(known_to(level, known, self.hub.current.intake.people), named)
        rules = {name: text for name, text in whole.items() if not name.endswith(CODE)}
        found = (await self.tried(rules)).diagnostics
        return tuple(one for one in found if one.span.source.name in named)

    async def tried(self, files: Mapping[str, str]) -> Generation | Rejected:
        """The state of the rules with these submitted files in place of all there are."""
        return await asyncio.to_thread(self.rules.tried, files)

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

    async def _applied(self) -> tuple[dict[str, str], int]:
        entry = await self.hub.store.get(*APPLIED)
        if entry is None or not isinstance(entry.value, Mapping):
            return {}, 0
        return {str(name): str(text) for name, text in entry.value.items()}, entry.revision

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


def _over(known: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str]:
    """Files with some of them written anew, or taken away."""
    whole = {**known, **change}
    return {name: text for name, text in sorted(whole.items()) if text is not None}


def _only(proposal: Proposal, state: str) -> None:
    if proposal.state != state:
        raise Refused("decided", f"it is {proposal.state}, by {proposal.decided or 'the check'}", proposal)
