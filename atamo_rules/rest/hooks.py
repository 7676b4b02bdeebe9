"""Posts to the paths of `sources.yaml`: what senders sign themselves, and no key lets in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.hub.receiving import Refused, Unsigned
from atamo_rules.rest.access import address_of, network
from atamo_rules.rest.bodies import bounded
from atamo_rules.rest.problem import Problem, json_response, refusal

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.ways import Way


class Hooks:
    """The handler, over whichever hub is running; `open` gives it, or says why nothing is taken now."""

    def __init__(self, hub: Callable[[], Hub], open: Callable[[], Hub], largest: int) -> None:
        self.hub, self.open, self.largest = hub, open, largest

    async def receive(self, request: Request) -> Response:
        """One post. The body is read whole, checked as it came, and only then understood."""
        hub = self.open()
        way = hub.ways.receiver(request.scope["path"])
        if way is None:
            raise Problem(404, "not-found", "nothing is received here", remedy="`sources.yaml` says what is")
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(415, "encoding", "compressed bodies are not taken", remedy="send it uncompressed")
        body = await bounded(request, self.largest)
        address = address_of(request)
        try:
            received = way.provider.receive(request.headers, body, hub.clock.now())
        except Unsigned as error:
            raise await self.unsigned(way, address, str(error)) from None
        except Refused as error:
            way.refused += 1
            await hub.note("event.refused", reasons=[str(error)], via=way.name, client=address)
            raise Problem(error.status, error.code, "the post cannot be read", str(error)) from None
        if received.message is None:
            return json_response(received.answer)
        type = received.message["type"]
        if type not in hub.current.ruleset.events and getattr(way.provider, "ignores", False):
            return json_response({"id": received.message["id"], "state": "ignored"})
        client = f"{address} {received.client}".strip()
        taken, known = await hub.ways.post(way, received.message, client)
        # A sender that tries again may have changed what is beside the point; under this id it was taken.
        if taken.event is None and taken.code != "conflict":
            raise refusal(taken.code, taken.status, taken.refused)
        state = "duplicate" if known else "accepted" if taken.decided else "quarantined"
        return json_response({"id": taken.id, "state": state}, 202)

    async def unsigned(self, way: Way, address: str, why: str) -> Problem:
        """What somebody is told whose post is not shown to be genuine: audited, until there are too many."""
        hub = self.hub()
        way.refused += 1
        wait = hub.keyring.failures.add(network(address), hub.clock.passed())
        if wait:
            after = (("Retry-After", str(max(1, round(wait)))),)
            return Problem(429, "too-many", "too many wrong signatures came from this address", headers=after)
        await hub.note("access.denied", reason=why, via=way.name, address=address)
        return Problem(401, "signature", "the post is not shown to be genuine", why)
