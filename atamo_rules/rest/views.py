"""What can be asked about a message at the end of its path, though ids may have slashes in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
OF_EVENT = ("trace", "why", "telemetry", "follow")
OF_REQUEST = ("events",)


def view(name: str, handler: Handler, plain: Handler) -> Handler:
    """What is asked about an event, unless the name is the end of the event's own id, written as %2F and the name."""

    async def choose(request: Request) -> Response:
        if request.scope.get("raw_path", b"").endswith(f"/{name}".encode()):
            return await handler(request)
        request.path_params["id"] += f"/{name}"
        return await plain(request)

    return choose


def unviewed(names: Sequence[str], request: Request) -> None:
    """Raises HTTPException, 405, where what is done to a message is asked of a view of it; unless the name is the end
    of the id, as above."""
    raw: bytes = request.scope.get("raw_path", b"")
    if any(raw.endswith(f"/{name}".encode()) for name in names):
        raise HTTPException(405, headers={"Allow": "GET, HEAD"})
