"""Everything that can go wrong at the door, as the problem that a client is told."""

from __future__ import annotations

import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.rest.parameters import named
from atamo_rules.rest.problem import Problem

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/?#@,\\ ]*)(?::[0-9]{0,5})?")
"""RFC 9110, 7.2: `uri-host [ ":" port ]`. Names are those of `--allow-host`, whatever else is in them."""
REMEMBERED = 100
"""Values of `Host` that are known to be right; names with every port there is would be many."""


class HostCheck:
    """Answers only to names that were given to this hub, and to no page of another site: what a browser sends says in
    `Origin` whose page it is, `null` where that is hidden (Fetch Standard, 3.2). There is no CORS, on purpose."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app = app
        self.names = names
        self.right: set[bytes] = set()
        """Values of `Host` that were right."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self.problem(scope) if scope["type"] == "http" else None
        await (self.app if problem is None else problem.response())(scope, receive, send)

    def problem(self, scope: Scope) -> Problem | None:
        """Why a request is not answered, if it is not."""
        found, headers = named(scope), scope["headers"]
        called = found.get(b"host")
        # What was right before is right again: a `Host` of the same bytes, said once, and no page behind it.
        if called in self.right and b"origin" not in found and len(found) == len(headers):
            return None
        given = [value.decode("latin-1").lower() for header, value in headers if header == b"host"]
        origins = [value.decode("latin-1").lower() for header, value in headers if header == b"origin"]
        name = given[0] if len(given) == 1 else ""
        host = _host(name)
        if host not in self.names and "*" not in self.names:
            return Problem(
                421, "host", "this hub is not called by that name", f"the `Host` header says `{host[:80]}`",
                "call it by its own name, or start it with --allow-host NAME",
            )  # fmt: skip
        if origins and not all(self._ours(origin) for origin in origins):
            return Problem(
                403, "origin", "pages of other sites may not call this hub",
                f"the `Origin` header says `{origins[0][:80]}`", "have a server of your own call it",
            )  # fmt: skip
        if called is not None and len(self.right) < REMEMBERED:
            self.right.add(called)
        return None

    def _ours(self, origin: str) -> bool:
        scheme, _, name = origin.partition("://")
        return scheme in ("http", "https") and ("*" in self.names or _host(name) in self.names)


def _host(name: str) -> str:
    """A host without its port; what is more than a host and a port is no host of ours, whatever it begins with."""
    found = _HOST.fullmatch(name)
    return found[1] if found is not None else name


async def _problem(request: Request, error: Problem) -> Response:
    return error.response()


async def _http(request: Request, error: HTTPException) -> Response:
    remedies = {
        404: "the paths are /v1/events, /v1/requests, /v1/types, /v1/action-types, /v1/agents, /v1/rules, /v1/audit, "
        "/v1/decided, /v1/dead, /v1/holds, /v1/proposals, /v1/try, /v1/people, /v1/keys, /v1/secrets, /v1/consents, "
        "/v1/status, /hooks, /metrics, /healthz and /readyz; "
        "/docs describes them"
    }
    root = request.scope.get("root_path", "")
    looks = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if looks and request.scope["path"] == f"{root}/":
        # The page is for who looks with a browser; a program is told that there is nothing here.
        return RedirectResponse(f"{root}/docs")
    code = {404: "not-found", 405: "method"}.get(error.status_code, "http")
    headers = tuple((error.headers or {}).items())
    title = error.detail.lower()
    return Problem(
        error.status_code, code, title, remedy=remedies.get(error.status_code, ""), headers=headers
    ).response()


async def _unavailable(request: Request, error: StoreUnavailable) -> Response:
    """The store is full for now, or broken: nothing was taken."""
    if isinstance(error, Busy):
        after = str(max(1, round(error.retry_after)))
        return Problem(
            503, "busy", error.why, remedy="send it again shortly", headers=(("Retry-After", after),)
        ).response()
    return Problem(
        503, "store", "the hub cannot keep anything", remedy="see the hub's standard error"
    ).response()


async def _crowded(request: Request, error: MemoryError) -> Response:
    """There is a limit on the process, and it is reached: what was not kept was not taken, and is no fault of ours."""
    return Problem(
        503, "busy", "there is no memory for it now", remedy="send it again shortly, or give the hub more",
        headers=(("Retry-After", "5"),),
    ).response()  # fmt: skip


async def _gone(request: Request, error: ClientDisconnect) -> Response:
    return Problem(400, "disconnected", "the client left before its body was read").response()


async def _fault(request: Request, error: Exception) -> Response:
    return Problem(
        500, "fault", "a fault of the hub itself", remedy="see the hub's standard error"
    ).response()


FAULTS: Any = {
    Problem: _problem,
    StoreUnavailable: _unavailable,
    HTTPException: _http,
    ClientDisconnect: _gone,
    MemoryError: _crowded,
    Exception: _fault,
}
"""What answers each kind of exception."""
