"""Answers as they are read: a look at a request, page by page, and its frames as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atamo_rules.hub.requests.request import Request
from atamo_rules.hub.requests.step import Heard
from atamo_rules.hub.store import Store
from atamo_rules.model.frame import Frame, Page

if TYPE_CHECKING:
    from atamo_rules.hub.requests.live import Requests

PAGE = 500
"""Frames of one page."""


@dataclass(frozen=True, slots=True)
class View:
    """What one look at a request gives: how it stands, frames after a cursor, and the cursor to go on from."""

    request: Request
    frames: tuple[Frame, ...] = ()
    cursor: int = 0
    over: bool = False
    """Whether its last frame is kept: nothing follows but what is late."""
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
    page = await store.read(request.id, after, limit, 0.0 if over else wait)
    after_it = await requests.find(request.id) or request
    if (
        after_it.forgotten and page.expired is None
    ):  # the store has yet to let go of them, or had when it read
        whole = await store.read(request.id, 0, 2**31, 0.0)
        page = Page((), page.cursor, True, whole.cursor if whole.expired is None else whole.expired)
    return View(after_it, page.frames, page.cursor, over, page.expired)


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
