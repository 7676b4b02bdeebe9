"""One attempt at an action: the agent is called, in the time it has, and whatever it does is an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator, Sequence
from types import CoroutineType, coroutine
from typing import Any

from atamo_rules.engine.problem import Problem
from atamo_rules.errors import AnswerRefused, NotAllowed
from atamo_rules.hub.agents.masking import masked, told
from atamo_rules.hub.agents.said import as_kept
from atamo_rules.hub.generation import TYPED, Generation
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.model.types import Json

LONGEST = 500
"""Characters of a reason."""
_OUTCOMES = (Done, Again, Failed)
_COROUTINES = (CoroutineType, Coroutine)
"""What `async def` makes comes first: the look at an abstract class is a dear one."""


async def attempt(
    bound: Any,
    action: Action,
    reply: Reply,
    generation: Generation,
    *,
    limited: bool = True,
    given: Sequence[Secret] = (),
) -> Outcome:
    """Call the agent once. Its faults are reasons, and its neighbours go on. A feed is not `limited` in time. `given`
    are the secrets that it was handed meanwhile: they are taken out of what it says before any of that is cut short."""
    if bound is None:
        return Failed(f"no agent is called `{action.agent}`", "no agent")
    agent = bound.agent
    try:
        message = generation.handed(action)
    except Problem as problem:
        return Failed(f"its message could not be made: {problem}"[:LONGEST], "message")
    held = Held(reply, generation, action) if action.verb == "publish" and generation.typed(action) else None
    try:
        work = agent.perform(message, held if held is not None else reply)
        end = asyncio.get_running_loop().time() + agent.timeout if limited else None
        if isinstance(work, _COROUTINES):
            try:
                first = work.send(None)
            except StopIteration as over:  # without waiting for anything: it needs no clock
                outcome: Outcome = over.value
            else:
                outcome = await _until(end, _rest(work, first))
        else:
            outcome = await _until(end, work)
    except _OutOfTime:
        return Again(f"no answer within {agent.timeout:g} seconds", error="timeout")
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return _raised(error, given)
    except AnswerRefused as error:
        return Failed(
            told(held.why if held is not None and held.why else str(error), given)[:LONGEST], "answer"
        )
    except NotAllowed as error:  # trying again would not make it allowed
        return Failed(told(str(error), given)[:LONGEST], "not allowed")
    except (Exception, SystemExit) as error:  # somebody's plug-in
        outcome = _raised(error, given)
    if held is not None and held.why:
        return Failed(told(held.why, given)[:LONGEST], "answer")
    if not isinstance(outcome, _OUTCOMES):
        return Failed(f"the agent gave no outcome but {type(outcome).__name__}", "no outcome")
    outcome = as_kept(outcome)
    if given:
        outcome = masked(outcome, given)
    if not isinstance(outcome, Done) or (outcome.answer is None and action.verb != "ask"):
        return outcome
    if action.verb not in TYPED:
        return outcome
    answer, reasons = generation.answered(action, outcome.answer)
    if reasons:
        return Failed(_other(reasons), "answer")
    return outcome if answer is outcome.answer else Done(answer)


class Held:
    """A `Reply` that hands on only what its action declares to answer. An agent that goes on after it was refused has
    failed all the same, with the first reason."""

    def __init__(self, reply: Reply, generation: Generation, action: Action) -> None:
        self.reply, self.generation, self.action = reply, generation, action
        self.why = ""
        self.loaded, self.progress = reply.loaded, reply.progress
        self.declared, self.credential = reply.declared, reply.credential

    async def __call__(self, answer: Json, *, key: str = "") -> None:
        filled, reasons = self.generation.answered(self.action, answer)
        if reasons:
            self.why = self.why or _other(reasons)
            raise AnswerRefused(_other(reasons))
        await self.reply(filled, key=key)


def _other(reasons: Sequence[str]) -> str:
    return f"its answer is not what it was declared to be: {'; '.join(reasons)}"[:LONGEST]


class _OutOfTime(Exception):
    """The time of an attempt is over; a TimeoutError is the agent's own."""


async def _until(end: float | None, work: Awaitable[Outcome]) -> Outcome:
    """What comes of work until the loop's clock says so; None for no end. Raises _OutOfTime."""
    limit = asyncio.timeout_at(end)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise _OutOfTime from None
        raise


@coroutine
def _rest(work: Coroutine[Any, Any, Outcome], waits: Any) -> Generator[Any, Any, Outcome]:
    """Go on with work that waits for something, to its end, as `await` would (PEP 380)."""
    try:
        while True:
            try:
                got = yield waits
            except GeneratorExit:
                work.close()
                raise
            except BaseException as error:
                waits = work.throw(error)
            else:
                waits = work.send(got)
    except StopIteration as over:
        value: Outcome = over.value
        return value


def _raised(error: BaseException, given: Sequence[Secret]) -> Again:
    name = type(error).__name__
    return Again(told(f"{name}: {error}", given)[:LONGEST], error=name)
