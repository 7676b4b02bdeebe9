"""Dead letters over HTTP: what was given up, why, and what an operator does about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.hub import Hub
from atamo_rules.model.authority import Resource, Verb
from atamo_rules.model.types import Json
from atamo_rules.model.work import DeadLetter, Selector, Work
from atamo_rules.people.decide import everywhere
from atamo_rules.rest import meant
from atamo_rules.rest.access import Access, principal
from atamo_rules.rest.bodies import LARGEST
from atamo_rules.rest.meant import of_event
from atamo_rules.rest.orders import order as ordered
from atamo_rules.rest.pages import next_link
from atamo_rules.rest.parameters import text, whole
from atamo_rules.rest.problem import Problem, json_response
from atamo_rules.rest.told import HUBS, Told

FEW, MOST = 100, 1000
LONGEST = 1 << 53
WHICH = ("event", "action", "agent", "rule", "organisation", "error")


class Dead:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access

    async def list(self, request: Request) -> Response:
        """Dead letters that fit, oldest first, and how many there are of each agent and class of error."""
        which = self._selector(request, {name: text(request, name) for name in WHICH})
        limit = whole(request, "limit", FEW, MOST) or 1
        told = self.access.told(request)
        after, letters = told.into(whole(request, "after", 0, LONGEST)), list[DeadLetter]()
        end = False
        while len(letters) < limit and not end:
            page = await self.hub().store.dead(which, after, limit - len(letters))
            end = len(page) < limit - len(letters)
            after = page[-1].number if page else after
            letters += [letter for letter in page if await self._seen(request, letter)]
        groups = await self._groups(request)
        return json_response(
            {
                "letters": [letter_json(letter, told) for letter in letters],
                "cursor": told.out(letters[-1].number) if letters else None,
                "end": end,
                "groups": [
                    {"agent": agent, "error": error, "count": count}
                    for (agent, error), count in sorted(groups.items(), key=lambda one: (-one[1], one[0]))
                ],
            },
            headers=next_link(request, told.out(letters[-1].number)) if letters and not end else None,
        )

    async def show(self, request: Request) -> Response:
        """One dead letter with its message and every reason."""
        letter = await self._letter(request, int(request.path_params["number"]), "dead.read")
        return json_response(letter_json(letter, self.access.told(request), whole=True))

    async def redrive(self, request: Request) -> Response:
        """Have dead letters done again, those that are there now and no other; with `dry_run` only say which."""
        hub, order, told = self.hub(), await ordered(request, "Redrive", LARGEST), self.access.told(request)
        which, upto = await self._which(request, order)
        if "body" in order:
            _fits(hub.current, await self._letter(request, order["number"], "work.operate"), order["body"])
        if order.get("dry_run") is True:
            meant: list[DeadLetter] = []
            async for letter in self._theirs(request, which, upto):
                if len(meant) == MOST:
                    break
                meant.append(letter)
            return json_response({"redriven": 0, "letters": [letter_json(one, told) for one in meant]})
        count, who = 0, principal(request).name or str(order.get("by", ""))
        async for one in self._each(request, which, upto):
            count += await hub.redrive(one, upto, _edit(order), who)
        return json_response({"redriven": count, "upto": told.out(upto)})

    async def discard(self, request: Request) -> Response:
        """Take dead letters away for good."""
        order = await ordered(request, "Discard", LARGEST)
        which, upto = await self._which(request, order)
        count, who = 0, principal(request).name or str(order.get("by", ""))
        async for one in self._each(request, which, upto):
            count += await self.hub().store.discard(one, upto, who)
        return json_response({"discarded": count, "upto": self.access.told(request).out(upto)})

    # --- whose they are ---------------------------------------------------------------------------------

    async def _seen(self, request: Request, letter: DeadLetter, verb: Verb = "dead.read") -> bool:
        """Whether somebody may see a dead letter, or do more with it: it belongs to whoever its message belongs to."""
        return everywhere(principal(request), verb) or self.access.sees(request, verb, await self._of(letter))

    async def _of(self, letter: DeadLetter) -> Resource:
        event = await self.hub().store.event(letter.work.event)
        return (
            of_event(event)
            if event is not None
            else Resource("letter", letter.work.organisation, letter.work.who)
        )

    async def _each(self, request: Request, which: Selector, upto: int) -> AsyncIterator[Selector]:
        """What an order is carried out on: all at once for who may do it to everything, else letter by letter."""
        if everywhere(principal(request), "work.operate"):
            yield which
            return
        async for letter in self._theirs(request, which, upto):
            yield Selector(action=letter.work.action.id)

    async def _theirs(self, request: Request, which: Selector, upto: int) -> AsyncIterator[DeadLetter]:
        """The letters up to a number that somebody may operate, oldest first."""
        after = 0
        while page := await self.hub().store.dead(which, after, MOST):
            after = page[-1].number
            for letter in page:
                if letter.number <= upto and await self._seen(request, letter, "work.operate"):
                    yield letter

    async def _groups(self, request: Request) -> Mapping[tuple[str, str], int]:
        """How many somebody may see, by agent and class of error."""
        store = self.hub().store
        if everywhere(principal(request), "dead.read"):
            return await store.dead_groups()
        after, counts = 0, Counter[tuple[str, str]]()
        while page := await store.dead(Selector(), after, MOST):
            after = page[-1].number
            for letter in page:
                if await self._seen(request, letter):
                    counts[letter.work.action.agent, letter.error] += 1
        return counts

    async def _letter(self, request: Request, told: int, verb: Verb) -> DeadLetter:
        """The letter of a number that somebody was told. Raises Problem."""
        number = self.access.told(request).perhaps(told)
        page = await self.hub().store.dead(Selector(), max(0, number - 1), 1)
        letter = page[0] if page and page[0].number == number else None
        if letter is None:
            await self.hub().store.event("")  # as for one that is there: the time it takes must not tell
        if letter is None or not await self.access.may(request, verb, await self._of(letter)):
            raise Problem(
                404, "unknown-letter", f"there is no dead letter {told}",
                remedy="it was redriven or discarded, or never was; GET /v1/dead lists them",
            )  # fmt: skip
        return letter

    def _selector(self, request: Request, said: Mapping[str, str]) -> Selector:
        """What somebody asks for; a rule by the name that they have for it."""
        return Selector(**{**said, "rule": meant.rule_named(self.access, request, said.get("rule", ""))})

    async def _which(self, request: Request, order: Mapping[str, Any]) -> tuple[Selector, int]:
        """What an order is about, and the last number there is now: what comes later is none of it."""
        if "number" in order:
            letter = await self._letter(request, order["number"], "work.operate")
            return Selector(action=letter.work.action.id), letter.number
        which = self._selector(request, order["which"])
        if "upto" in order:
            return which, self.access.told(request).into(order["upto"])
        upto = after = 0
        while page := await self.hub().store.dead(which, after, MOST):
            after = page[-1].number
            for letter in reversed(page):  # the last that they see: what others gave up moves it no further
                if await self._seen(request, letter, "work.operate"):
                    upto = letter.number
                    break
        return which, upto


def letter_json(letter: DeadLetter, told: Told = HUBS, *, whole: bool = False) -> dict[str, Json]:
    """A dead letter as JSON, as somebody is told it; `whole` with its message and the reason of every attempt."""
    work, action = letter.work, letter.work.action
    shown: dict[str, Json] = {
        "number": told.out(letter.number),
        "at": jsonable(letter.at),
        "event": work.event,
        "rule": action.rule,
        "because": action.because,
        "provider": action.provider,
        "action": action.id,
        "verb": action.verb,
        "target": action.target,
        "agent": action.agent,
        "who": work.who,
        "error": letter.error,
        "why": letter.why,
        "attempts": letter.attempts,
    }
    if whole:
        shown |= {"body": action.body, "errors": list(letter.errors)}
    return shown


def _edit(order: Mapping[str, Any]) -> Callable[[Work], Work | None] | None:
    if "body" not in order:
        return None
    body = order["body"]
    return lambda work: replace(work, action=replace(work.action, body=body))


def _fits(generation: Generation, letter: DeadLetter, body: Json) -> None:
    """Whether a body may be sent by this action. Raises Problem."""
    reasons = generation.asked(letter.work.action, body)
    if reasons:
        raise Problem(
            422, "invalid", f"the body does not fit `{letter.work.action.target}`", "; ".join(reasons)[:2000],
            "mend what `reasons` names", reasons,
        )  # fmt: skip
