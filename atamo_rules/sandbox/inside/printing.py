"""What code of users prints: the beginning of it is kept and handed over with the answer, the rest is dropped."""

from __future__ import annotations

import io

MOST = 4096
"""Characters that are kept of what is printed while one event is evaluated."""


class Printed(io.TextIOBase):
    """Takes the place of standard output and standard error."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.room = MOST

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.room:
            piece = text[: self.room]
            self.room -= len(piece)
            self.kept.append(piece)
        return len(text)

    def taken(self) -> str:
        """What was printed since this was asked before."""
        if not self.kept:
            return ""
        said = "".join(self.kept)
        self.kept, self.room = [], MOST
        return said
