"""Standard input as an event provider: one event a line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO

LONGEST = 16 << 20
"""Bytes a line may have."""


class StandardInput:
    """Reads JSON lines until the end of the input; refusals are told to `refused`."""

    def __init__(
        self, refused: Callable[[int, tuple[str, ...]], None], stream: BinaryIO | None = None
    ) -> None:
        self.refused = refused
        self.stream = stream or sys.stdin.buffer

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        number = 0
        while True:
            line = await asyncio.to_thread(self.stream.readline, LONGEST)
            if not line:
                return
            number += 1
            if line.strip():
                taken, _ = await submit(line)
                if taken.refused:
                    self.refused(number, taken.refused)
