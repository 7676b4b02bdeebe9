"""A watched folder as an event provider: files put there are taken, then moved to `done` or `failed`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from atamo_rules.hub.project.files import read_regular
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.strict_json import encode

LARGEST = 16 << 20
EVERY = 0.25
"""Seconds between looks at the folder. A file counts once its size held still from one look to the next."""
PATIENCE = 2.0
"""Seconds that a file is given whose end does not look like one: somebody may be writing it slowly."""


class DropFolder:
    """Takes `*.json` (one event) and `*.jsonl` (one a line). Why a file failed stands beside it in `.reason.txt`. What
    was answered to a request is put into `answers`, under the request's id.

    Files are best written elsewhere, or under a name that begins with a dot, and moved there. Raises OSError when
    the folder cannot be made or written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[Path, tuple[tuple[int, int], float]] = {}
        self.taken: dict[Path, tuple[int, int]] = {}
        """Files that were taken, and could not be moved away."""
        folder.mkdir(parents=True, exist_ok=True)
        for inside in ("done", "failed", "answers"):
            (folder / inside).mkdir(exist_ok=True)

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        """Take files until cancelled."""
        while True:
            for path in self.ready():
                await self.take(path, submit)
            await asyncio.sleep(EVERY)

    def ready(self) -> list[Path]:
        """The files whose size and time held still: since the last look, or for longer where they seem unfinished."""
        now: dict[Path, tuple[tuple[int, int], float]] = {}
        found: list[Path] = []
        try:
            names = sorted(self.folder.iterdir())
        except OSError:
            return []
        clock = time.monotonic()
        for path in names:
            if path.name.startswith(".") or path.suffix not in (".json", ".jsonl") or not path.is_file():
                continue
            try:
                stat = path.stat()
            except OSError:
                continue
            state = (stat.st_size, stat.st_mtime_ns)
            if self.taken.get(path) == state:
                continue
            before, since = self.seen.get(path, (None, clock))
            now[path] = (state, since if before == state else clock)
            if before == state and (clock - since >= PATIENCE or _has_an_end(path)):
                found.append(path)
        self.seen = now
        return found

    async def take(self, path: Path, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        """Submit what a file holds, and move it away. Raises OSError where it cannot be moved; it is not taken again
        then."""
        reasons: list[str] = []
        try:
            raw = read_regular(path, LARGEST)
            if len(raw) > LARGEST:
                reasons.append(f"the file has more than {LARGEST} bytes")
                raw = b""
        except OSError as error:
            reasons.append(str(error))
            raw = b""
        lines = raw.splitlines() if path.suffix == ".jsonl" else [raw] if raw else []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            taken, _ = await submit(line)
            reasons.extend(f"line {number}: {reason}" for reason in taken.refused)
        state, _ = self.seen.pop(path, (None, 0.0))
        target = self.folder / ("failed" if reasons else "done")
        try:
            target.mkdir(exist_ok=True)
            path.rename(target / path.name)
        except FileNotFoundError:
            return  # somebody took it away meanwhile
        except OSError:
            if state is not None:
                self.taken[path] = state
            raise
        if reasons:
            (target / f"{path.name}.reason.txt").write_text("\n".join(reasons) + "\n", "utf-8")

    async def respond(self, id: str, answers: Answers) -> None:
        """Put the answers of a request down for whoever dropped it; a file is there whole or not at all."""
        name = quote(id, safe=" ")
        name = f"{name if len(name) <= 200 else sha256(name.encode()).hexdigest()}.json"
        part = self.folder / "answers" / f".{name}"
        part.write_text(encode(answers.document(id)) + "\n", "utf-8")
        part.rename(self.folder / "answers" / name)


def _has_an_end(path: Path) -> bool:
    """Whether a file ends as one does that is whole: with a line end or a closing brace."""
    try:
        with path.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) in b"\n}"
    except OSError:
        return True
