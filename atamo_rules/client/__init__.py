"""A hub over HTTP, for programs: `Client`, and `AsyncClient` for those that are asynchronous.

with Client("http://127.0.0.1:8080") as hub:
    hub.send("order.placed", {"total": 120})
    for frame in hub.ask("price.quote", {"sku": "a-1"}):
        print(frame.body)
"""

from atamo_rules.client.asynchronous import AsyncClient
from atamo_rules.client.synchronous import Client
from atamo_rules.client.told import Answered, Frame, Problem, Taken, Unreachable

__all__ = ["Answered", "AsyncClient", "Client", "Frame", "Problem", "Taken", "Unreachable"]
