"""An agent that writes down what it was asked to do, a JSON line each, on standard output or standard error."""

from __future__ import annotations

import asyncio
import os
import select
import stat
import sys
import threading
from collections.abc import Mapping
from typing import Any, ClassVar, TextIO

from atamo_rules.builtin.agents.threads import Threads
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Outcome
from atamo_rules.model.strict_json import encode

AT_ONCE = 512
"""Bytes that a pipe takes whole and without waiting when it says that it takes any: POSIX's least `PIPE_BUF`."""
LOOK = 0.05
"""Seconds between two looks at whether the line before is written."""
_TURNS = {"stdout": threading.Lock(), "stderr": threading.Lock()}
"""Held while a line is written, by agents of any name: what nobody reads holds a thread, and this, until it is read."""


class LogAgent:
    """Settings: `to` (`stdout`, the default, or `stderr`). A reader that is slow holds up what is logged, and nothing
    else."""

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"to": {"enum": ["stdout", "stderr"]}},
        "additionalProperties": False,
    }
    timeout = 5.0
    answers = False
    concurrency = 64

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.to = settings.get("to", "stdout")
        self.threads = Threads(f"log {self.to}")

    async def health(self) -> str:
        """Whether somebody could still read what is written."""
        stream = sys.stderr if self.to == "stderr" else sys.stdout
        return "" if stream is not None and not stream.closed else f"{self.to} is closed"

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        stream = sys.stderr if self.to == "stderr" else sys.stdout
        line = {
            "agent": self.name,
            "action": action.action,
            "rule": action.rule,
            "id": action.id,
            "body": action.body,
        }
        try:
            await self._write(stream, encode(line) + "\n")
        except OSError as error:
            return Again(f"{self.to} cannot be written: {error.strerror}", error="stream")
        return Done({})

    async def _write(self, stream: TextIO, line: str) -> None:
        """Raises OSError."""
        if stream not in (sys.__stdout__, sys.__stderr__):  # somebody else's, who decides what writing is
            stream.write(line)
            stream.flush()
            return
        turn, descriptor, raw = _TURNS[self.to], stream.fileno(), line.encode()
        while not turn.acquire(blocking=False):
            await asyncio.sleep(LOOK)

        waits = False
        try:
            waits = not _takes(descriptor, len(raw))
            if not waits:
                _write_all(descriptor, raw)
        finally:
            if not waits:
                turn.release()
        if waits:
            await self._wait(turn, descriptor, raw)

    async def _wait(self, turn: threading.Lock, descriptor: int, raw: bytes) -> None:
        """Write in a thread, which gives the turn back, whether or not anybody still waits for it."""

        def write() -> None:
            try:
                _write_all(descriptor, raw)
            finally:
                turn.release()

        try:
            await self.threads.run(write)
        except RuntimeError:  # no thread could be begun
            turn.release()
            raise

    async def close(self) -> None:
        return None


def _takes(descriptor: int, size: int) -> bool:
    """Whether so many bytes are written without waiting for a reader."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return True
    if size > getattr(select, "PIPE_BUF", AT_ONCE) or not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def _write_all(descriptor: int, raw: bytes) -> None:
    while raw:
        try:
            raw = raw[os.write(descriptor, raw) :]
        except BlockingIOError:  # whoever shares the stream wants nobody to wait in it
            select.select([], [descriptor], [])
