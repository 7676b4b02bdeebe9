"""Requests that hang on what a client has seen (RFC 9110, 13): a tag on every answer, 304 to who has it, 412 where
somebody else was faster; and 406 where nothing of what is here would be taken.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.rest.access import Handler
from atamo_rules.rest.problem import MEDIA, Problem

JSON = "application/json"


def tag_of(body: bytes) -> str:
    """The strong tag of some bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def fresh(request: Request, response: Response) -> Response:
    """An answer to a GET with its tag; 304 without the body to who has it. Streams have none."""
    media = response.headers.get("content-type", "").partition(";")[0]
    if response.status_code != 200 or media != JSON or not isinstance(response.body, bytes):
        return response
    tag = response.headers.setdefault("ETag", tag_of(response.body))
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if matches(said(request, "if-none-match") or "", tag):
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return Response(status_code=304, headers=kept)
    return response


def said(request: Request, name: str) -> str | None:
    """A header that is a list; several of them are one (RFC 9110, 5.3). None where there is none."""
    given = request.headers.getlist(name)
    return ",".join(given) if given else None


def matches(header: str, tag: str, *, strong: bool = False) -> bool:
    """Whether a tag is one of those of `If-None-Match`, or of `If-Match`, which compares strongly: a weak one is none
    of them (RFC 9110, 8.8.3.2)."""
    given = [one.strip() for one in header.split(",")]
    if not strong:
        given = [one.removeprefix("W/") for one in given]
    return bool(tag) and ("*" in given or tag in given)


class Conditional:
    """Changes of what can be looked at under the same path, one at a time for each path."""

    def __init__(self) -> None:
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def change(self, request: Request, look: Handler, change: Handler) -> Response:
        """Make a change, if what is there is what `If-Match` and `If-None-Match` say. Raises Problem, 412."""
        lock = self.locks.setdefault(request.scope["path"], asyncio.Lock())
        async with lock:
            wanted, unwanted = said(request, "if-match"), said(request, "if-none-match")
            if wanted is not None or unwanted is not None:
                tag = await self._tag(request, look)
                if (wanted is not None and not matches(wanted, tag, strong=True)) or (
                    unwanted is not None and matches(unwanted, tag)
                ):
                    raise Problem(
                        412, "changed", "it is not what you have seen",
                        f"its tag is {tag}" if tag else "there is nothing", "GET it again, and decide again",
                    )  # fmt: skip
            return await change(request)

    async def _tag(self, request: Request, look: Handler) -> str:
        """The tag of what is there for whoever asks; nothing where there is nothing for them."""
        try:
            # What a change is given beside, `by` or `why`, is nothing that GET is asked.
            found = await look(Request({**request.scope, "query_string": b""}, request.receive))
        except Problem as problem:
            if problem.status in (404, 410):
                return ""
            raise
        if found.status_code in (404, 410):
            return ""
        if found.status_code != 200 or not isinstance(found.body, bytes):
            raise Problem(
                412, "changed", "what is there cannot be looked at", f"GET answers {found.status_code}"
            )
        return found.headers.get("ETag") or tag_of(found.body)


def acceptable(request: Request, media: Sequence[str]) -> None:
    """Raises Problem, 406, where `Accept` leaves nothing of what a path answers in. What is wrong
    is said in JSON to everybody; whoever asks for that alone is answered too."""
    given = request.headers.get("accept", "")
    ranges = [_range(one) for one in given.split(",") if one.strip()]
    if not ranges or any(_weight(one, ranges) > 0 for one in media) or (MEDIA, 1.0) in ranges:
        return
    kinds = ", ".join(media)
    raise Problem(
        406, "accept", "nothing you take is here", f"`Accept` says `{given[:200]}`", f"take {kinds}"
    )


def _range(text: str) -> tuple[str, float]:
    """One part of `Accept`: a kind, and how much it is wanted, from 0 to 1."""
    kind, *parameters = (part.strip() for part in text.lower().split(";"))
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip() == "q":
            try:
                return kind, float(value)
            except ValueError:
                return kind, 1.0
    return kind, 1.0


def _weight(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """How much a kind is wanted: what the most exact range says."""
    of = media.partition("/")[0]
    for exact in (media, f"{of}/*", "*/*"):
        for kind, weight in ranges:
            if kind == exact:
                return weight
    return 0.0
