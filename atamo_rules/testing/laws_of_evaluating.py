"""What the hub relies on of a configuration provider beside the rules: a suite for plug-in authors.

class TestMyPrices(EvaluatorContract):
    def provider(self) -> MyPrices:
        return MyPrices(self.file)

    def event(self) -> Event:
        return event("order.placed", total=120)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from textwrap import dedent
from typing import Any

from msgspec.structs import replace

from atamo_rules.compiler.texts import compile_rules
from atamo_rules.hub.evaluators.following import unfit
from atamo_rules.hub.evaluators.messages import actions_of
from atamo_rules.hub.generation import generation
from atamo_rules.hub.ports import Evaluator, EvaluatorProvider
from atamo_rules.model.contribution import ActionMessage
from atamo_rules.model.event import Event
from atamo_rules.model.given_json import exact
from atamo_rules.model.people import Directory

PATIENCE = 30.0
"""Seconds that a state may take before it counts as not coming."""
Next = Callable[[], Coroutine[Any, Any, Any]]


class EvaluatorContract:
    """What the hub relies on of a provider beside the rules, one that changes or one that does not."""

    def provider(self) -> Evaluator | EvaluatorProvider:
        """A new provider that has something to say about `event()`."""
        raise NotImplementedError

    def event(self) -> Event:
        """An event of which something follows."""
        raise NotImplementedError

    def rules(self) -> str:
        """Rules that declare the agents and events it speaks of; with them its messages are held to their types."""
        return ""

    def change(self) -> None:
        """Change what it says about `event()`. Leave out when it never changes."""
        raise NotImplementedError

    def spoil(self) -> None:
        """Change it to something that cannot be used. Leave out when nothing can be wrong with it."""
        raise NotImplementedError

    def test_its_first_state_can_be_asked(self) -> None:
        async def story(next_one: Next, provider: Any) -> None:
            assert unfit(await next_one(), provider.name) is None

        self._told(story)

    def test_it_answers_in_its_time_with_messages_that_are_json(self) -> None:
        async def story(next_one: Next, provider: Any) -> None:
            found = await _asked(await next_one(), self.event())
            assert found, "something follows from `event()`"
            for one in found:
                assert isinstance(one, ActionMessage)
                exact(dict(one.body))

        self._told(story)

    def test_its_messages_fit_what_the_rules_declare(self) -> None:
        if not self.rules():
            return
        ruleset = compile_rules(dedent(self.rules()))
        under = generation(ruleset, Directory(), {})

        async def story(next_one: Next, provider: Any) -> None:
            state = await next_one()
            for position, one in enumerate(await _asked(state, self.event())):
                assert actions_of(one, position, f"{state.name} {state.version}", self.event(), under)

        self._told(story)

    def test_the_same_event_is_answered_the_same(self) -> None:
        async def story(next_one: Next, provider: Any) -> None:
            state = await next_one()
            one, two = await asyncio.gather(_asked(state, self.event()), _asked(state, self.event()))
            assert one == two
            assert one == await _asked(state, self.event())

        self._told(story)

    def test_what_it_is_handed_is_left_as_it_was(self) -> None:
        async def story(next_one: Next, provider: Any) -> None:
            given = self.event()
            before = deepcopy(given.body)
            await _asked(await next_one(), given)
            assert given.body == before

        self._told(story)

    def test_events_it_knows_nothing_of_are_nothing_to_it(self) -> None:
        async def story(next_one: Next, provider: Any) -> None:
            strange = replace(self.event(), type="nobody.knows_this", body={})
            assert not await _asked(await next_one(), strange)

        self._told(story)

    def test_it_can_be_closed_twice(self) -> None:
        async def story(next_one: Next, provider: Any) -> None:
            state = await next_one()
            await state.close()
            await state.close()

        self._told(story)

    def test_a_change_is_a_new_state_and_the_old_one_stays_as_it_was(self) -> None:
        if type(self).change is EvaluatorContract.change:
            return

        async def story(next_one: Next, provider: Any) -> None:
            first = await next_one()
            before = await _asked(first, self.event())
            await asyncio.to_thread(self.change)
            second = await next_one()
            assert unfit(second, provider.name) is None
            assert second.digest != first.digest
            assert await _asked(second, self.event()) != before
            assert await _asked(first, self.event()) == before

        self._told(story)

    def test_a_change_that_is_wrong_is_told_and_the_next_good_one_is_taken(self) -> None:
        own = type(self)
        if own.spoil is EvaluatorContract.spoil or own.change is EvaluatorContract.change:
            return

        async def story(next_one: Next, provider: Any) -> None:
            await next_one()
            await asyncio.to_thread(self.spoil)
            wrong = await next_one()
            assert not hasattr(wrong, "evaluate")
            assert getattr(wrong, "reasons", ()) or getattr(wrong, "diagnostics", ()), "why it is not is said"
            await asyncio.to_thread(self.change)
            assert unfit(await next_one(), provider.name) is None

        self._told(story)

    def _told(self, story: Callable[[Next, Any], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            provider = self.provider()
            async with _states(provider) as next_one:
                await story(next_one, provider)

        asyncio.run(run())


async def _asked(state: Evaluator, event: Event) -> Sequence[ActionMessage]:
    return list(await asyncio.wait_for(state.evaluate(event), state.timeout))


@asynccontextmanager
async def _states(provider: Any) -> AsyncIterator[Next]:
    """The states of a provider, each waited for with patience and closed at the end; one that does not change is its
    own."""
    given: list[Any] = []
    states = None if hasattr(provider, "evaluate") else provider.states().__aiter__()

    async def next_one() -> Any:
        given.append(
            provider if states is None else await asyncio.wait_for(anext(states), PATIENCE)
        )  # fmt: skip
        return given[-1]

    try:
        yield next_one
    finally:
        for state in given:
            if hasattr(state, "close"):
                await state.close()
        if states is not None and hasattr(states, "aclose"):
            await states.aclose()
