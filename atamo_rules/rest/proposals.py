"""Rules submitted over HTTP: proposed, read, approved, rejected, withdrawn, rolled back; and tried without effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.engine.decide import decide
from atamo_rules.engine.explain import explain
from atamo_rules.hub.evaluators.owned import sees
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.history.replay import action_facts
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.proposals import code
from atamo_rules.hub.proposals.authority import ALONE, EYES, may_decide, may_see, may_submit
from atamo_rules.hub.proposals.proposal import Proposal, level_of
from atamo_rules.hub.proposals.proposals import Proposals, Refused
from atamo_rules.model.authority import Verb
from atamo_rules.model.people import Who
from atamo_rules.rest import meant
from atamo_rules.rest.access import OWN_KEYS, Access, forbidden, principal
from atamo_rules.rest.orders import order as ordered
from atamo_rules.rest.orders import unmeant
from atamo_rules.rest.pages import listed
from atamo_rules.rest.parameters import text
from atamo_rules.rest.problem import Problem, json_response
from atamo_rules.rest.told import HUBS, Told


class ProposalDoor:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    async def submit(self, request: Request) -> Response:
        """A new proposal: 201 with what was found of it, also where it was found wrong."""
        proposals, order = self._proposals(), await ordered(request, "NewProposal")
        level, who = level_of(order["level"]), principal(request)
        self._must(request, "rules.change", may_submit(who, level, self.hub().current.intake.people))
        try:
            made = await proposals.submit(
                order["level"],
                order["files"],
                who.name,
                who.user.organisation,
                order.get("about", ""),
                who.made_by,
                who.key,
            )
        except ValueError as error:
            raise unmeant(str(error), "leave out what is named, or send it in parts") from None
        except Refused as refused:
            raise _refused(refused, self.access.told(request)) from None
        return json_response(self._shown(request, made), 201, {"Location": f"/v1/proposals/{made.id}"})

    async def list(self, request: Request) -> Response:
        """Every proposal that somebody may see, the newest first, without texts and reports."""
        state, people, who = text(request, "state"), self.hub().current.intake.people, principal(request)
        found = [one for one in await self._proposals().all() if may_see(who, one, people)]
        brief = ("id", "level", "author", "at", "about", "state", "decided", "why", "base", "digest")
        return listed(
            request,
            "proposals",
            [
                {name: self._shown(request, one)[name] for name in brief}
                for one in found
                if state in ("", one.state)
            ],
        )

    async def show(self, request: Request) -> Response:
        """One proposal whole."""
        return json_response(self._shown(request, await self._one(request)))

    async def approve(self, request: Request) -> Response:
        """Put it in force. `base` is the digest it was seen against; where other rules hold by now the answer is 409
        with what was found against those."""
        proposal, order = await self._one(request), await ordered(request, "Approval", empty=True)
        self._must(request, "rules.approve", may_decide(principal(request), proposal, self._people))
        told, now, given = self.access.told(request), self.hub().current.digest, order.get("base")
        base = given or told.digest(proposal.base)
        # Rules that others changed meanwhile, which its level never meets, are nothing that it was not seen against.
        base = now if told.names(now, base) else base
        return await self._done(
            request,
            lambda: self._proposals().approve(
                proposal.id, principal(request).name, base, order.get("why", ""), principal(request).key
            ),
        )

    async def reject(self, request: Request) -> Response:
        """Close it for good, with the reason."""
        return await self._close(request, "rejected")

    async def withdraw(self, request: Request) -> Response:
        """Take one's own proposal back."""
        proposal = await self._one(request)
        if not proposal.is_by(principal(request).user):
            self._must(request, "rules.change", "only its author withdraws a proposal")
        return await self._close(request, "withdrawn")

    async def roll_back(self, request: Request) -> Response:
        """Put the texts that stood before it in force again."""
        proposal, order = await self._one(request), await ordered(request, "Word", empty=True)
        self._must(request, "rules.approve", may_decide(principal(request), proposal, self._people))
        return await self._done(
            request,
            lambda: self._proposals().roll_back(
                proposal.id, principal(request).name, order.get("why", ""), principal(request).key
            ),
        )

    async def attempt(self, request: Request) -> Response:
        """What rules would do with one event, the submitted files among them: decided, explained, and nothing else."""
        hub, who = self.hub(), principal(request)
        order = await ordered(request, "Try")
        level = level_of(order.get("level", f"user {who.name}" if who.name else "hub"))
        self._must(request, "rules.change", may_submit(who, level, self._people))
        generation, wrong = hub.current, list[str]()
        if order.get("files"):
            try:
                state, findings, wrong = await self._proposals().trials.of(level, order["files"])
            except ValueError as error:
                raise unmeant(str(error), "leave out what is named, or send it in parts") from None
            if state is None:
                return json_response({"findings": findings, "refused": wrong})
            generation = state
        try:
            return await self._tried(request, order.get("event"), generation, level, wrong)
        finally:
            await code.let_go(generation)

    async def _tried(
        self, request: Request, given: Any, generation: Generation, level: Who | None, wrong: Sequence[str]
    ) -> Response:
        """What a state of the rules would do with one event, as far as somebody may see it. Code that was submitted and
        reaches beyond its level is not asked."""
        hub, who = self.hub(), principal(request)
        taken = generation.intake.given(
            given, user=who.user if who.name else None, now=hub.clock.now(), fallback_id="try"
        )
        if taken.event is None:
            return json_response({"refused": [*wrong, *taken.refused]})
        known = {rule.id for rule in generation.ruleset.rules if _seen(self.access, request, rule, level)}
        decision = decide(generation.ruleset, taken.event)
        asked = [one for one in code.fresh(generation) if sees(one, taken.event) and not wrong]
        beside = [await code.asked(one, taken.event, generation) for one in asked]
        return json_response(
            {
                "refused": wrong,
                "digest": self.access.told(request).digest(generation.digest),
                "matched": [id for id in decision.matched if id in known],
                "actions": [action_facts(action) for action in decision.actions if action.rule in known],
                "providers": [
                    {
                        "provider": one.provider,
                        "actions": [action_facts(action) for action in one.actions],
                        "why": one.why or "; ".join(one.problems),
                    }
                    for one in beside
                ],
                "rules": [
                    {"rule": one.rule, "outcome": one.outcome, "why": one.sentence()}
                    for one in explain(generation.ruleset, taken.event, most=3)
                    if one.rule in known
                ],
            }
        )

    # --- around -----------------------------------------------------------------------------------------

    @property
    def _people(self) -> Any:
        return self.hub().current.intake.people

    def _proposals(self) -> Proposals:
        found = self.hub().proposals
        if found is None:
            raise Problem(
                409, "no-proposals", "this hub takes no rules while it runs",
                remedy="run it over a folder of rules: atamo run FOLDER",
            )  # fmt: skip
        return found

    async def _one(self, request: Request) -> Proposal:
        """The proposal that a path names; none and one of somebody else's look alike."""
        try:
            found = await self._proposals().get(str(request.path_params["id"]))
        except KeyError:
            found = None
        if found is None or not may_see(principal(request), found, self._people):
            raise Problem(
                404, "unknown-id", "there is no such proposal", remedy="GET /v1/proposals lists them"
            )
        return found

    async def _close(self, request: Request, state: str) -> Response:
        proposal, order = await self._one(request), await ordered(request, "Word", empty=True)
        if state == "rejected":
            own = proposal.is_by(principal(request).user)
            why = "" if own else may_decide(principal(request), proposal, self._people)
            self._must(request, "rules.approve", why)
        return await self._done(
            request,
            lambda: self._proposals().close(
                proposal.id, principal(request).name, state, order.get("why", ""), principal(request).key
            ),
        )

    async def _done(self, request: Request, act: Callable[[], Awaitable[Proposal]]) -> Response:
        try:
            return json_response(self._shown(request, await act()))
        except Refused as refused:
            raise _refused(refused, self.access.told(request)) from None

    def _must(self, request: Request, verb: Verb, why: str) -> None:
        """Raises Problem, 403, and has it audited, where there is a reason why not."""
        if why:
            self.access.denied(principal(request), verb, "rules", why)
            if not why.startswith(EYES):
                raise forbidden(verb)
            remedy = "have that user decide it" if why.startswith(ALONE) else "have somebody else decide it"
            if principal(request).made_by:
                remedy = OWN_KEYS
            raise Problem(403, "forbidden", "you may not do this", why, remedy)

    def _shown(self, request: Request, proposal: Proposal) -> dict[str, Any]:
        told = self.access.told(request)
        named = {"base": told.digest(proposal.base), "current": told.digest(self.hub().current.digest)}
        return {**proposal.document(), **named, "digest": _made(told, proposal)}


def _seen(access: Access, request: Request, rule: Any, level: Who | None) -> bool:
    return meant.sees_rule(access, request, rule) or (level is not None and rule.scope.owner == level)


def _made(told: Told, proposal: Proposal) -> str:
    """What the rules that a proposal makes are called: where that is not known any more, as the proposal is."""
    if told is HUBS or not proposal.digest:
        return proposal.digest
    return told.digest(proposal.digest) or proposal.id


def _refused(refused: Refused, told: Told) -> Problem:
    found = refused.proposal
    reasons = tuple(str(one) for one in found.report.get("refused", ()) or ()) if found is not None else ()  # type: ignore[union-attr]
    why, now = refused.why, told.digest(found.base) if found is not None else ""
    if found is not None and found.base:
        why = why.replace(found.base, now)
    remedies = {
        "stale": f"look at it again, and approve it with `base` {now}",
        "overtaken": "submit it anew",
    }
    return Problem(
        409,
        refused.code,
        "it cannot be done as things are",
        why,
        remedies.get(refused.code, ""),
        reasons,
    )
