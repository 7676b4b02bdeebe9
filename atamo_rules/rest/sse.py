"""Server-sent events, as the HTML standard writes them: an id to resume at, a name, and one line of JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from atamo_rules.model.strict_json import encode

Item = TypeVar("Item")
MEDIA = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nobody on the way keeps them, or holds them back."""
BEAT = b": still here\n\n"
"""A comment: it says that the connection lives, and nothing else."""
LOOK = 1.0
"""How often, in seconds, a silent stream looks whether the hub goes on."""
RETRY = b"retry: 2000\n\n"
"""How many milliseconds a client waits before it comes back."""


def event(name: str, value: Any, id: int | None = None) -> bytes:
    """One event. JSON has no line ends outside its texts, and none inside them: one line of `data` is enough."""
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: {encode(value)}\n\n".encode()


async def beating(
    items: Callable[[float], AsyncIterator[Item | None]], beat: float, going: Callable[[], bool]
) -> AsyncIterator[Item | None]:
    """Items as they come, and None for every `beat` seconds without one. Ends soon after `going` says no: a hub that
    stops does not wait for those who listen; they come back with their last id. `items` is given how long it may be
    silent before it says so by None."""
    step, silent = min(beat, LOOK), 0.0
    async for item in items(step):
        if item is not None:
            silent = 0.0
            yield item
            continue
        if not going():
            return
        silent += step
        if silent >= beat:
            silent = 0.0
            yield None
