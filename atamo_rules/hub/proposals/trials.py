"""What the rules would be with submitted files, and what is found of that: tried as often as wished, never kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from atamo_rules.hub.generation import Generation
from atamo_rules.hub.ports import Rejected, TakesRules
from atamo_rules.hub.proposals import bounds, code, review
from atamo_rules.hub.proposals.proposal import (
    CODE,
    Files,
    full_names,
    known_to,
    level_of,
    moved,
    resource_of,
)
from atamo_rules.model.people import Who
from atamo_rules.model.types import Json
from atamo_rules.source.diagnostic import Diagnostic

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub

APPLIED = ("submitted", "files")
"""Where the store keeps the submitted files that are in force, all of them under one revision."""


class Trials:
    """Files beside those that are in force, compiled with all others as they would hold, by themselves, and without."""

    def __init__(self, hub: Hub, rules: TakesRules) -> None:
        self.hub, self.rules = hub, rules

    def named(
        self, level: Who | None, files: Mapping[str, str | None], known: Mapping[str, str]
    ) -> dict[str, str | None]:
        """Files of a level by their full names, and those of it that move. Raises ValueError."""
        home = resource_of(level, self.hub.current.intake.people).tenant
        named = full_names(level, files, home)
        return {**moved(level, known, home), **named}

    async def checked(
        self, level: str, named: Mapping[str, str | None], known: Mapping[str, str], tenant: str
    ) -> tuple[str, str, dict[str, Json]]:
        """The digest of the rules in force, of those it would make ("": none), and the report."""
        base, whose = self.hub.current, level_of(level)
        wrong = list(bounds.foreign(whose, named))
        alone = await self.alone(whose, named, known)
        report: dict[str, Json] = {"findings": review.findings(alone, named)}
        if review.errors(alone, named) or bounds.declares(whose, named):
            report["refused"] = list(wrong)
            return base.digest, "", report
        state = await self.tried(over(known, named))
        report["findings"] = review.together(alone, state, named)
        if isinstance(state, Generation):
            wrong += await self.beyond(whose, named, known, state)
        report["refused"] = list(wrong)
        if not isinstance(state, Generation):
            return base.digest, "", report
        try:
            if wrong:
                return base.digest, "", report
            recent = await review.recent(self.hub, tenant)
            await self.hub.numbering.keep(state)
            proofs = await asyncio.to_thread(review.proofs, state, named)
            report["findings"] = [*review.together(alone, state, named), *proofs]
            report["rules"] = await asyncio.to_thread(review.changes, base.ruleset, state.ruleset)
            report["impact"] = await review.impact(self.hub, recent, state.ruleset)
            if any(name.endswith(CODE) for name in named):
                report["code"] = await code.impact(self.hub, state, [event for event, _ in recent])
            return base.digest, state.digest, report
        finally:
            await code.let_go(state)

    async def of(
        self, level: Who | None, files: Mapping[str, str | None]
    ) -> tuple[Generation | None, list[Json], list[str]]:
        """The state of the rules with these files, or what is wrong with them; and in what they reach beyond their
        level. Nothing is kept. Whoever asked lets go of what the state has started. Raises ValueError for file names
        that cannot be."""
        known, _ = await applied(self.hub)
        named = self.named(level, files, known)
        wrong = list(bounds.foreign(level, named))
        alone = await self.alone(level, named, known)
        if review.errors(alone, named) or bounds.declares(level, named):
            return None, review.findings(alone, named), wrong
        state = await self.tried(over(known, named))
        if not isinstance(state, Generation):
            return None, review.together(alone, state, named), wrong
        return state, [], await self.beyond(level, named, known, state)

    async def beyond(
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

    async def alone(
        self, level: Who | None, named: Mapping[str, str | None], known: Mapping[str, str]
    ) -> tuple[Diagnostic, ...]:
        """What is found of files beside those alone whose names they may use. Code is not begun for that."""
        whole = over(known_to(level, known, self.hub.current.intake.people), named)
        rules = {name: text for name, text in whole.items() if not name.endswith(CODE)}
        found = (await self.tried(rules)).diagnostics
        return tuple(one for one in found if one.span.source.name in named)

    async def tried(self, files: Mapping[str, str]) -> Generation | Rejected:
        """The state of the rules with these submitted files in place of all there are."""
        return await asyncio.to_thread(self.rules.tried, files)


async def applied(hub: Hub) -> tuple[dict[str, str], int]:
    """The submitted files that are in force, by their names, and under which revision the store has them."""
    entry = await hub.store.get(*APPLIED)
    if entry is None or not isinstance(entry.value, Mapping):
        return {}, 0
    return {str(name): str(text) for name, text in entry.value.items()}, entry.revision


def over(known: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str]:
    """Files with some of them written anew, or taken away."""
    whole = {**known, **change}
    return {name: text for name, text in sorted(whole.items()) if text is not None}
