"""Changes of a folder, each told once it is over: saving a file, or pulling many, is one change and not several."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from atamo_rules.hub.files import SUFFIXES

QUIET_MS = 50
"""A change counts once the folder has been quiet so long; many files changed at once are one change."""
LONGEST_MS = 2000
"""A folder that is never quiet is looked at after so long all the same."""
UNFINISHED = 0.3
"""Seconds that a changed file without a line end after its last line is given: saving a file is often emptying it,
then writing it."""
WATCHED = {*SUFFIXES, ".json"}
MOUNTED = "..data"
"""The link by which Kubernetes swaps the files of a mounted ConfigMap."""
Changes = set[tuple[Any, str]]


class Change:
    """A change of the folder, and whether another has begun since."""

    def __init__(self, following: asyncio.Future[Changes]) -> None:
        self.following = following

    async def quiet(self, seconds: float) -> bool:
        """Whether nothing changes within `seconds`: what was read since the change is whole."""
        if seconds and not self.following.done():
            await asyncio.wait({self.following}, timeout=seconds)
        return not self.following.done()


async def watched(folder: Path) -> AsyncIterator[Change]:
    """First a change at once, when the watch stands; then one for every change that may matter.

    Raises FileNotFoundError when there is no such folder, or no more.
    """
    from watchfiles import awatch

    def matters(change: object, path: str) -> bool:
        return may_matter(folder, path)

    changes = aiter(awatch(folder, watch_filter=matters, debounce=LONGEST_MS, step=QUIET_MS))
    following = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    try:
        while True:
            yield Change(following)
            changed = await following
            following = asyncio.ensure_future(anext(changes))
            while not await finished(changed, following):
                changed = await following
                following = asyncio.ensure_future(anext(changes))
    except StopAsyncIteration:
        return
    finally:
        following.cancel()


def may_matter(folder: Path, path: str) -> bool:
    """Whether a changed path may change the rules: not the audit, nor what agents write."""
    parts = Path(path).parts[len(folder.parts) :]
    if any(part.startswith(".") and part != MOUNTED for part in parts):
        return False
    suffix = Path(path).suffix
    return Path(path).name == MOUNTED or suffix in WATCHED or (not suffix and not Path(path).is_file())


async def finished(changed: Changes, following: asyncio.Future[Changes]) -> bool:
    """Come back when every changed file ends with its last line or has been left alone long enough; False when
    another change came first."""
    until = time.monotonic() + UNFINISHED
    while time.monotonic() < until and any(_unfinished(path) for _, path in changed):
        await asyncio.wait({following}, timeout=0.01)
        if following.done():
            return False
    return True


def _unfinished(path: str) -> bool:
    if not path.endswith(SUFFIXES):
        return False
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return True
            file.seek(size - 1)
            return file.read(1) != b"\n"
    except OSError:
        return False
