"""How an agent's answers reach whoever asked: as frames of the log of the event that its work follows from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from atamo_rules.hub import records
from atamo_rules.hub.agents.credentials import credential
from atamo_rules.hub.agents.masking import mask
from atamo_rules.hub.agents.said import as_reply
from atamo_rules.hub.requests.afar import part_for
from atamo_rules.hub.requests.happenings import Answered, Broke, Ended, Loaded
from atamo_rules.hub.requests.opening import rule_part, went_on
from atamo_rules.hub.requests.step import takes
from atamo_rules.hub.sharing.flight import Said
from atamo_rules.model.frame import CacheState, Frame, FrameKind
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Need, Secret
from atamo_rules.model.types import Json
from atamo_rules.model.work import Following, Work

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Declared, Generation
    from atamo_rules.hub.hub import Hub


class Answering(Struct, eq=False):
    """What an agent is given to answer with; see `hub.ports.Reply`. `given` is what the agent was handed, to be taken
    out of what it says; `live` whether it said that it had loaded: of a request that another hub keeps it is known
    nowhere else."""

    hub: Hub
    work: Work
    generation: Generation
    dropped: bool = False
    live: bool = False
    given: list[Secret] = []

    async def __call__(self, answer: Json, *, key: str = "") -> None:
        await self.said(Said(as_reply(answer), key), "miss", None)

    async def loaded(self) -> None:
        await self.said(Said(kind="loaded"), "miss", None)

    async def progress(self, news: Json) -> None:
        await self.said(Said(as_reply(news), kind="progress"), "miss", None)

    def declared(self) -> Declared | None:
        return self.generation.declared(self.work.action)

    async def credential(self, host: str = "", *, need: Need = "optional") -> Secret | None:
        secret = await credential(self.hub, self.work, host, need)
        if secret is not None:
            self.given.append(secret)
        return secret

    async def said(self, said: Said, cache: CacheState, age: float | None) -> None:
        """Keep one piece, unless its request has been over for too long."""
        if self.given:
            said = replace(said, body=mask(said.body, self.given), key=str(mask(said.key, self.given)))
        requests, work = self.hub.requests, self.work
        request = await requests.afar.seen(work.event)
        if said.kind == "loaded":
            self.live = request is not None and request.mode == "feed"
            await requests.happened(work.event, Loaded(work.action.id))
            return
        if request is not None and not takes(request):
            if not self.dropped:
                self.dropped = True
                await self.hub.note("reply.dropped", work.event, work.who, action=work.action.id)
            return
        part = part_for(request, work)
        kind: FrameKind = said.kind
        if kind == "data" and part is not None and (self.live or part.state == "live"):
            kind = "update"
        late = request is not None and request.over
        now = self.hub.clock.now()
        frame = Frame(
            work.event, kind, said.body, work.action.agent, work.action.action, said.key or None, now,
            rule=work.action.rule, cache=cache, age=age, late=late,
        )  # fmt: skip
        note = records.of_action("reply.late" if late else "reply.sent", now, work)
        seq = await self.hub.surely(lambda: self.hub.store.append([frame], [note]))
        if kind == "update":
            await requests.updated(frame, seq)
        await requests.happened(work.event, Answered(work.action.id, counts=kind != "progress"))


async def last_word(hub: Hub, work: Work, outcome: Outcome, following: Following) -> Following:
    """What the end of an attempt adds to its transaction: the answer that a feed ends with is its last frame."""
    request = await hub.requests.afar.seen(work.event)
    part = part_for(request, work)
    if part is None or not isinstance(outcome, Done) or outcome.answer is None or not _speaks(hub, work):
        return following
    assert request is not None
    frame = Frame(
        work.event, "update" if part.state == "live" else "data", outcome.answer, work.action.agent,
        work.action.action, at=hub.clock.now(), rule=work.action.rule, late=request.over,
    )  # fmt: skip
    return structs.replace(following, frames=(*following.frames, frame))


async def settled(hub: Hub, work: Work, outcome: Outcome | None, following: Following) -> None:
    """Tell a request that an action it waits for is over (`outcome` None: by its time). Its transaction is kept."""
    requests = hub.requests
    if isinstance(outcome, Again):
        return
    request = await requests.afar.seen(work.event)
    if request is None:
        return
    if work.waiting is not None:
        asked = next((one.action for one in following.work if one.waiting is not None), None)
        actions = [*following.done, *(one.action for one in following.work)]
        if request.part(rule_part(work.action.rule)) is not None:
            await requests.happened(
                work.event, *went_on(work.action.rule, actions, following.problems, asked)
            )
    elif part_for(request, work) is not None:
        spoke = isinstance(outcome, Done) and outcome.answer is not None and _speaks(hub, work)
        said = (Answered(work.action.id),) if spoke else ()
        end = Broke(work.action.id, outcome.why) if isinstance(outcome, Failed) else Ended(work.action.id)
        await requests.happened(work.event, *said, end)


async def cut_off(hub: Hub, work: Work, who: str) -> None:
    """Tell a request that somebody cancelled an action it waits for: nobody will answer."""
    part = rule_part(work.action.rule) if work.waiting is not None else work.action.id
    await hub.requests.happened(work.event, Broke(part, f"cancelled{f' by {who}' if who else ''}"))


def _speaks(hub: Hub, work: Work) -> bool:
    """Whether an agent's outcome is an answer at all: one that only writes things down has none."""
    bound = hub.retiring.under(work.event, work.rules).agents.get(work.action.agent)
    return bound is not None and getattr(bound.agent, "answers", True)
