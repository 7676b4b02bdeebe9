"""The request's state machine: (request, what happened, now) to (request, what follows). Nothing here waits or writes.

accepted → routed → partial → complete | degraded | failed | cancelled | expired; a feed is live after its loads. Clocks
that have run out by `now` are always applied first, so that the outcome never depends on who looked when.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from atamo_rules.hub.requests.happenings import (
    Answered,
    Append,
    Asked,
    Broke,
    Cancelled,
    Effect,
    Ended,
    Forget,
    Happened,
    Heard,
    Loaded,
    More,
    Routed,
    Stop,
    Tick,
    Turned,
)
from atamo_rules.hub.requests.request import Part, Request, State
from atamo_rules.model.frame import Frame, FrameKind
from atamo_rules.model.types import Json

MOST_LATE = 100
"""Late answers kept; an agent that goes on after everybody left fills nobody's memory."""


def takes(request: Request) -> bool:
    """Whether one more answer is kept: yes until the end, and some that come late."""
    return not request.over or (request.late < MOST_LATE and not request.forgotten)


Step: TypeAlias = "tuple[Request, tuple[Effect, ...]]"


def opened(request: Request) -> Step:
    """A request at its beginning."""
    return replace(request, heard=request.opened), (Turned("accepted"),)


def step(request: Request, happened: Happened, now: float) -> Step:
    """What a request becomes, and what follows from it. `now` is in seconds since 1970 and never goes back."""
    request, effects = _clocks(request, now)
    match happened:
        case Tick():
            return request, effects
        case Heard():
            return replace(request, heard=max(request.heard, now)), effects
        case Cancelled():
            request, more = _over(request, "cancelled", happened.why, now)
        case Routed():
            request, more = _routed(request, happened.parts, now)
        case Asked():
            request, more = _asked(request, happened), ()
        case More():
            request, more = _more(request, happened.parts)
        case Answered():
            request, more = _answered(request, happened, now)
        case _:
            request, more = _settled(request, happened, now)
    return request, (*effects, *more)


def _clocks(request: Request, now: float) -> Step:
    """Every clock that has run out by now, the earliest first."""
    effects: tuple[Effect, ...] = ()
    policy, clocks = request.policy, request.clocks
    if not request.over:
        ends: list[tuple[float, str]] = []
        if request.state != "live":
            if (
                policy.kind == "deadline"
            ):  # the first of two at one moment counts: what is there then is the answer
                ends.append((request.opened + policy.seconds, "policy"))
            ends.append((request.opened + clocks.deadline, "deadline"))
        if request.mode == "feed":
            ends.append((request.heard + clocks.keep_alive, "keep_alive"))
        at, clock = min(ends, key=lambda end: end[0])
        if now >= at:
            request, effects = _ran_out(request, clock, at)
    if request.ended is not None and not request.forgotten and now >= request.ended + clocks.retain:
        request, effects = replace(request, forgotten=True), (*effects, Forget())
    return request, effects


def _ran_out(request: Request, clock: str, at: float) -> Step:
    if clock == "keep_alive":
        return _over(request, "expired", f"nobody read for {request.clocks.keep_alive:g} seconds", at)
    if clock == "policy":
        if request.answered:
            return _satisfied(request, at)
        return _over(request, "expired", f"no answer by {request.policy.seconds:g} seconds", at)
    why = f"no answer within {request.clocks.deadline:g} seconds"
    stopped = tuple(part.id for part in request.missing)
    parts = tuple(replace(p, state="failed", why=why) if p.state == "waiting" else p for p in request.parts)
    request = replace(request, parts=parts)
    if not request.answered:
        ended, effects = _over(request, "expired", why, at)
    elif any(part.state == "live" for part in parts):
        ended, effects = _satisfied(request, at)
    else:
        ended, effects = _over(request, "degraded", why, at)
    return ended, (Stop(stopped), *effects) if stopped else effects


def _routed(request: Request, parts: tuple[Part, ...], now: float) -> Step:
    if request.state != "accepted":
        return request, (Stop(tuple(part.id for part in parts)),) if request.over and parts else ()
    request = replace(request, parts=parts, state="routed")
    if not parts:
        ended, effects = _over(request, "complete", "", now)
        return ended, (Turned("routed"), *effects)
    return request, (Turned("routed"),)


def _asked(request: Request, asked: Asked) -> Request:
    part = request.part(asked.part)
    if request.over or part is None or part.over:
        return request
    return _with(request, replace(part, agent=asked.agent, action=asked.action, asks=asked.asks))


def _more(request: Request, parts: tuple[Part, ...]) -> Step:
    if request.over:
        return request, (Stop(tuple(part.id for part in parts)),) if parts else ()
    return replace(request, parts=(*request.parts, *parts)), ()


def _answered(request: Request, answered: Answered, now: float) -> Step:
    part = request.part(answered.part)
    if request.over:
        return replace(request, late=request.late + 1), ()
    if part is None or not answered.counts:
        return request, ()
    return _progressed(_with(request, replace(part, answers=part.answers + 1)), now)


def _settled(request: Request, happened: Loaded | Ended | Broke, now: float) -> Step:
    part = request.part(happened.part)
    if request.over or part is None or part.over:
        return request, ()
    effects: tuple[Effect, ...] = ()
    match happened:
        case Loaded():
            live = request.mode == "feed"
            if not live:  # Whoever loads once has it all: the agent need not go on.
                effects = (Stop((part.id,)),)
            part = replace(part, state="live" if live else "answered")
        case Ended():
            part = replace(part, state="answered")
        case Broke(why=why, told=told):
            part = replace(part, state="failed", why=why)
            effects = () if told else (Append(_frame(request, part, "error", why)),)
    if part.over and part.feed and request.mode == "feed":
        effects = (*effects, Append(_frame(request, part, "end", None)))
    request, more = _progressed(_with(request, part), now)
    return request, (*effects, *more)


def _frame(request: Request, part: Part, kind: FrameKind, body: Json) -> Frame:
    return Frame(request.id, kind, body, part.agent, part.action, rule=part.rule)


def _progressed(request: Request, now: float) -> Step:
    """Whether the request goes on to another state, now that a part did something."""
    given = sum(part.answers > 0 for part in request.parts)
    if request.state == "live":
        if all(part.over for part in request.parts):
            return _over(request, *_outcome(request), now)
        return request, ()
    if request.policy.enough(given, len(request.parts)) or not request.missing:
        return _satisfied(request, now)
    if request.answered and request.state == "routed":
        return replace(request, state="partial"), (Turned("partial"),)
    return request, ()


def _satisfied(request: Request, now: float) -> Step:
    """The load is over: a feed goes on living while anybody feeds it, all else ends."""
    if request.mode == "feed" and any(
        part.state in ("live", "waiting") and part.feed for part in request.parts
    ):
        return replace(request, state="live"), (Turned("live"),)
    return _over(request, *_outcome(request), now)


def _outcome(request: Request) -> tuple[State, str]:
    """How a request ends whose policy is satisfied or whose parts are all over."""
    failed = [part for part in request.parts if part.state == "failed"]
    given = sum(part.answers > 0 for part in request.parts)
    if not failed or request.policy.enough(given, len(request.parts)):
        return "complete", ""
    why = "; ".join(f"{part.name}: {part.why}" for part in failed)[:500]
    return ("failed", why) if len(failed) == len(request.parts) and not given else ("degraded", why)


def _over(request: Request, state: State, why: str, now: float) -> Step:
    """The end: its frame is the last that is pushed. Agents that only feed this request are to stop; those that do
    work which rules asked for go on, and what they answer is kept as late."""
    if request.over:
        return request, ()
    stopped = tuple(
        part.id
        for part in request.parts
        if not part.over and (part.feed or state in ("cancelled", "expired"))
    )
    body: Json = {"state": state, "why": why} if why else {"state": state}
    request = replace(request, state=state, why=why, ended=now)
    effects: tuple[Effect, ...] = (Append(Frame(request.id, "end", body)), Turned(state, why))
    return request, (*effects, Stop(stopped)) if stopped else effects


def _with(request: Request, part: Part) -> Request:
    return replace(request, parts=tuple(part if old.id == part.id else old for old in request.parts))
