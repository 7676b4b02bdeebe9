"""What `POST /v1/events` stands beside: a small Starlette program and a small FastAPI one that do the same work.

Each reads the JSON, holds the data to the type's JSON Schema, runs the rule, keeps event, work and audit in one
transaction of a group commit with its chain of hashes, and answers 202 with an id and a place once that is durable;
with a key, it compares the key's digest. The one action is done by workers that keep that it was. All of that is the
program of `floor.py`. They promise nothing beyond it: no duplicate keys refused, no conflict or repetition told from
what is new, no limits, no slow bodies cut off, no roles, no retries.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema_rs

from tests.benchmarks.floor import WORKERS, Floor, agent, rule

Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "number"}, "customer": {"type": "string"}, "pad": {"type": "string"}},
    "required": ["total", "customer", "pad"],
}
KEY = "a-key-of-the-stubs-that-is-as-long-as-one-of-ours-is-to-be"
DIGESTS = {KEY[:8]: hashlib.sha256(KEY.encode()).hexdigest()}


def known(authorization: str) -> bool:
    """Whether a key is one that is kept, as a digest."""
    key = authorization.removeprefix("Bearer ")
    kept = DIGESTS.get(key[:8], "")
    return hmac.compare_digest(hashlib.sha256(key.encode()).hexdigest(), kept)


class Desk:
    """The work itself, for whichever door stands before it."""

    def __init__(self, path: Path, *, matches: bool) -> None:
        self.floor, self.matches = Floor(path), matches
        self.valid = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True).is_valid
        self.count = self.over = 0
        self.line: asyncio.Queue[tuple[int, str, Any]] = asyncio.Queue()
        self.workers = [asyncio.create_task(self.work()) for _ in range(WORKERS)]

    async def take(self, event: Any) -> str | None:
        """Keep an event with what follows from it, and give its id; None for one that does not fit."""
        if event["type"] != "order.created" or not self.valid(event["data"]):
            return None
        self.count += 1
        number, id, now = self.count, str(event["id"]), time.time()
        actions = rule(event) if self.matches else []
        said = "rule.matched" if actions else "rule.passed"
        await self.floor.put(
            [(id, event["type"], json.dumps(event["data"]), now)],
            [(number, id, name, json.dumps(body), now) for name, body in actions],
            [],
            [{"k": "accepted", "ev": id}, {"k": said, "ev": id, "rule": "big"}],
        )
        for _, body in actions:
            self.line.put_nowait((number, id, body))
        self.over += not actions
        return id

    async def work(self) -> None:
        while True:
            number, id, body = await self.line.get()
            await agent(body)
            await self.floor.put([], [], [(number,)], [{"k": "attempt.succeeded", "ev": id, "n": 1}])
            self.over += 1

    async def end(self) -> None:
        for one in self.workers:
            one.cancel()
        self.floor.close()


def starlette(desk: Desk, *, key: bool) -> Application:
    """A bare ASGI function, mounted: no route, no request, no response of Starlette's on the way."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    async def post(scope: Any, receive: Any, send: Any) -> None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if key and not known(given.decode()):
            status, id, said = 401, None, b'{"title":"say who you are"}'
        elif scope["path"] != "/v1/events":
            status, id, said = 404, None, b'{"title":"there is nothing here"}'
        else:
            body, more = b"", True
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            id = await desk.take(json.loads(body))
            status, said = (422, b'{"title":"it does not fit"}')
            if id is not None:
                status, said = 202, json.dumps({"id": id, "state": "accepted"}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(said)),
                   (b"location", f"/v1/events/{id}".encode())]  # fmt: skip
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": said})

    return Starlette(routes=[Mount("/v1", app=post)])


def fastapi(desk: Desk, *, key: bool) -> Application:
    """An endpoint as FastAPI's own pages write one: a model of the envelope, a dependency for the key."""
    from fastapi import Depends, FastAPI, HTTPException, Response
    from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
    from pydantic import BaseModel

    class Event(BaseModel):
        type: str
        id: str
        data: dict[str, Any]

    class Taken(BaseModel):
        id: str
        state: str = "accepted"

    bearer = HTTPBearer()

    def signed(shown: HTTPAuthorizationCredentials = Depends(bearer)) -> None:  # noqa: B008
        if not known(f"Bearer {shown.credentials}"):
            raise HTTPException(401, "say who you are")

    app = FastAPI()
    asked = [Depends(signed)] if key else []

    async def post(event: Event, response: Response) -> Taken:
        id = await desk.take({"type": event.type, "id": event.id, "data": event.data})
        if id is None:
            raise HTTPException(422, "it does not fit")
        response.headers["location"] = f"/v1/events/{id}"
        return Taken(id=id)

    post.__annotations__ = {
        "event": Event,
        "response": Response,
        "return": Taken,
    }  # which are no globals here
    app.post("/v1/events", status_code=202, dependencies=asked)(post)
    signed.__annotations__ = {"shown": HTTPAuthorizationCredentials, "return": None}
    return app
