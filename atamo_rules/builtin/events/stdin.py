"""Standard input as an event provider: one event a line, until the end of the input; answers go to standard output."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import Any

from atamo_rules.builtin.agents.threads import Threads
from atamo_rules.hub.receiving import Undeliverable
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.model.strict_json import encode

LONGEST = 16 << 20
"""Bytes a line may have; what is longer is refused, and the next line is read."""


class StandardInput:
    """Reads JSON lines; refusals are told to `refused` with the number of their line.

    Reading is done by a thread that ends with the process and takes no lock of Python's streams, so that a silent
    input never holds up the end. It reads on only when the line before was taken; run again, it goes on with the line
    that could not be.
    """

    def __init__(self, refused: Callable[[int, tuple[str, ...]], None], descriptor: int = 0) -> None:
        self.refused = refused
        self.descriptor = descriptor
        self.number = 0
        self.held: list[bytes | None] = []
        """The line that is being taken, or the end."""
        self.queue: asyncio.Queue[bytes | None] | None = None

    async def run(self, submit: Callable[[bytes], Awaitable[Any]]) -> None:
        if self.queue is None:
            self.queue = self._read()
        while True:
            if not self.held:
                self.held.append(await self.queue.get())
                self.number += 1
            (line,) = self.held
            if line is None:
                return
            if len(line) > LONGEST:
                self.refused(self.number, (f"the line has more than {LONGEST} bytes",))
            elif line.strip():
                taken, _ = await submit(line)
                if taken.refused:
                    self.refused(self.number, taken.refused)
            self.held.clear()

    def _read(self) -> asyncio.Queue[bytes | None]:
        """The lines as they are read, and None at the end."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(64)

        def hand(line: bytes | None) -> bool:
            put = queue.put(line)
            try:
                asyncio.run_coroutine_threadsafe(put, loop).result()
            except (RuntimeError, CancelledError):  # the loop is closed: nobody takes lines any more
                put.close()
                return False
            return True

        def feed() -> None:
            for line in lines(self.descriptor):
                if not hand(line):
                    return
            hand(None)

        threading.Thread(target=feed, daemon=True, name="standard input").start()
        return queue


class StandardOutput:
    """Writes what was answered to each request that came by standard input: one JSON line, `{id, state, answers,
    errors}`. A reader that is slow holds up answers, and nothing else."""

    def __init__(self, descriptor: int = 1) -> None:
        self.descriptor = descriptor
        self.threads = Threads("standard output")
        self.turn = asyncio.Lock()

    async def respond(self, id: str, answers: Answers) -> None:
        line = encode(answers.document(id)).encode() + b"\n"
        async with self.turn:
            try:
                await self.threads.run(lambda: _write(self.descriptor, line))
            except OSError as error:
                raise Undeliverable(f"standard output is closed: {error.strerror}") from None


def _write(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]


def lines(descriptor: int) -> Any:
    """The lines of a descriptor, without their ends; of a line beyond LONGEST only its beginning."""
    held = b""
    while True:
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            break
        *whole, rest = piece.split(b"\n")
        for part in whole:
            yield held + part if len(held) <= LONGEST else held
            held = b""
        if len(held) <= LONGEST:
            held += rest
    if held:
        yield held
