"""What becomes of a message, step by step, for its sender; and the hub's numbers for whoever scrapes them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.telemetry.exposition import OPEN, PLAIN, exposition, wanted
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.authority import Resource
from atamo_rules.rest import meant, sse
from atamo_rules.rest.access import Access
from atamo_rules.rest.parameters import resumed, whole
from atamo_rules.rest.problem import Problem, json_response

MOST = 1000
"""Steps of one answer."""


class TelemetryDoor:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], beat: float, access: Access) -> None:
        self.hub = hub
        self.beat = beat
        self.access = access

    async def steps(self, request: Request) -> Response:
        """The steps of a message after a position, at most `limit` of them."""
        key = await self._mine(request)
        told = self.access.told(request)
        after, limit = told.into(whole(request, "after", 0, 2**53)), whole(request, "limit", MOST, MOST)
        records = await self.hub().followers.steps(key, after, limit)
        cursor = told.out(records[-1].position if records else after)
        return json_response(
            {"id": key, "cursor": cursor, "steps": [told.step(step(one)) for one in records]}
        )

    async def follow(self, request: Request) -> Response:
        """The steps of a message as they are taken, from the one after `Last-Event-ID`, to its end."""
        key = await self._mine(request)
        after = self.access.told(request).into(resumed(request, 2**53))
        return sse.Stream(self._stream(request, key, after))

    async def _stream(self, request: Request, key: str, after: int) -> AsyncGenerator[bytes, None]:
        yield sse.RETRY
        followers, told = self.hub().followers, self.access.told(request)
        records = sse.beating(
            lambda step: followers.follow(key, after, step),
            self.beat,
            lambda: meant.still(self.access, request),
        )
        try:
            async with aclosing(records):
                async for record in records:
                    if record is None:
                        yield sse.BEAT
                    else:
                        yield sse.event(record.kind, told.step(step(record)), told.out(record.position))
        except Problem as problem:
            yield sse.refused(problem)

    async def metrics(self, request: Request) -> Response:
        """All numbers, in OpenMetrics' text or the older one of Prometheus."""
        await self.access.require(request, "hub.read", Resource("hub"))
        plain = wanted(request.headers.get("accept", ""))
        text = exposition(self.hub().meter.families, plain=plain)
        return Response(text, headers={"Content-Type": PLAIN if plain else OPEN})

    async def _mine(self, request: Request) -> str:
        """The name of a message in the hub. One of somebody else is as unknown as one that never was."""
        key = await meant.message(self.access, request)
        if key is None:
            raise Problem(
                404, "unknown-id", "nothing is kept under this id", remedy="ask with the id that was answered"
            )
        return key


def step(record: AuditRecord) -> dict[str, Any]:
    """One step, as it is told over HTTP."""
    made = {"position": record.position, "at": jsonable(record.at), "kind": record.kind}
    return {**made, **record.what}
