"""A watched folder as an event provider: files put there are taken, then moved to `done` or `failed`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from atamo_rules.hub.files import read_regular

LARGEST = 16 << 20
EVERY = 0.25
"""Seconds between looks at the folder. A file counts once its size held still from one look to the next."""


class DropFolder:
    """Takes `*.json` (one event) and `*.jsonl` (one a line). Why a file failed stands beside it in `.reason.txt`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sizes: dict[Path, tuple[int, int]] = {}

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        while True:
            for path in self.ready():
                await self.take(path, submit)
            await asyncio.sleep(EVERY)

    def ready(self) -> list[Path]:
        """The files whose size and time are as they were at the last look."""
        now: dict[Path, tuple[int, int]] = {}
        found: list[Path] = []
        try:
            names = sorted(self.folder.iterdir())
        except OSError:
            return []
        for path in names:
            if path.name.startswith(".") or path.suffix not in (".json", ".jsonl") or not path.is_file():
                continue
            try:
                stat = path.stat()
            except OSError:
                continue
            now[path] = (stat.st_size, stat.st_mtime_ns)
            if self.sizes.get(path) == now[path]:
                found.append(path)
        self.sizes = now
        return found

    async def take(self, path: Path, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        """Submit what a file holds, and move it away."""
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
        target = self.folder / ("failed" if reasons else "done")
        target.mkdir(exist_ok=True)
        try:
            path.rename(target / path.name)
            if reasons:
                (target / f"{path.name}.reason.txt").write_text("\n".join(reasons) + "\n", "utf-8")
        except OSError:
            self.sizes.pop(path, None)
