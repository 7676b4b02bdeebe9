"""The answers of a request are deleted; what is left is how it ended, and of the oldest not even that."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from atamo_rules.hub.requests.opening import BUCKET
from atamo_rules.hub.requests.request import Request
from atamo_rules.model.work import Put

if TYPE_CHECKING:
    from atamo_rules.hub.requests.live import Requests

TOMBSTONES = 100_000
"""Requests of which it is still known, after their answers were deleted, that they were and how they ended."""
SWEEP = 1.0
"""Seconds between two times of having the store let go of what is forgotten: many are at once."""


class Forgetting:
    """What a hub still knows of requests whose answers are gone."""

    def __init__(self, requests: Requests) -> None:
        self.requests = requests
        self.tombstones: OrderedDict[str, None] = OrderedDict()
        self._swept = 0.0

    def bury(self, key: str) -> None:
        """Note that nothing is left of a request but how it ended."""
        self.tombstones[key] = None

    async def forget(self, request: Request) -> None:
        """Delete the answers; what is left is how it ended."""
        requests, hub = self.requests, self.requests.hub
        await requests.closed(request.id)
        requests.open.pop(request.id, None)
        requests.repeatable.drop(request)
        store = hub.store
        await hub.surely(lambda: store.put(requests.afar.put(request)))
        # Its time is over, whenever it was noted.
        await hub.surely(lambda: store.touch(request.id, -1.0))
        if requests.now() - self._swept >= SWEEP:
            self._swept = requests.now()
            await hub.surely(store.housekeeping)
        self.bury(request.id)
        while len(self.tombstones) > TOMBSTONES:
            oldest, _ = self.tombstones.popitem(last=False)
            gone = Put(BUCKET, oldest, None)
            await hub.surely(lambda put=gone: store.put(put))  # type: ignore[misc]
