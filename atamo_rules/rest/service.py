"""What the hub takes over HTTP, and how it describes itself: events, requests, readiness."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.hub.erasing import erasure_of
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.intake import Taken
from atamo_rules.hub.requests.request import PLAIN, Options
from atamo_rules.model.strict_json import encode
from atamo_rules.model.via import Via
from atamo_rules.people.roles import is_local
from atamo_rules.rest import meant
from atamo_rules.rest.access import Access, client_of, principal, sender
from atamo_rules.rest.bodies import Message, idempotency_key, read
from atamo_rules.rest.erasing import erased_problem
from atamo_rules.rest.problem import Problem, Receipt, json_response, refusal
from atamo_rules.rest.requests import RequestDoor, cancels, read_options

_PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
"""Texts that `quote` leaves as they are (RFC 3986, 2.3)."""


class Service:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], largest: int, requests: RequestDoor, access: Access) -> None:
        self.hub = hub
        self.largest = largest
        self.requests = requests
        self.access = access

    async def post_events(self, request: Request) -> Response:
        """Take one event (202 and its id) or a batch (202 and a result for each)."""
        self.open()
        messages = await read(request, self.largest)
        key = idempotency_key(request)
        if not messages.batch:
            taken, known = await self._take(request, messages.items[0], key)
            if taken.event is None:
                raise refusal(taken.code, taken.status, taken.refused)
            return Receipt(_result(taken, known), f"/v1/events/{_quoted(taken.key)}")
        # In order into one commit, or few.
        each = (
            self._take(request, item, f"{key}/{number}" if key else "")
            for number, item in enumerate(messages.items, 1)
        )
        results = [_result(*one) for one in await asyncio.gather(*each)]
        refused = sum(result["state"] == "refused" for result in results)
        if results and refused == len(results):
            reasons = tuple(f"message {n}: {r['reasons'][0]}" for n, r in enumerate(results[:20], 1))
            code = "forbidden" if all(result["code"] == "forbidden" for result in results) else "invalid"
            raise refusal(code, 403 if code == "forbidden" else 422, reasons)
        return json_response({"taken": len(results) - refused, "refused": refused, "results": results}, 202)

    async def post_request(self, request: Request) -> Response:
        """Take one request (202, its id, and where its answers will be); `Prefer: wait=N` waits for them."""
        hub = self.open()
        messages = await read(request, self.largest)
        if messages.batch:
            raise refusal("envelope", 400, ("requests are sent one at a time",))
        item = messages.items[0]
        name = item.type_name or (item.value.get("type") if isinstance(item.value, dict) else None)
        known_type = hub.current.ruleset.events.get(name) if isinstance(name, str) else None
        if known_type is not None and not known_type.request:
            raise refusal("not-a-request", 422, (f"`{name}` is declared as an event",))
        cancels(request)
        taken, known = await self._take(request, item, idempotency_key(request), read_options(request))
        if taken.event is None:
            raise refusal(taken.code, taken.status, taken.refused)
        if not taken.decided:
            return json_response(_result(taken, known), 202)
        return await self.requests.opened(request, taken.key)

    async def message(self, request: Request) -> Response:
        """All that is kept of one message: which rules fired, each action, each attempt's end."""
        told = await self._told(request)
        names = self.access.told(request)
        return json_response({**told, "digest": names.digest(told["digest"])} if "digest" in told else told)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document of this interface."""
        return _kept(request, encode(self._described()), "application/json")

    async def docs(self, request: Request) -> Response:
        """The same for people."""
        from atamo_rules.rest.openapi_page import page

        return _kept(request, page(self._described()), "text/html; charset=utf-8")

    def _described(self) -> dict[str, Any]:
        from atamo_rules.rest.app import entries
        from atamo_rules.rest.openapi import document

        return document(entries(self.hub, self.access))

    async def health(self, request: Request) -> Response:
        """The process lives."""
        return json_response({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Rules are in force and messages are taken; on a hub that asks nobody who they are, which rules."""
        hub = self.open()
        named = {"digest": hub.current.digest} if hub.keyring.open and not self.access.others else {}
        return json_response({"status": "ready", **named})

    def open(self) -> Hub:
        """The hub, where it takes messages now. Raises Problem, 503."""
        hub = self.hub()
        if not hub.accepting:
            raise Problem(
                503, "stopping", "the hub is stopping", remedy="send it again shortly", headers=(("Retry-After", "5"),)
            )  # fmt: skip
        if hub.busy:
            raise Problem(
                503, "busy", "too much is under way", remedy="send it again shortly", headers=(("Retry-After", "1"),)
            )  # fmt: skip
        return hub

    async def _take(
        self, request: Request, item: Message, key: str = "", options: Options = PLAIN
    ) -> tuple[Taken, bool]:
        """Have the hub take a message of whoever sends the HTTP request."""
        hub, who = self.hub(), principal(request)
        via = Via("http", client_of(who, request))
        generation, now = hub.current, hub.clock.now()
        if key and who.name:  # what one client calls a message by is nothing to another
            key = f"{who.name}/{key}"
        user, admit = (None, None) if is_local(who) else (who.user, sender(who))
        if item.wrong:
            id = str(item.value.get("id") or key)
            taken = Taken(id, None, item.wrong, status=400, code="envelope")
        elif item.raw is not None:
            taken = generation.intake.take(item.raw, now, item.type_name, user, key, admit)
        else:  # the body was read strictly: its numbers are exact already
            taken = generation.intake.accept(item.value, now, item.type_name, user, key, admit)
        return await hub.enter(taken, generation, now, options, via)

    async def _told(self, request: Request) -> Any:
        key = await meant.message(self.access, request)
        told = await self.hub().store.told(key) if key is not None else None
        if told is None:
            raise Problem(
                404, "unknown-id", "nothing is kept under this id",
                remedy="a hub without a file knows the last messages only, and none from before it was started",
            )  # fmt: skip
        if told["state"] == "erased":
            raise erased_problem(await erasure_of(self.hub(), str(key)))
        if told["state"] == "forgotten":
            raise Problem(410, "forgotten", "this was over long ago, and is no longer kept",
                          remedy="the audit still has each of its steps")  # fmt: skip
        return told


def _result(taken: Taken, known: bool) -> dict[str, Any]:
    state = "duplicate" if known else "accepted"
    if taken.event is None:
        state = "refused"
    elif not taken.decided:
        state = "quarantined"
    made: dict[str, Any] = {"id": taken.id, "state": state}
    if taken.event is None or taken.reasons:
        made["reasons"] = list(taken.refused or taken.reasons)
    if taken.event is None:
        made["code"] = taken.code
    return made


def _quoted(id: str) -> str:
    return id if _PLAIN.fullmatch(id) else quote(id, safe="")


def _kept(request: Request, text: str, media: str) -> Response:
    """A text that changes with the release only: 304 to who has it (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    headers = {
        "ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }  # fmt: skip
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type=media, headers=headers)
