"""An agent made of functions: coroutines, threads and feeds, and what becomes of calls that do not fit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from atamo_rules.builtin.agents.functions import LOADED, FunctionAgent, Value
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed
from atamo_rules.model.people import Who
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.contracts import AgentContract


def action(name: str = "note", body: Any = None) -> Action:
    return Action("a1", "send", "desk", name, {"line": "x"} if body is None else body, "r", "a.atamo:1:1", 0)


def perform(agent: FunctionAgent, action: Action) -> tuple[Any, Replies]:
    async def story() -> tuple[Any, Replies]:
        replies = Replies()
        outcome = await agent.perform(action, replies)
        await agent.close()
        return outcome, replies

    return asyncio.run(story())


class TestContract(AgentContract):
    def agent(self) -> FunctionAgent:
        return FunctionAgent(note=lambda line: None)


def test_answers_are_what_functions_give() -> None:
    async def soon(line: str) -> str:
        return line.upper()

    assert perform(FunctionAgent(note=soon), action())[0] == Done("X")
    assert perform(FunctionAgent(note=lambda line: {"n": 1}), action())[0] == Done({"n": 1})
    for outcome in (Again("busy", 3.0), Failed("never"), Done(7)):
        assert perform(FunctionAgent(note=lambda line, outcome=outcome: outcome), action())[0] == outcome


def test_a_function_may_ask_for_the_action_itself() -> None:
    def note(line: str, done: Action) -> str:
        return f"{done.acting_as}: {line}"

    asked = replace(action(), acting_as=Who("user", "ann"))
    assert perform(FunctionAgent(note=note), asked)[0] == Done("user ann: x")
    assert perform(FunctionAgent(note=lambda line, done=None: done), asked)[0] == Done(None), (
        "only where it is asked"
    )


def test_calls_that_do_not_fit_are_refused_with_a_sentence() -> None:
    outcome, _ = perform(FunctionAgent(look=lambda: None), action())
    assert outcome == Failed("`desk` has no function `note`; it has look")
    outcome, _ = perform(FunctionAgent(note=lambda other: None), action())
    assert isinstance(outcome, Failed)
    assert "`desk.note` cannot be called with these arguments" in outcome.why


def test_a_generator_is_a_feed_in_a_thread_or_in_the_loop() -> None:
    def threaded(line: str) -> Iterator[Any]:
        yield Value("a", 1)
        yield LOADED
        yield 2

    async def awaited(line: str) -> AsyncIterator[Any]:
        for piece in threaded(line):
            yield piece

    for function in (threaded, awaited):
        outcome, replies = perform(FunctionAgent(note=function), action())
        assert outcome == Done()
        assert (replies.answers, replies.loaded_after) == ([("a", 1), ("", 2)], 1)


def test_a_feed_whose_reader_is_gone_ends_at_its_next_yield() -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(line: str) -> Iterator[int]:
        try:
            while True:
                begun.set()
                yield 1
        finally:
            ended.set()

    async def story() -> None:
        agent = FunctionAgent(note=endless)
        running = asyncio.create_task(agent.perform(action(), Replies()))
        assert await asyncio.to_thread(begun.wait, 60)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await asyncio.to_thread(ended.wait, 60)
        await agent.close()

    asyncio.run(story())


def test_what_a_function_raises_is_raised() -> None:
    def broken(line: str) -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        perform(FunctionAgent(note=broken), action())
