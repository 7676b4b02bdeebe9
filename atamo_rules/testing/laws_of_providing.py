"""What the hub relies on of those that bring events: suites for plug-in authors.

class TestMyQueue(EventProviderContract):
    def provider(self) -> MyQueue:
        return MyQueue(self.address)

    def bring(self, messages: list[bytes]) -> None:
        put_into_the_queue(messages)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

from atamo_rules.hub.intake import Taken
from atamo_rules.hub.ports import EventProvider, Receiver
from atamo_rules.hub.receiving import Unsigned
from atamo_rules.model.event import Event
from atamo_rules.testing.store_stage import NOON

PATIENCE = 30.0
"""Seconds that anything may take before it counts as not coming."""
MESSAGES = [b'{"type":"thing.seen","id":"%d","data":{"n":%d}}' % (n, n) for n in range(1, 4)]


class Door:
    """Takes messages as the hub does, and remembers them; `refuse` says of which it gives reasons."""

    def __init__(self, refuse: Callable[[bytes], bool] = lambda raw: False) -> None:
        self.heard: list[bytes] = []
        self.refuse = refuse
        self.news = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.inside = self.most = 0

    async def submit(self, raw: bytes) -> tuple[Taken, bool]:
        """Take one message, once the door is open."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.open.wait()
        self.inside -= 1
        self.heard.append(bytes(raw).strip())
        self.news.set()
        reasons = ("it is refused",) if self.refuse(raw) else ()
        return Taken(str(len(self.heard)), refused=reasons, status=422 if reasons else 202), not reasons

    async def until(self, count: int) -> None:
        """Wait until so many were taken."""
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < count:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def running(provider: EventProvider, submit: Callable[[bytes], Awaitable[Any]]) -> AsyncIterator[None]:
    """A provider that brings events until the block ends. What it raised is raised."""
    task = asyncio.create_task(provider.run(submit))
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), PATIENCE)
        if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
            raise ended


class EventProviderContract:
    """What the hub relies on of an event provider."""

    def provider(self) -> EventProvider:
        """A new provider."""
        raise NotImplementedError

    def bring(self, messages: list[bytes]) -> None:
        """Put messages, each one JSON on one line, where it takes them from. Called in a thread while it runs; comes
        back when they are there, and does not wait until they are taken."""
        raise NotImplementedError

    def test_it_hands_on_every_message_once_and_in_order(self) -> None:
        async def story() -> None:
            door = Door()
            async with running(self.provider(), door.submit):
                await asyncio.to_thread(self.bring, MESSAGES)
                await door.until(len(MESSAGES))
            assert door.heard == MESSAGES

        asyncio.run(story())

    def test_it_goes_on_after_what_was_refused(self) -> None:
        async def story() -> None:
            door = Door(lambda raw: b'"1"' in raw)
            async with running(self.provider(), door.submit):
                await asyncio.to_thread(self.bring, MESSAGES)
                await door.until(len(MESSAGES))
            assert door.heard == MESSAGES

        asyncio.run(story())

    def test_it_waits_where_the_hub_is_full(self) -> None:
        async def story() -> None:
            door = Door()
            door.open.clear()
            async with running(self.provider(), door.submit):
                await asyncio.to_thread(self.bring, MESSAGES)
                async with asyncio.timeout(PATIENCE):
                    while not door.inside:
                        await asyncio.sleep(0.01)
                door.open.set()
                await door.until(len(MESSAGES))
            assert door.most == 1, "messages are handed on one after the other"
            assert door.heard == MESSAGES

        asyncio.run(story())

    def test_it_ends_when_it_is_cancelled(self) -> None:
        async def story() -> None:
            async with running(self.provider(), Door().submit):
                await asyncio.sleep(0)

        asyncio.run(story())


class ReceiverContract:
    """What the hub relies on of an event provider that others post to."""

    def receiver(self) -> Receiver:
        """A new receiver."""
        raise NotImplementedError

    def post(self, now: datetime) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of a genuine post that says something happened, as its sender sends it at a moment."""
        raise NotImplementedError

    def test_a_genuine_post_is_a_message_that_has_a_name(self) -> None:
        headers, body = self.post(NOON)
        message = self.receiver().receive(headers, body, NOON).message
        assert message is not None
        assert isinstance(message["type"], str)
        assert isinstance(message["data"], dict)
        assert message["id"], "the hub tells a post that is sent again by its id"
        assert self.receiver().receive(headers, body, NOON).message == message

    def test_no_byte_of_the_body_can_be_changed(self) -> None:
        headers, body = self.post(NOON)
        receiver = self.receiver()
        for place in range(len(body)):
            other = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            with raised(Unsigned):
                receiver.receive(headers, other, NOON)
        with raised(Unsigned):
            receiver.receive(headers, body + b" ", NOON)

    def test_without_its_headers_it_is_refused_before_it_is_read(self) -> None:
        with raised(Unsigned):
            self.receiver().receive({}, b"{ no JSON", NOON)

    def test_its_path_is_one_of_a_hook(self) -> None:
        assert self.receiver().path.startswith("/hooks/")


@contextmanager
def raised(kind: type[Exception]) -> Iterator[None]:
    """Something must be raised inside."""
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


def event(type: str = "thing.seen", **data: Any) -> Event:
    """An event for `ConfigurationProviderContract.event`."""
    return Event("e1", type, data, NOON)
