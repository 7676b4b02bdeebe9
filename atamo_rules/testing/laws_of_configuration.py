"""What the hub relies on of those that bring rules: a suite for plug-in authors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from atamo_rules.hub.generation import Generation
from atamo_rules.hub.ports import ConfigurationProvider, Rejected
from atamo_rules.model.event import Event
from atamo_rules.testing.laws_of_providing import PATIENCE


class ConfigurationProviderContract:
    """What the hub relies on of a configuration provider."""

    def provider(self) -> ConfigurationProvider:
        """A new provider whose rules are right."""
        raise NotImplementedError

    def event(self) -> Event:
        """An event that its rules decide."""
        raise NotImplementedError

    def change(self) -> None:
        """Change the rules it provides to others that are right. Leave out when its rules never change."""
        raise NotImplementedError

    def spoil(self) -> None:
        """Change them to some that are wrong. Leave out when nothing can be wrong with them."""
        raise NotImplementedError

    def test_the_first_state_is_there_at_once_and_decides(self) -> None:
        async def story() -> None:
            async with _states(self.provider()) as next_one:
                first = await next_one()
                assert isinstance(first, Generation)
                assert first.digest == first.ruleset.digest
                assert first.decide(self.event()).event == self.event().key

        asyncio.run(story())

    def test_the_same_event_is_decided_the_same(self) -> None:
        async def story() -> None:
            async with _states(self.provider()) as next_one:
                first = await next_one()
                assert isinstance(first, Generation)
                assert first.decide(self.event()) == first.decide(self.event())

        asyncio.run(story())

    def test_a_change_is_a_new_state_and_the_old_one_stays_as_it_was(self) -> None:
        if type(self).change is ConfigurationProviderContract.change:
            return

        async def story() -> None:
            async with _states(self.provider()) as next_one:
                first = await next_one()
                assert isinstance(first, Generation)
                before = first.decide(self.event())
                await asyncio.to_thread(self.change)
                second = await next_one()
                assert isinstance(second, Generation)
                assert second.digest != first.digest
                assert first.decide(self.event()) == before

        asyncio.run(story())

    def test_a_change_that_is_wrong_is_told_and_the_next_good_one_is_taken(self) -> None:
        own = type(self)
        if (
            own.spoil is ConfigurationProviderContract.spoil
            or own.change is ConfigurationProviderContract.change
        ):
            return

        async def story() -> None:
            async with _states(self.provider()) as next_one:
                assert isinstance(await next_one(), Generation)
                await asyncio.to_thread(self.spoil)
                wrong = await next_one()
                assert not isinstance(wrong, Generation)
                assert wrong.diagnostics, "why it was not taken is said"
                await asyncio.to_thread(self.change)
                assert isinstance(await next_one(), Generation)

        asyncio.run(story())


@asynccontextmanager
async def _states(
    provider: ConfigurationProvider,
) -> AsyncIterator[Callable[[], Awaitable[Generation | Rejected]]]:
    """The states of a provider, each waited for with patience."""
    states = provider.states().__aiter__()

    async def next_one() -> Generation | Rejected:
        return await asyncio.wait_for(anext(states), PATIENCE)

    try:
        yield next_one
    finally:
        end = getattr(states, "aclose", None)
        if end is not None:
            await end()
