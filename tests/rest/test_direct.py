"""Events are posted without a router, and nobody can tell; what is there at once is waited for without a timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from atamo_rules.errors import Busy, StoreUnavailable
from atamo_rules.rest.begun import Begun
from atamo_rules.rest.direct import Direct
from atamo_rules.rest.faults import FAULTS
from atamo_rules.rest.problem import Problem, Receipt, json_response
from tests.rest.conftest import Serving, serve  # noqa: F401

ERRORS: list[Exception | None] = [
    None, Problem(409, "conflict", "no", headers=(("Retry-After", "1"),)), HTTPException(405, headers={"Allow": "GET"}),
    StoreUnavailable("gone"), Busy("full", 3), ValueError("a fault"),
]  # fmt: skip


async def called(app: Any, **scope: Any) -> tuple[list[Any], str]:
    """What an application sends, and the name of what it raises."""
    sent: list[Any] = []
    whole = {
        "type": "http",
        "method": "POST",
        "path": "/v1/events",
        "query_string": b"",
        "headers": [],
        **scope,
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append({**message, "headers": sorted(message.get("headers", []))})

    try:
        await app(whole, receive, send)
    except Exception as error:
        return sent, type(error).__name__
    return sent, ""


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize(
    "scope", [{}, {"method": "GET"}, {"path": "/v1/events/"}, {"root_path": "/v1"}], ids=repr
)
def test_it_answers_as_the_router_does(error: Exception | None, scope: dict[str, Any]) -> None:
    async def handler(request: Request) -> Response:
        if error is not None:
            raise error
        return json_response({"path": request.url.path})

    router = Starlette(routes=[Route("/v1/events", handler, methods=["POST"])], exception_handlers=FAULTS)
    direct = Direct(router, {("POST", "/v1/events"): handler})
    assert asyncio.run(called(direct, **scope)) == asyncio.run(called(router, **scope))


def test_a_receipt_is_the_answer_it_stands_for() -> None:
    for id in ("a", 'ä"\\', "@acme#x"):
        told = {"id": id, "state": "accepted"}
        plain = json_response(told, 202, {"Location": "/v1/events/x"})
        quick = Receipt(told, "/v1/events/x")
        assert (quick.status_code, quick.body, sorted(quick.raw_headers)) == (
            plain.status_code, plain.body, sorted(plain.raw_headers),
        )  # fmt: skip
        quick.headers.update({"RateLimit": "x"})
        assert quick.headers["ratelimit"] == "x"


def test_a_body_in_pieces_is_taken(serve: Callable[..., Serving]) -> None:  # noqa: F811
    head = b"POST /v1/events?type=tick HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    body = b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"n\r\n4\r\n": 7\r\n1\r\n}\r\n0\r\n\r\n'
    assert serve("event tick\n  n: whole\n").raw(head + body).startswith(b"HTTP/1.1 202")


def test_what_is_begun_goes_on_where_it_was() -> None:
    async def steps(heard: list[str]) -> str:
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("cancelled")
            await asyncio.sleep(0)
            return "kept"
        return "no"

    async def at_once() -> int:
        return 7

    async def failing() -> None:
        raise ValueError("now")

    async def life() -> None:
        heard: list[str] = []
        begun = Begun(at_once())
        assert begun.over
        assert await begun == 7
        with pytest.raises(ValueError, match="now"):
            Begun(failing())

        async def wait() -> str:
            return await Begun(steps(heard))

        task = asyncio.create_task(wait())
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        assert (await task, heard) == ("kept", ["cancelled"])

    asyncio.run(life())
