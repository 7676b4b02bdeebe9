"""Answers as they are read: a look at a request, page by page, and its frames as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atamo_rules.hub.requests.happenings import Heard
from atamo_rules.hub.requests.request import Request
from atamo_rules.hub.store import Store
from atamo_rules.model.frame import Frame, Page
from atamo_rules.model.types import Json

if TYPE_CHECKING:
    from atamo_rules.hub.requests.live import Requests

PAGE = 500
"""Frames of one page."""
LEAST = 0.05
"""Seconds between two times that a feed is told of a reader who waits."""


@dataclass(frozen=True, slots=True)
class View:
    """What one look at a request gives: how it stands, frames after a cursor, and the cursor to go on from."""

    request: Request
    frames: tuple[Frame, ...] = ()
    cursor: int = 0
    over: bool = False
    """Whether its last frame is kept: only late answers can follow."""
    had: int | None = None
    """How many frames there were, of a request whose frames are gone."""


async def look(requests: Requests, name: str, after: int, wait: float, limit: int) -> View | None:
    """See `Requests.look`."""
    store = requests.hub.store
    request = await requests.find(name)
    if request is None:
        return None
    await requests.happened(request.id, Heard())
    # Asked before the page is read: what is over before has its last frame on it, or behind it.
    over = request.over and request.id not in requests.ending
    page = await _page(requests, request, after, limit, 0.0 if over else wait)
    after_it = await requests.find(request.id) or request
    if (
        after_it.forgotten and page.expired is None
    ):  # the store has yet to let go of them, or had when it read
        whole = await store.read(request.id, 0, 2**31, 0.0)
        page = Page((), page.cursor, True, whole.cursor if whole.expired is None else whole.expired)
    return View(after_it, page.frames, page.cursor, over, page.expired)


async def _page(requests: Requests, request: Request, after: int, limit: int, wait: float) -> Page:
    """Frames after a cursor, or the first that come. Who waits for those of a feed is there all the while."""
    store, clock = requests.hub.store, requests.hub.clock
    end = clock.passed() + wait
    while True:
        left = max(0.0, end - clock.passed())
        most = max(LEAST, request.clocks.keep_alive / 2) if request.mode == "feed" else left
        page = await store.read(request.id, after, limit, min(left, most))
        if page.frames or page.closed or page.expired is not None or left <= most:
            return page
        await requests.happened(request.id, Heard())


async def frames(store: Store, key: str) -> AsyncIterator[Frame]:
    """All frames of a log that are kept and not late, to the last."""
    after = 0
    while True:
        page = await store.read(key, after, PAGE, 0.0)
        for frame in page.frames:
            if not frame.late:
                yield frame
        if not page.frames:
            return
        after = page.cursor


async def kept(store: Store, key: str) -> tuple[list[Frame], Mapping[str, Json]]:
    """The frames of a log and what is told of its event, as both were at one moment: an answer that is kept between two
    readings is in both or in none, wherever its action ends."""
    told = await store.told(key) or {}
    while True:
        found = [frame async for frame in frames(store, key)]
        before, told = told, await store.told(key) or {}
        if told == before:
            return found, told


async def stream(requests: Requests, name: str, after: int, beat: float) -> AsyncIterator[Frame | None]:
    """See `Requests.stream`."""
    while True:
        view = await requests.look(name, after, beat)
        if view is None or view.had is not None:
            return
        for frame in view.frames:
            if not frame.late:
                yield frame
            if frame.last:
                return
        if not view.frames:
            if view.over:
                return
            yield None
        after = view.cursor
