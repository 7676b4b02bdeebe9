"""What to write instead of a slip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """What to write, in words; and, where it is certain, the characters `start` to `end` and what to put there."""

    help: str
    start: int = 0
    end: int = 0
    text: str = ""
