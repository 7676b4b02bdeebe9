"""The hub over HTTP: events and requests in, what became of them out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from atamo_rules.hub.hub import Hub
from atamo_rules.hub.intake import Taken
from atamo_rules.hub.requests.request import PLAIN, Options
from atamo_rules.model.authority import Verb
from atamo_rules.model.strict_json import encode
from atamo_rules.model.via import Via
from atamo_rules.people import roles
from atamo_rules.rest.access import Access, Authenticate, Handler, principal
from atamo_rules.rest.bodies import LARGEST, Message, idempotency_key, read
from atamo_rules.rest.dead import Dead
from atamo_rules.rest.faults import FAULTS, HostCheck
from atamo_rules.rest.hooks import Hooks
from atamo_rules.rest.keys import Keys
from atamo_rules.rest.operating import Operating
from atamo_rules.rest.parameters import only
from atamo_rules.rest.problem import Problem, json_response, refusal
from atamo_rules.rest.proposals import ProposalDoor
from atamo_rules.rest.requests import BEAT, RequestDoor, cancels, read_options
from atamo_rules.rest.secrets import Secrets
from atamo_rules.rest.telemetry import TelemetryDoor
from atamo_rules.rest.telling import Telling
from atamo_rules.rest.views import OF_EVENT, OF_REQUEST, unviewed, view

LOCAL = ("localhost", "127.0.0.1", "[::1]")
"""Hosts that are always answered to. Another name in `Host` may be an attacker's page (DNS rebinding)."""


SQUEEZED = 2048
"""Bytes from which on an answer is compressed for those who take that; streams never are."""


class Entry(NamedTuple):
    """One way in: what it takes to come in by it at all, or None where nobody is asked. What a path names is asked
    about by its handler."""

    method: str
    path: str
    verb: Verb | None
    handler: Handler


def application(
    hub: Callable[[], Hub],
    hosts: Sequence[str] = (),
    largest: int = LARGEST,
    beat: float = BEAT,
    others: tuple[Authenticate, ...] = (),
) -> ASGIApp:
    """The ASGI application of a hub. `hosts` are names beside the local ones that clients may call it by; `largest`
    is how many bytes a body may have; a silent stream says every `beat` seconds that it lives. `others` are further
    ways to say who one is, asked before the hub's keys."""
    access = Access(hub, others)
    routes = [
        Route(path, by_method(handlers), methods=list(handlers))
        for path, handlers in _paths(entries(hub, access, largest, beat), access).items()
    ]
    app = Starlette(routes=routes, exception_handlers=FAULTS)
    squeezed = GZipMiddleware(app, minimum_size=SQUEEZED)
    return HostCheck(squeezed, frozenset(host.lower() for host in (*LOCAL, *hosts)))


def _paths(every: Sequence[Entry], access: Access) -> dict[str, dict[str, Handler]]:
    """What each path is answered by, method by method: so a wrong one is told all the right ones."""
    found: dict[str, dict[str, Handler]] = {}
    for entry in every:
        found.setdefault(entry.path, {})[entry.method] = access.guarded(entry.verb, entry.handler)
    return found


def by_method(handlers: Mapping[str, Handler]) -> Handler:
    """One handler that is all of them. HEAD is answered as GET, without the body."""

    async def choose(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return choose


def entries(
    hub: Callable[[], Hub], access: Access, largest: int = LARGEST, beat: float = BEAT
) -> tuple[Entry, ...]:
    """Every way in, in the order they are tried."""
    requests, telemetry = RequestDoor(hub, beat, access), TelemetryDoor(hub, beat, access)
    service = Service(hub, largest, requests, access)
    telling, dead, operating = Telling(hub, access), Dead(hub, access), Operating(hub, access)
    keys, proposals = Keys(hub, access), ProposalDoor(hub, access)
    secrets = Secrets(hub, access)

    def of_event(name: str, handler: Handler) -> Entry:
        return Entry(
            "GET", f"/v1/events/{{id:path}}/{name}", "message.read", view(name, handler, service.message)
        )

    return (
        Entry("POST", "/v1/events", "event.send", service.post_events),
        Entry("POST", "/hooks/{path:path}", None, Hooks(hub, service.open, largest).receive),
        Entry("GET", "/v1/types", "types.read", service.types),
        of_event("trace", telling.trace),
        of_event("why", telling.why),
        of_event("telemetry", telemetry.steps),
        of_event("follow", telemetry.follow),
        Entry("GET", "/metrics", "hub.read", telemetry.metrics),
        Entry("GET", "/v1/events/{id:path}", "message.read", service.message),
        Entry("DELETE", "/v1/events/{id:path}", "message.cancel", unviewed(OF_EVENT, operating.cancel)),
        Entry("POST", "/v1/requests", "request.send", service.post_request),
        Entry(
            "GET",
            "/v1/requests/{id:path}/events",
            "message.read",
            view("events", requests.events, requests.page),
        ),
        Entry("GET", "/v1/requests/{id:path}", "message.read", requests.page),
        Entry("DELETE", "/v1/requests/{id:path}", "message.cancel", unviewed(OF_REQUEST, requests.cancel)),
        Entry("GET", "/v1/rules", "rules.read", service.rules),
        Entry("GET", "/v1/audit", "audit.read", telling.audit),
        Entry("GET", "/v1/audit/checkpoint", "audit.read", telling.checkpoint),
        Entry("GET", "/v1/decided", "audit.read", telling.decided),
        Entry("GET", "/v1/status", "hub.read", telling.status),
        Entry("GET", "/v1/holds", "work.operate", operating.holds),
        Entry("GET", "/v1/holds/{kind}/{name:path}", "work.operate", operating.hold),
        Entry("PUT", "/v1/holds/{kind}/{name:path}", "work.operate", operating.pause),
        Entry("DELETE", "/v1/holds/{kind}/{name:path}", "work.operate", operating.resume),
        Entry("GET", "/v1/dead", "dead.read", dead.list),
        Entry("POST", "/v1/dead/redrive", "work.operate", dead.redrive),
        Entry("POST", "/v1/dead/discard", "work.operate", dead.discard),
        Entry("GET", "/v1/dead/{number:int}", "dead.read", dead.show),
        Entry("POST", "/v1/proposals", "rules.change", proposals.submit),
        Entry("GET", "/v1/proposals", "rules.read", proposals.list),
        Entry("GET", "/v1/proposals/{id}", "rules.read", proposals.show),
        Entry("POST", "/v1/proposals/{id}/approve", "rules.read", proposals.approve),
        Entry("POST", "/v1/proposals/{id}/reject", "rules.read", proposals.reject),
        Entry("POST", "/v1/proposals/{id}/withdraw", "rules.change", proposals.withdraw),
        Entry("POST", "/v1/proposals/{id}/rollback", "rules.read", proposals.roll_back),
        Entry("POST", "/v1/try", "rules.change", proposals.attempt),
        Entry("GET", "/v1/keys", "keys.manage", keys.list),
        Entry("POST", "/v1/keys", "keys.manage", keys.create),
        Entry("DELETE", "/v1/keys/{id}", "keys.manage", keys.revoke),
        Entry("GET", "/v1/secrets", "secrets.manage", secrets.list),
        Entry("POST", "/v1/secrets", "secrets.manage", secrets.set),
        Entry("POST", "/v1/secrets/rotate", "secrets.manage", secrets.rotate),
        Entry("DELETE", "/v1/secrets/{id}", "secrets.manage", secrets.remove),
        Entry("GET", "/v1/consents", "secrets.manage", secrets.consents),
        Entry("POST", "/v1/consents", "secrets.manage", secrets.agree),
        Entry("DELETE", "/v1/consents/{id}", "secrets.manage", secrets.withdraw),
        Entry("GET", "/openapi.json", None, service.openapi),
        Entry("GET", "/docs", None, service.docs),
        Entry("GET", "/healthz", None, service.health),
        Entry("GET", "/readyz", None, service.ready),
    )


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
            return json_response(_result(taken, known), 202, {"Location": f"/v1/events/{_quoted(taken.key)}"})
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
        return json_response(await self._told(request))

    async def types(self, request: Request) -> Response:
        """The event types, each with its schema and policy."""
        listed = [
            {"name": type.name, "request": type.request, "when_invalid": str(type.invalid), "schema": type.schema}
            for type in self.hub().current.ruleset.events.values()
        ]  # fmt: skip
        return json_response({"types": listed})

    async def rules(self, request: Request) -> Response:
        """The rules in force and the digest that names them."""
        ruleset = self.hub().current.ruleset
        listed = [
            {"id": rule.id, "about": rule.about, "on": rule.event, "status": str(rule.status), "at": str(rule.span),
             "digest": rule.digest}
            for rule in ruleset.rules
            if self.access.rule(request, rule)
        ]  # fmt: skip
        return json_response({"digest": ruleset.digest, "rules": listed})

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document of this interface."""
        only(request)
        return _kept(request, encode(self._described()), "application/json")

    async def docs(self, request: Request) -> Response:
        """The same for people."""
        from atamo_rules.rest.openapi import page

        only(request)
        return _kept(request, page(self._described()), "text/html; charset=utf-8")

    def _described(self) -> dict[str, Any]:
        from atamo_rules.rest.openapi import document

        return document(entries(self.hub, self.access))

    async def health(self, request: Request) -> Response:
        """The process lives."""
        return json_response({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Rules are in force and messages are taken."""
        hub = self.open()
        return json_response({"status": "ready", "digest": hub.current.digest})

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
        via = Via("http", self.access.client(request))
        more: Any = {"type_name": item.type_name, "key": key, "options": options, "via": via}
        if who != roles.LOCAL:
            more |= {"user": who.user, "admit": self.access.sender(request)}
        if item.wrong:
            broken = Taken(str(item.value.get("id") or key), None, item.wrong, status=400, code="envelope")
            return await hub.enter(broken, hub.current, hub.clock.now(), via=via)
        if item.raw is not None:
            return await hub.submit(item.raw, **more)
        return await hub.submit_json(item.value, **more)

    async def _told(self, request: Request) -> Any:
        key = await self.access.message(request)
        told = await self.hub().store.told(key) if key is not None else None
        if told is None:
            raise Problem(
                404, "unknown-id", "nothing is kept under this id",
                remedy="a hub without a file knows the last messages only, and none from before it was started",
            )  # fmt: skip
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
    from urllib.parse import quote

    return quote(id, safe="")


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
