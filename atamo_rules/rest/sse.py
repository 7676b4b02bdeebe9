"""Server-sent events, as the HTML standard writes them: an id to resume at, a name, and one line of JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from atamo_rules.model.strict_json import encode
from atamo_rules.rest.problem import Problem

Item = TypeVar("Item")
MEDIA = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nobody on the way keeps them, or holds them back."""
BEAT = b": still here\n\n"
"""A comment: it says that the connection lives, and nothing else."""
LOOK = 1.0
"""How often, in seconds, it is looked whether a stream goes on."""
RETRY = b"retry: 2000\n\n"
"""How many milliseconds a client waits before it comes back."""


def event(name: str, value: Any, id: int | None = None) -> bytes:
    """One event. JSON has no line ends outside its texts, and none inside them: one line of `data` is enough."""
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: {encode(value)}\n\n".encode()


def refused(problem: Problem) -> bytes:
    """The last event of a stream whose reader may listen no longer: the problem that they would meet now."""
    return event("problem", problem.document())


class Stream(StreamingResponse):
    """Pieces as they come, the first of them at once, until there are no more or their reader is gone. `pieces` has
    begun before anything is said and is closed before the answer is over, whatever ends it: what hangs on a reader's
    leaving is done however early they leave, and does not wait for a collector of garbage."""

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        super().__init__(pieces, media_type=MEDIA, headers=HEADERS)
        self.pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.pieces):
            self.first = await anext(self.pieces)
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """After each piece others have their turn: a reader who has left is heard of before the next one is written,
        and a long past that is told at once holds up nobody."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.first, "more_body": True})
        async for piece in self.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def beating(
    items: Callable[[float], AsyncIterator[Item | None]], beat: float, going: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[Item | None, None]:
    """Items as they come, and None for every `beat` seconds without one. Ends soon after `going` says no, which is
    asked each second: a hub that stops does not wait for those who listen, they come back with their last id. What it
    raises ends them too: who may listen no longer hears no more. `items` is given how long it may be silent before it
    says so by None."""
    step, silent = min(beat, LOOK), 0.0
    time = asyncio.get_running_loop().time
    looked = time()
    async for item in items(step):
        if time() - looked >= step:
            if not await going():
                return
            looked = time()
        if item is not None:
            silent = 0.0
            yield item
            continue
        silent += step
        if silent >= beat:
            silent = 0.0
            yield None
