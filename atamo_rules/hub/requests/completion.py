"""When a request has answers enough: all of them, the first, any k, or those there by a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from atamo_rules.model.types import Completing

Kind = Literal["all", "first", "any", "deadline"]
WRITTEN = "all, first, any(K) or deadline(SECONDS)"

_FORM = re.compile(r"(all|first)|any\((\d{1,4})\)|deadline\((\d{1,7}(?:\.\d{1,3})?)\)")


@dataclass(frozen=True, slots=True)
class Completion:
    """`count` is of `any`, `seconds` since the request was opened of `deadline`."""

    kind: Kind = "all"
    count: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        match self.kind:
            case "any":
                return f"any({self.count})"
            case "deadline":
                return f"deadline({self.seconds:g})"
            case _:
                return self.kind

    def enough(self, answered: int, expected: int) -> bool:
        """Whether so many answers of so many expected end the wait, before everybody has answered."""
        if self.kind == "first":
            return answered >= 1
        if self.kind == "any":
            return answered >= min(self.count, expected)
        return False


ALL = Completion()
FIRST = Completion("first")


def any_of(count: int) -> Completion:
    """Enough once `count` agents have answered. Raises ValueError below 1."""
    if count < 1:
        raise ValueError("`any` needs a number from 1 up")
    return Completion("any", count=count)


def by(seconds: float) -> Completion:
    """Enough is whatever is there after so many seconds. Raises ValueError unless `seconds` is above 0."""
    if not seconds > 0:
        raise ValueError("`deadline` needs seconds above 0")
    return Completion("deadline", seconds=seconds)


def completion_of(declared: Completing) -> Completion:
    """The policy that the type of a request declares."""
    match declared.policy:
        case "first":
            return FIRST
        case "any":
            return any_of(declared.count)
        case "after":
            return by(declared.after)
        case _:
            return ALL


def read_completion(text: str) -> Completion:
    """A policy as it is written over HTTP: all, first, any(2), deadline(1.5). Raises ValueError, a sentence."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"`{text[:60]}` is not a completion policy: write {WRITTEN}")
    word, count, seconds = found.groups()
    if word == "first":
        return FIRST
    if word == "all":
        return ALL
    return any_of(int(count)) if count is not None else by(float(seconds))
