"""What a hub tells a client, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from atamo_rules.errors import AtamoError
from atamo_rules.model.types import Json


class Problem(AtamoError):
    """The hub said no: its problem document (RFC 9457). `code` is stable and for programs, `remedy` for people."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status, self.document = status, document
        self.code = str(document.get("code", "http"))
        self.title = str(document.get("title") or f"the hub answered {status}")
        self.detail, self.remedy = str(document.get("detail", "")), str(document.get("remedy", ""))
        self.reasons = tuple(str(one) for one in document.get("reasons", ()))
        detail = f": {self.detail}" if self.detail else ""
        super().__init__(f"{self.title}{detail}" + (f" ({self.remedy})" if self.remedy else ""))


class Unreachable(AtamoError):
    """Nothing, or no hub, answers at the address; or it broke off as often as it was tried: `how` says which."""

    def __init__(self, sentence: str, how: Literal["away", "broken", "no hub"] = "away") -> None:
        self.how = how
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message at the door: `accepted`, `duplicate`, `quarantined` or `refused`, and why."""

    id: str
    state: str
    reasons: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of an answer. `kind` is data, snapshot, update, progress, alert, error or end; `seq` is the cursor."""

    seq: int
    kind: str
    body: Json = field(hash=False)
    agent: str = ""
    action: str = ""
    rule: str = ""
    key: str = ""
    cache: str = ""
    age: float | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request stands, and a page of its frames; `cursor` is where the next page begins."""

    id: str
    state: str
    expected: tuple[str, ...]
    missing: tuple[str, ...]
    frames: tuple[Frame, ...]
    cursor: int
    why: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.state in OVER


OVER = frozenset({"complete", "degraded", "failed", "cancelled", "expired"})


def taken(value: Any) -> Taken:
    """A result of the door."""
    return Taken(value["id"], value["state"], tuple(value.get("reasons", ())), value.get("code", ""))


def frame(value: Any) -> Frame:
    """A frame."""
    age = value.get("age_s")
    return Frame(
        value["seq"], value["kind"], value["body"], value.get("agent", ""), value.get("action", ""),
        value.get("rule", ""), value.get("key", ""), value.get("cache", ""),
        float(age) if age is not None else None, bool(value.get("late", False)),
    )  # fmt: skip


def answered(value: Any) -> Answered:
    """A request and its frames."""
    return Answered(
        value["id"], value["state"], tuple(value["expected"]), tuple(value["missing"]),
        tuple(frame(one) for one in value["frames"]), value["cursor"], value.get("why", ""),
    )  # fmt: skip
