"""The logs of answers: frames appended, read by cursor, let go of, and kept for a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from atamo_rules.builtin.stores.bells import rung
from atamo_rules.hub.whole import delivered
from atamo_rules.model.audit import Note
from atamo_rules.model.frame import Frame, Page

if TYPE_CHECKING:
    from atamo_rules.builtin.stores.local import LocalStore


async def append(
    store: LocalStore, frames: Sequence[Frame], notes: Sequence[Note] = (), *, close: bool = False
) -> int:
    """Keep frames of one log in order; gives the last one's `seq`."""
    change = store.draft.change()
    change.frames = tuple(frames)
    change.notes += notes
    if close and frames:
        change.closed = (frames[0].log,)
    await store.commit(change)
    store.followed(change)
    await delivered()  # an agent that has spoken may be stopped
    return change.cursor


async def read(store: LocalStore, log: str, after: int, limit: int, wait: float) -> Page:
    """The frames after a cursor, or the first that come."""
    end = store.clock.passed() + wait
    while True:
        bell = store.bells.at(f"log {log}")
        page = await store.journal.page(log, after, limit)
        left = end - store.clock.passed()
        if page.frames or page.closed or page.expired is not None or left <= 0:
            return page
        await rung(bell, left)


async def trim(store: LocalStore, log: str, frames: Sequence[int]) -> None:
    """Let go of frames that newer ones stand in for."""
    change = store.draft.change()
    change.trimmed = tuple((log, seq) for seq in frames)
    await store.journal.commit(change)


async def touch(store: LocalStore, log: str, seconds: float) -> bool:
    """Keep a log for so long from now, by whichever clock that is later; by whichever is sooner, one that is over."""
    if (await store.journal.page(log, 0, 1)).expired is not None:
        return False
    change = store.draft.change()
    now = (max if seconds >= 0 else min)(change.at, store.believed.now())
    change.kept = ((log, now + timedelta(seconds=seconds)),)
    await store.commit(change)
    return True
