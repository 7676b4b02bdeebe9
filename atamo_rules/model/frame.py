"""Answers, as they are kept for whoever asked: frames in a log, read by cursor."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from atamo_rules.model.types import Json

FrameKind: TypeAlias = Literal["data", "snapshot", "update", "progress", "error", "alert", "end"]

CacheState: TypeAlias = Literal["miss", "hit", "joined", "stale"]
"""How an answer was come by: fetched for this request, kept from another, shared with one under way, kept too long."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One answer. `log` is the key of the event it answers; `seq` is dense per log from 1 and the only cursor, 0 until
    it is kept. `key` names what a feed's frame is the newest value of. `age` is how many seconds a kept answer was old.
    The `end` frame of neither agent nor rule is the last that is pushed: what follows it is `late`."""

    log: str
    kind: FrameKind
    body: Json = field(default=None, hash=False)
    agent: str = ""
    action: str = ""
    key: str | None = None
    at: datetime | None = None
    seq: int = 0
    rule: str = ""
    cache: CacheState = "miss"
    age: float | None = None
    late: bool = False

    @property
    def last(self) -> bool:
        """Whether nothing follows that is not late."""
        return self.kind == "end" and not self.agent and not self.rule


@dataclass(frozen=True, slots=True)
class Page:
    """Frames after a cursor, and the cursor to go on from. `closed` says that no more will come; `expired` how many
    frames there were, once a log's time is over and they are gone."""

    frames: tuple[Frame, ...]
    cursor: int
    closed: bool = False
    expired: int | None = None
