"""Requests over HTTP: asked, waited for, fetched page by page, followed, and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from atamo_rules.hub.hub import Hub
from atamo_rules.hub.requests.completion import WRITTEN, read_completion
from atamo_rules.hub.requests.reading import View
from atamo_rules.hub.requests.request import PLAIN, Options, Request
from atamo_rules.hub.requests.wire import frame_json, request_json
from atamo_rules.model.authority import Verb
from atamo_rules.people.decide import everywhere
from atamo_rules.rest import meant, sse
from atamo_rules.rest.access import Access, principal
from atamo_rules.rest.bodies import prefer_wait
from atamo_rules.rest.pages import LONGEST, next_link
from atamo_rules.rest.parameters import decimal, digits, resumed, whole
from atamo_rules.rest.problem import Problem, json_response

BEAT = 15.0
"""Seconds after which a silent stream says that it is still there."""
LONGEST_WAIT = 60.0
LOOK = 0.5
"""How often, in seconds, it is looked whether a client that waits is still there."""
BEHIND = 256
"""Frames of one page."""


def read_options(request: HttpRequest) -> Options:
    """How a request is to be answered, from the address and `Cache-Control`. Raises Problem."""
    given = request.query_params
    mode = given.get("mode", PLAIN.mode)
    if mode not in ("load", "feed"):
        raise _bad("mode", f"`{mode[:60]}` is not a mode", "write load or feed")
    try:
        policy = read_completion(given["policy"]) if "policy" in given else None
    except ValueError as error:
        raise _bad("policy", str(error), f"write {WRITTEN}") from None
    return Options(
        mode,  # type: ignore[arg-type]
        policy,
        _perhaps(given, "deadline", 86_400),
        _perhaps(given, "keep_alive", 86_400),
        _perhaps(given, "retain", 7 * 86_400),
        max_age(request.headers.get("cache-control", "")),
    )


def _perhaps(given: Mapping[str, str], name: str, most: float) -> float | None:
    return number(given, name, 0.0, most) if name in given else None


def number(given: Mapping[str, str], name: str, otherwise: float, most: float, least: float = 0.001) -> float:
    """A number of the address within bounds. Raises Problem."""
    text = given.get(name)
    if text is None:
        return otherwise
    value = decimal(text)
    if value is None or not least <= value <= most:
        raise _bad(
            name, f"`{text[:60]}` is not a number that fits", f"write a number from {least:g} to {most:g}"
        )
    return value


def max_age(header: str) -> float:
    """Seconds of `Cache-Control: max-age=N` (RFC 9111): how old an answer may be; 0 when nothing is said."""
    for part in header.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and (seconds := digits(value)) is not None:
            return float(seconds)
    return 0.0


def cancels(request: HttpRequest) -> bool:
    """Whether a client that leaves wants no more of it. Raises Problem."""
    word = request.query_params.get("disconnect", "keep")
    if word not in ("keep", "cancel"):
        raise _bad("disconnect", f"`{word[:60]}` is not known", "write keep or cancel")
    return word == "cancel"


def _bad(name: str, detail: str, remedy: str) -> Problem:
    return Problem(400, "parameter", f"the parameter `{name}` is not right", detail, remedy)


class RequestDoor:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], beat: float, access: Access) -> None:
        self.hub = hub
        self.beat = beat
        self.access = access

    async def opened(self, request: HttpRequest, key: str) -> Response:
        """What a client is told that has just asked: 200 with all frames when it is over in the time that
        `Prefer: wait` gives, else 202, what there is so far, and where the rest will be."""
        seconds, leaving = prefer_wait(request), cancels(request)
        view = await self._over(request, key, seconds, leaving)
        headers = {"Location": f"/v1/requests/{quote(key, safe='')}"}
        if seconds:
            headers["Preference-Applied"] = f"wait={seconds:g}"
        over = seconds > 0 and view.over
        return json_response(page_json(view), 200 if over else 202, {**headers, **_age(view)})

    async def _over(self, request: HttpRequest, key: str, seconds: float, leaving: bool) -> View:
        """All frames once the request is over, or what there is after so many seconds."""
        requests = self.hub().requests
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        frames: list[Any] = []
        cursor = 0
        while True:
            view = await requests.look(key, cursor, min(LOOK, max(0.0, until - loop.time())))
            if (
                view is None
            ):  # an event of this id and content that came in by another door, for nobody to wait for
                raise unknown()
            frames += view.frames
            cursor = view.cursor
            if not view.frames and (view.over or loop.time() >= until):
                return View(view.request, tuple(frames), cursor, view.over, view.had)
            await self.access.again(request, "request.send")
            if leaving and await request.is_disconnected():
                await requests.cancel(key, "the client has left")

    async def page(self, request: HttpRequest) -> Response:
        """Frames after a cursor, waiting for the first of them; 304 when nothing has changed, 410 for a tombstone."""
        after = whole(request, "after", 0, LONGEST)
        wait = number(request.query_params, "wait", prefer_wait(request), LONGEST_WAIT, least=0)
        view = await self._first(request, after, wait)
        tag = f'"{view.cursor}-{view.request.state}-{view.request.answered}"'
        if request.headers.get("if-none-match") == tag and not view.frames:
            return Response(status_code=304, headers={"ETag": tag})
        more = next_link(request, view.cursor) if len(view.frames) == BEHIND else {}
        return json_response(page_json(view), 200, {"ETag": tag, **more, **_age(view)})

    async def _first(self, request: HttpRequest, after: int, wait: float) -> View:
        """Frames after a cursor, or the first that come while whoever asks may see them. Raises Problem."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:  # each look asks whether they may
            left = max(0.0, until - loop.time())
            view = await self._look(request, after, min(left, LOOK))
            if view.frames or view.over or left <= LOOK:
                return view
            await self.access.again(request, "message.read")

    async def events(self, request: HttpRequest) -> Response:
        """Frames as they come, from the one after `Last-Event-ID`. One who has them all is told to
        stop asking (204)."""
        after = resumed(request, LONGEST)
        view = await self._look(request, after, 0.0)
        leaving = cancels(request)
        if view.over and not any(not frame.late for frame in view.frames):
            return Response(status_code=204)
        return sse.Stream(self._stream(request, view.request.id, after, leaving))

    async def _stream(
        self, request: HttpRequest, key: str, after: int, leaving: bool
    ) -> AsyncGenerator[bytes, None]:
        requests, start = self.hub().requests, after
        ended = False
        frames = sse.beating(
            lambda step: requests.stream(key, start, step),
            self.beat,
            lambda: meant.still(self.access, request),
        )
        try:
            yield sse.RETRY
            async with aclosing(frames):
                async for frame in frames:
                    if frame is None:
                        yield sse.BEAT
                        continue
                    if (
                        frame.seq > after + 1
                    ):  # What lay between has given way to newer values of the same keys.
                        yield sse.event("lagged", {"after": after, "next": frame.seq})
                    after = frame.seq
                    yield sse.event(frame.kind, frame_json(frame), frame.seq)
            ended = True  # or the hub stops
        except Problem as problem:
            ended = True  # they may listen no longer, and what they asked goes on
            yield sse.refused(problem)
        finally:
            if leaving and not ended:
                await asyncio.shield(requests.cancel(key, "the client has left"))

    async def cancel(self, request: HttpRequest) -> Response:
        """End a request: its agents are told to stop."""
        view = await self._look(request, 0, 0.0, limit=1, verb="message.cancel")
        ended = await self.hub().requests.cancel(view.request.id)
        assert ended is not None
        return json_response(request_json(ended))

    async def _look(
        self, request: HttpRequest, after: int, wait: float, limit: int = BEHIND, verb: Verb = "message.read"
    ) -> View:
        key = await meant.message(self.access, request, verb)
        name = key or request.path_params["id"]
        if key is None and not everywhere(principal(request), verb):
            raise unknown()
        view = await self.hub().requests.look(name, after, wait, limit)
        if view is None:
            raise unknown()
        if view.had is not None or view.request.forgotten:
            raise gone(view)
        return view


def page_json(view: View) -> dict[str, Any]:
    """A request, the frames of one page, and the cursor to go on from."""
    return {
        **request_json(view.request),
        "cursor": view.cursor,
        "frames": [frame_json(f) for f in view.frames],
    }


def unknown() -> Problem:
    """There never was a request of this id, or it is long gone."""
    return Problem(404, "unknown-id", "there is no request of this id", remedy="events are under /v1/events")


def gone(view: View) -> Problem:
    """The tombstone of a request: how it ended, how many frames it had, and where its audit is."""
    request: Request = view.request
    return Problem(
        410, "gone", "the answers of this request are not kept any more",
        f"it was {request.state}" + (f" and had {view.had} frames" if view.had is not None else ""),
        f"what became of it is under /v1/events/{quote(request.id, safe='')}",
    )  # fmt: skip


def _age(view: View) -> dict[str, str]:
    """`Age` (RFC 9111) of answers that another request had."""
    ages = [frame.age for frame in view.frames if frame.age is not None and frame.kind != "end"]
    return {"Age": str(int(max(ages)))} if ages else {}
