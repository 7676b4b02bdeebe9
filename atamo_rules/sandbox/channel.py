"""A line out and a line in over two pipes, within a time and no longer than allowed: waited for by a thread, or a loop.

The other side is not trusted: it may write nothing, too much, twice, or unasked.
"""

from __future__ import annotations

import asyncio
import os
import select
import time
from dataclasses import dataclass
from io import FileIO

PIECE = 1 << 16


class Broken(Exception):
    """The other side has ended, or said what nobody asked for."""


class TooLong(Broken):
    """A line is longer than allowed."""


class Late(Exception):
    """No line came in time."""


@dataclass(slots=True)
class _Turn:
    """One line out and one line in, as far as they have come."""

    rest: memoryview
    most: int
    come: bytearray


class Channel:
    """The ends of a pair of pipes, which it owns. One turn at a time."""

    def __init__(self, requests: int, replies: int) -> None:
        self.requests, self.replies = requests, replies
        os.set_blocking(requests, False)
        os.set_blocking(replies, False)
        self._owned = FileIO(requests, "wb"), FileIO(replies, "rb")

    def close(self) -> None:
        for one in self._owned:
            one.close()
        self.requests = self.replies = -1

    def waits(self) -> bool:
        """Whether the other side is there and waits. Raises Broken where it has written what nobody asked for."""
        piece = self._read()
        if piece:
            raise Broken("it wrote before it was asked")
        return piece is None

    def ask(self, line: bytes, seconds: float, most: int) -> bytes:
        """The line that comes back for a line, which may be empty where one comes unasked. Blocks. Raises Broken
        or Late."""
        turn = _Turn(memoryview(line), most, bytearray())
        end = time.monotonic() + seconds
        while (answer := self._step(turn)) is None:
            poll = select.poll()
            poll.register(self.replies, select.POLLIN)
            if turn.rest:
                poll.register(self.requests, select.POLLOUT)
            left = end - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise Late
        return answer

    async def answered(self, line: bytes, seconds: float, most: int) -> bytes:
        """`ask` in an event loop, which goes on meanwhile."""
        turn = _Turn(memoryview(line), most, bytearray())
        if (at_once := self._step(turn)) is not None:
            return at_once
        loop = asyncio.get_running_loop()
        given: asyncio.Future[bytes] = loop.create_future()

        def go_on() -> None:
            if given.done():
                return
            try:
                answer = self._step(turn)
            except Broken as error:
                given.set_exception(error)
                return
            if not turn.rest:
                loop.remove_writer(self.requests)
            if answer is not None:
                given.set_result(answer)

        def expire() -> None:
            if not given.done():
                given.set_exception(Late())

        loop.add_reader(self.replies, go_on)
        if turn.rest:
            loop.add_writer(self.requests, go_on)
        timer = loop.call_later(seconds, expire)
        try:
            return await given
        finally:
            timer.cancel()
            loop.remove_reader(self.replies)
            loop.remove_writer(self.requests)

    def _step(self, turn: _Turn) -> bytes | None:
        """Write and read what can be written and read now: the line, once it is whole."""
        while turn.rest:
            try:
                turn.rest = turn.rest[os.write(self.requests, turn.rest[:PIECE]) :]
            except BlockingIOError:
                break
            except OSError:
                raise Broken from None
        while (piece := self._read()) is not None:
            if not piece:
                raise Broken
            turn.come += piece
            if len(turn.come) > turn.most:
                raise TooLong
            if b"\n" in piece:
                if turn.come.index(b"\n") != len(turn.come) - 1:
                    raise Broken("it answered twice")
                if turn.rest:
                    raise Broken("it answered before it was asked")
                return bytes(turn.come)
        return None

    def _read(self) -> bytes | None:
        """What is there; None when there is nothing yet, and nothing when the other side has ended."""
        try:
            return os.read(self.replies, PIECE)
        except BlockingIOError:
            return None
        except OSError:
            return b""
