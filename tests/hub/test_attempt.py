"""One attempt: who need not wait gets no clock; who waits is held to its time, and sees what it would under `await`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from atamo_rules.hub.agents.perform import attempt
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Outcome

ACTION = Action("a1", "send", "mail", "note", {}, "big", "big.atamo:1:1", 0)


def tried(act: Callable[[], Any], timeout: float = 60.0) -> Any:
    """An attempt at an agent that does what a test says."""

    class Agent:
        def perform(self, action: Action, reply: Any) -> Any:
            return act()

    agent = Agent()
    agent.timeout = timeout  # type: ignore[attr-defined]
    under: Any = SimpleNamespace(answered=lambda action, answer: (answer, ()), handed=lambda action: action)
    nobody: Any = None
    return attempt(SimpleNamespace(agent=agent), ACTION, nobody, under)


def test_an_agent_that_waits_for_nothing_is_done_in_one_step_and_without_a_clock() -> None:
    async def act() -> Outcome:
        return Done(1)

    async def main() -> None:
        def clock(*given: Any, **more: Any) -> Any:
            raise AssertionError("a clock was set")

        asyncio.get_running_loop().call_at = clock  # type: ignore[method-assign]
        with pytest.raises(StopIteration) as over:
            tried(act).send(None)
        assert over.value.value == Done(1)

    asyncio.run(main())


def test_an_agent_that_waits_often_gets_every_value_and_every_error() -> None:
    seen: list[Any] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        first, second = loop.create_future(), loop.create_future()

        async def act() -> Outcome:
            seen.append(await first)
            try:
                await second
            except KeyError as error:
                seen.append(type(error))
            await asyncio.sleep(0)
            async with asyncio.timeout(60):
                return Done(len(seen))

        task = asyncio.ensure_future(tried(act))
        loop.call_soon(first.set_result, "one")
        loop.call_soon(second.set_exception, KeyError())
        assert await task == Done(2)

    asyncio.run(main())
    assert seen == ["one", KeyError]


def test_an_agent_that_waits_too_long_is_stopped_where_it_waits() -> None:
    seen: list[str] = []

    async def act() -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("stopped")
        return Done()

    assert asyncio.run(tried(act, 0.01)) == Again("no answer within 0.01 seconds", error="timeout")
    assert seen == ["stopped"]


def test_a_timeout_of_the_agents_own_is_a_fault_like_any_other() -> None:
    async def at_once() -> Outcome:
        raise TimeoutError("mine")

    async def later() -> Outcome:
        await asyncio.sleep(0)
        raise TimeoutError("mine")

    for act in (at_once, later):
        assert asyncio.run(tried(act)) == Again("TimeoutError: mine", error="TimeoutError")


def test_whoever_cancels_an_attempt_stops_the_agent_and_the_attempt() -> None:
    seen: list[str] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def act() -> Outcome:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                seen.append("stopped")
            return Done()

        task = asyncio.ensure_future(tried(act))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["stopped"]


def test_what_is_awaited_need_not_be_a_coroutine() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        loop.call_soon(answer.set_result, Done(3))
        assert await tried(lambda: answer) == Done(3)
        outcome = await tried(lambda: 3)
        assert isinstance(outcome, Again)
        assert outcome.error == "TypeError"

    asyncio.run(main())
