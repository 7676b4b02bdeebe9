"""The hub over HTTP: events and requests in, what became of them out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from atamo_rules.hub.hub import Hub
from atamo_rules.model.authority import Verb
from atamo_rules.rest.access import Access, Authenticate, Handler
from atamo_rules.rest.agents import Agents
from atamo_rules.rest.bodies import LARGEST
from atamo_rules.rest.conditional import JSON, Conditional, acceptable, fresh
from atamo_rules.rest.dead import Dead
from atamo_rules.rest.direct import Direct
from atamo_rules.rest.erasing import Erasing
from atamo_rules.rest.faults import FAULTS, HostCheck
from atamo_rules.rest.hooks import Hooks
from atamo_rules.rest.in_force import InForce
from atamo_rules.rest.keys import Keys
from atamo_rules.rest.openapi import plain
from atamo_rules.rest.operating import Operating
from atamo_rules.rest.operations import OPERATIONS
from atamo_rules.rest.parameters import only
from atamo_rules.rest.people import People
from atamo_rules.rest.proposals import ProposalDoor
from atamo_rules.rest.rates import Rate
from atamo_rules.rest.requests import BEAT, RequestDoor
from atamo_rules.rest.secrets import Secrets
from atamo_rules.rest.service import Service
from atamo_rules.rest.slow import PATIENCE, SlowBodies
from atamo_rules.rest.telemetry import TelemetryDoor
from atamo_rules.rest.telling import Telling
from atamo_rules.rest.views import OF_EVENT, OF_REQUEST, unviewed, view

LOCAL = ("localhost", "127.0.0.1", "[::1]")
"""Hosts that are always answered to. Another name in `Host` may be an attacker's page (DNS rebinding)."""


LOOSE = ("/healthz", "/readyz", "/hooks/{path:path}")
"""Paths whose callers may add to the address what they like: probes do, and senders of webhooks."""
OFTEN = (("POST", "/v1/events"),)
"""What no router is asked about."""
SQUEEZED = 2048
"""Bytes from which on an answer is compressed for those who take that; streams never are."""


class Place(IntegerConvertor):
    """A number in a path that a store can keep; a longer one names nothing."""

    regex = "[0-9]{1,16}"


register_url_convertor("place", Place())


class Entry(NamedTuple):
    """One route. `verb` is what a caller must be allowed for anything at all, None where nobody is asked who they are;
    the handler asks about the thing that the path names."""

    method: str
    path: str
    verb: Verb | None
    handler: Handler
    views: tuple[str, ...] = ()
    """Ends of the path that name views, which have no such method."""


def application(
    hub: Callable[[], Hub],
    hosts: Sequence[str] = (),
    largest: int = LARGEST,
    beat: float = BEAT,
    others: tuple[Authenticate, ...] = (),
    rate: Rate | None = None,
    patience: float = PATIENCE,
) -> ASGIApp:
    """The ASGI application of a hub. `hosts` are names beside the local ones that clients may call it by; `largest`
    is how many bytes a body may have; a silent stream says every `beat` seconds that it lives. `others` are further
    ways to say who one is, asked before the hub's keys. `rate` is how often each key may ask, `patience` the seconds
    that a body may take to begin with."""
    access = Access(hub, others, rate)
    changes = Conditional()
    paths = _paths(entries(hub, access, largest, beat), access)
    routes = [
        Route(path, by_method(handlers, media_of(path), changes), methods=[*handlers, "OPTIONS"])
        for path, handlers in paths.items()
    ]
    app = Squeezing(Starlette(routes=routes, exception_handlers=FAULTS))
    direct = Direct(app, {(method, path): paths[path][method] for method, path in OFTEN})
    return HostCheck(SlowBodies(direct, patience), frozenset(host.lower() for host in (*LOCAL, *hosts)))


class Squeezing:
    """Compresses large answers to those who look; what is said of a message that was sent is small, and has no time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.squeezed = app, GZipMiddleware(app, minimum_size=SQUEEZED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        looks = scope["type"] != "http" or scope["method"] != "POST"
        await (self.squeezed if looks else self.app)(scope, receive, send)


def _paths(every: Sequence[Entry], access: Access) -> dict[str, dict[str, Handler]]:
    """What each path is answered by, method by method: so a wrong one is told all the right ones."""
    found: dict[str, dict[str, Handler]] = {}
    for entry in every:
        found.setdefault(entry.path, {})[entry.method] = access.guarded(entry.verb, described(entry))
    return found


def described(entry: Entry) -> Handler:
    """A handler that refuses parameters which its operation does not describe."""
    handler, views = entry.handler, entry.views
    names = OPERATIONS[f"{entry.method} {plain(entry.path)}"].parameters

    def ask(request: Request) -> Awaitable[Response]:
        if views:
            unviewed(views, request)
        if request.scope.get("query_string"):
            only(request, names)
        return handler(request)

    return handler if entry.path in LOOSE else ask


def by_method(handlers: Mapping[str, Handler], media: Sequence[str], changes: Conditional) -> Handler:
    """One handler that is all of them. HEAD is answered as GET, without the body; `media` is what a GET answers in."""
    look = handlers.get("GET")
    allowed = ", ".join((*handlers, *(["HEAD"] if look is not None else []), "OPTIONS"))

    async def choose(request: Request) -> Response:
        method = request.method
        if method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        if method in ("GET", "HEAD") and look is not None:
            acceptable(request, media)
            response = fresh(request, await look(request))
            if method == "HEAD" and isinstance(response, StreamingResponse):  # it would never end
                return Response(status_code=response.status_code, headers=response.headers)
            return response
        if method in ("PUT", "DELETE") and look is not None:
            return await changes.change(request, look, handlers[method])
        return await handlers[method](request)

    return choose


def media_of(path: str) -> tuple[str, ...]:
    """What a GET of a path answers in; JSON unless it is said otherwise."""
    told = OPERATIONS.get(f"GET {plain(path)}")
    if told is None or any(told.gives.values()):
        return (JSON,)
    return tuple(told.media.split("|"))


def entries(
    hub: Callable[[], Hub], access: Access, largest: int = LARGEST, beat: float = BEAT
) -> tuple[Entry, ...]:
    """Every way in, in the order they are tried."""
    requests, telemetry = RequestDoor(hub, beat, access), TelemetryDoor(hub, beat, access)
    service = Service(hub, largest, requests, access)
    telling, operating, in_force = Telling(hub, access), Operating(hub, access), InForce(hub, access)
    return (
        Entry("POST", "/v1/events", "event.send", service.post_events),
        Entry("POST", "/hooks/{path:path}", None, Hooks(hub, service.open, largest).receive),
        *_declared(in_force, Agents(hub, access)),
        *_of_events(service, telling, telemetry, operating),
        *_of_requests(service, requests),
        *_told(in_force, telling),
        *_operated(operating, Dead(hub, access), Erasing(hub, access)),
        *_proposed(ProposalDoor(hub, access)),
        *_of_people(People(hub, access)),
        *_trusted(Keys(hub, access), Secrets(hub, access)),
        *_described(service),
    )


def _declared(in_force: InForce, agents: Agents) -> tuple[Entry, ...]:
    """What the rules declare: types of events and actions, and agents."""
    return (
        Entry("GET", "/v1/types", "types.read", in_force.types),
        Entry("GET", "/v1/types/{name}", "types.read", in_force.type),
        Entry("GET", "/v1/action-types", "types.read", agents.action_types),
        Entry("GET", "/v1/action-types/{name}", "types.read", agents.action_type),
        Entry("GET", "/v1/agents", "hub.read", agents.list),
        Entry("GET", "/v1/agents/{name}", "hub.read", agents.show),
    )


def _of_events(
    service: Service, telling: Telling, telemetry: TelemetryDoor, operating: Operating
) -> tuple[Entry, ...]:
    """What became of a message; an id may hold slashes, so what stands behind it comes first."""

    def of_event(name: str, handler: Handler) -> Entry:
        return Entry(
            "GET", f"/v1/events/{{id:path}}/{name}", "message.read", view(name, handler, service.message)
        )

    return (
        of_event("trace", telling.trace),
        of_event("why", telling.why),
        of_event("telemetry", telemetry.steps),
        of_event("follow", telemetry.follow),
        Entry("GET", "/metrics", "hub.read", telemetry.metrics),
        Entry("GET", "/v1/events/{id:path}", "message.read", service.message),
        Entry("DELETE", "/v1/events/{id:path}", "message.cancel", operating.cancel, OF_EVENT),
    )


def _of_requests(service: Service, requests: RequestDoor) -> tuple[Entry, ...]:
    """Questions and their answers."""
    return (
        Entry("POST", "/v1/requests", "request.send", service.post_request),
        Entry(
            "GET",
            "/v1/requests/{id:path}/events",
            "message.read",
            view("events", requests.events, requests.page),
        ),
        Entry("GET", "/v1/requests/{id:path}", "message.read", requests.page),
        Entry("DELETE", "/v1/requests/{id:path}", "message.cancel", requests.cancel, OF_REQUEST),
    )


def _told(in_force: InForce, telling: Telling) -> tuple[Entry, ...]:
    """What the hub tells of itself: its rules, its audit and how it stands."""
    return (
        Entry("GET", "/v1/rules", "rules.read", in_force.rules),
        Entry("GET", "/v1/rules/{id:path}", "rules.read", in_force.rule),
        Entry("GET", "/v1/audit", "audit.read", telling.audit),
        Entry("GET", "/v1/audit/checkpoint", "audit.read", telling.checkpoint),
        Entry("GET", "/v1/decided", "audit.read", telling.decided),
        Entry("GET", "/v1/status", "hub.read", telling.status),
    )


def _operated(operating: Operating, dead: Dead, erasing: Erasing) -> tuple[Entry, ...]:
    """Pauses, dead letters, and erasing."""
    return (
        Entry("GET", "/v1/holds", "work.operate", operating.holds),
        Entry("GET", "/v1/holds/{kind}/{name:path}", "work.operate", operating.hold),
        Entry("PUT", "/v1/holds/{kind}/{name:path}", "work.operate", operating.pause),
        Entry("DELETE", "/v1/holds/{kind}/{name:path}", "work.operate", operating.resume),
        Entry("GET", "/v1/dead", "dead.read", dead.list),
        Entry("POST", "/v1/dead/redrive", "work.operate", dead.redrive),
        Entry("POST", "/v1/dead/discard", "work.operate", dead.discard),
        Entry("GET", "/v1/dead/{number:place}", "dead.read", dead.show),
        Entry("POST", "/v1/erasures", "message.erase", erasing.erase),
    )


def _proposed(proposals: ProposalDoor) -> tuple[Entry, ...]:
    """Rules that are submitted while the hub runs."""
    return (
        Entry("POST", "/v1/proposals", "rules.change", proposals.submit),
        Entry("GET", "/v1/proposals", "rules.read", proposals.list),
        Entry("GET", "/v1/proposals/{id}", "rules.read", proposals.show),
        Entry("POST", "/v1/proposals/{id}/approve", "rules.read", proposals.approve),
        Entry("POST", "/v1/proposals/{id}/reject", "rules.read", proposals.reject),
        Entry("POST", "/v1/proposals/{id}/withdraw", "rules.change", proposals.withdraw),
        Entry("POST", "/v1/proposals/{id}/rollback", "rules.read", proposals.roll_back),
        Entry("POST", "/v1/try", "rules.change", proposals.attempt),
    )


def _of_people(people: People) -> tuple[Entry, ...]:
    """Users, service accounts, groups and organisations."""
    return (
        Entry("GET", "/v1/people/{kind}", "people.manage", people.list),
        Entry("GET", "/v1/people/{kind}/{name:path}", "people.manage", people.show),
        Entry("PUT", "/v1/people/{kind}/{name:path}", "people.manage", people.put),
        Entry("DELETE", "/v1/people/{kind}/{name:path}", "people.manage", people.remove),
    )


def _trusted(keys: Keys, secrets: Secrets) -> tuple[Entry, ...]:
    """Keys, and what the vault holds for users."""
    return (
        Entry("GET", "/v1/keys", "keys.manage", keys.list),
        Entry("POST", "/v1/keys", "keys.manage", keys.create),
        Entry("GET", "/v1/keys/{id}", "keys.manage", keys.show),
        Entry("DELETE", "/v1/keys/{id}", "keys.manage", keys.revoke),
        Entry("GET", "/v1/secrets", "secrets.manage", secrets.list),
        Entry("POST", "/v1/secrets", "secrets.manage", secrets.set),
        Entry("POST", "/v1/secrets/rotate", "secrets.manage", secrets.rotate),
        Entry("DELETE", "/v1/secrets/{id}", "secrets.manage", secrets.remove),
        Entry("GET", "/v1/consents", "secrets.manage", secrets.consents),
        Entry("POST", "/v1/consents", "secrets.manage", secrets.agree),
        Entry("DELETE", "/v1/consents/{id}", "secrets.manage", secrets.withdraw),
    )


def _described(service: Service) -> tuple[Entry, ...]:
    """What describes the hub and says that it is there; nobody is asked who they are."""
    return (
        Entry("GET", "/openapi.json", None, service.openapi),
        Entry("GET", "/docs", None, service.docs),
        Entry("GET", "/healthz", None, service.health),
        Entry("GET", "/readyz", None, service.ready),
    )
