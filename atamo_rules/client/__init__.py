"""A hub over HTTP, for programs: `Client`, and `AsyncClient` for those that are asynchronous.

with Client("http://127.0.0.1:8080") as hub:
    hub.send("order.placed", {"total": 120})
    for frame in hub.ask("price.quote", {"sku": "a-1"}):
        print(frame.body)

Each is loaded when it is first asked for: a command of the command line waits for one of them alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atamo_rules.client.asynchronous import AsyncClient as AsyncClient
    from atamo_rules.client.synchronous import Client as Client
    from atamo_rules.client.told import Answered as Answered
    from atamo_rules.client.told import Frame as Frame
    from atamo_rules.client.told import Problem as Problem
    from atamo_rules.client.told import Taken as Taken
    from atamo_rules.client.told import Unreachable as Unreachable

_PLACES = {
    "Answered": "told", "AsyncClient": "asynchronous", "Client": "synchronous", "Frame": "told", "Problem": "told",
    "Taken": "told", "Unreachable": "told",
}  # fmt: skip
__all__ = ["Answered", "AsyncClient", "Client", "Frame", "Problem", "Taken", "Unreachable"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
