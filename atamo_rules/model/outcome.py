"""What an agent says of one attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from atamo_rules.model.types import Json


@dataclass(frozen=True, slots=True)
class Done:
    """It is done; `answer` is what the other side said, None when nothing."""

    answer: Json = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Again:
    """It may work later. `after` is the least wait in seconds the other side asked for, None when it did not.
    `error` is the class of what went wrong, such as `timeout` or `http 503`: failures are grouped by it."""

    why: str
    after: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not work, however often it is tried. `error` is as in `Again`."""

    why: str
    error: str = ""


Outcome: TypeAlias = "Done | Again | Failed"
