"""Changes of a folder, each told once it is over: saving a file, or pulling many, is one change and not several."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from atamo_rules.hub.project.files import PROVIDERS, SUFFIXES

QUIET_MS = 50
"""A change counts once the folder has been quiet so long; many files changed at once are one change."""
LONGEST_MS = 2000
"""A folder that is never quiet is looked at after so long all the same."""
LOOK_S = 1.0
"""Seconds between two looks at whether the folder is still the one that is watched, which nobody tells, and whether its
files changed, which mounts of other machines do not tell."""
LOOKED_AT = 200
"""Most files that are looked at in this way; changes of a larger folder count only where they are told."""
UNFINISHED = 0.3
"""Seconds that a changed file without a line end after its last line is given: saving a file is often emptying it,
then writing it."""
WATCHED = (*SUFFIXES, ".json")
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


async def watched(*folders: Path) -> AsyncIterator[Change]:
    """First a change at once, when the watch stands; then one for every change of absolute folders that may matter.

    Raises FileNotFoundError when there is no such folder, or no more, or another has taken its place: what is watched
    is a folder and not its name.
    """

    def matters(change: object, path: str) -> bool:
        return any(Path(path).is_relative_to(folder) and may_matter(folder, path) for folder in folders)

    # As long as a folder is held open, none that takes its place can have its number.
    with ExitStack() as held:
        handles = [os.open(folder, os.O_RDONLY) for folder in folders]
        for handle in handles:
            held.callback(os.close, handle)
        changes = _told(folders, matters)
        following = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        try:
            while True:
                seen = _looks(folders)
                yield Change(following)
                if not _in_place(folders, handles):
                    raise FileNotFoundError("the folder is gone, or is another")
                while not following.done() and _in_place(folders, handles) and _looks(folders) == seen:
                    await asyncio.wait({following}, timeout=LOOK_S)
                while following.done():
                    changed = await following
                    following = asyncio.ensure_future(anext(changes))
                    await asyncio.sleep(0)  # where the watch begins anew, it stands before anything is read
                    if await finished(changed, following):
                        break
        except StopAsyncIteration:
            return
        finally:
            following.cancel()


async def _told(folders: Sequence[Path], matters: Callable[[Any, str], bool]) -> AsyncIterator[Changes]:
    """What the system tells of folders, as sets of changes. The watch breaks at any file whose name is not UTF-8: that
    is a change of which no more is known, and the watch begins anew."""
    from watchfiles import awatch

    def nameless(error: BaseException) -> bool:
        return str(error).startswith("Unable to decode path")

    while True:
        try:
            async for changes in awatch(*folders, watch_filter=matters, debounce=LONGEST_MS, step=QUIET_MS):
                yield changes
            return
        except* RuntimeError as broken:
            if broken.split(nameless)[1] is not None:
                raise
        yield set()


def _in_place(folders: Sequence[Path], handles: Sequence[int]) -> bool:
    """Whether each folder still is the one that is held open."""
    try:
        return all(
            os.path.samestat(os.stat(folder), os.fstat(handle))
            for folder, handle in zip(folders, handles, strict=True)
        )
    except OSError:
        return False


def _looks(folders: Sequence[Path]) -> list[tuple[str, int, int]] | None:
    """When each file was written last, and its size; None for more files than are looked at."""
    found: list[tuple[str, int, int]] = []
    for folder in folders:
        for place, inner, names in os.walk(folder):
            inner[:] = sorted(name for name in inner if not name.startswith(".") or name == MOUNTED)
            for name in sorted(names):
                path = os.path.join(place, name)
                if not may_matter(folder, path):
                    continue
                if len(found) == LOOKED_AT:
                    return None
                try:
                    told = os.stat(path)
                except OSError:
                    continue
                found.append((path, told.st_mtime_ns, told.st_size))
    return found


def may_matter(folder: Path, path: str) -> bool:
    """Whether a changed path may change the rules: not the audit, nor what agents write."""
    parts = Path(path).parts[len(folder.parts) :]
    if not parts:
        return True
    if any(part.startswith(".") and part != MOUNTED for part in parts):
        return False
    suffix = Path(path).suffix
    if suffix == ".py":
        return parts[0] == PROVIDERS
    return Path(path).name == MOUNTED or path.endswith(WATCHED) or (not suffix and not Path(path).is_file())


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
    if not path.endswith((*SUFFIXES, ".py")):
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
