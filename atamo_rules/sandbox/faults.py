"""Why code of users was not taken, or gave nothing for an event: a closed list of kinds, a sentence with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atamo_rules.errors import AtamoError
from atamo_rules.sandbox.confinement import Confinement

KINDS = {
    "syntax": "the file is no Python",
    "load": "the file could not be loaded, or is not what is wanted",
    "raised": "`evaluate` raised; what it says may hold values of the event",
    "memory": "more memory was wanted than is allowed",
    "deadline": "it took longer than is allowed",
    "died": "the process ended",
    "answer": "what came back is no list of JSON, or no answer at all",
    "event": "the event is larger than is allowed",
    "resting": "it failed again and again, and is not started for a while",
}
"""Every kind, and what it means."""
TOLD = frozenset({"syntax", "load", "raised", "memory", "answer"})
"""Kinds that the process itself can tell; all others are seen from outside."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong in code of users. `line` is that of the file, where it is known; `said` what the code printed."""

    kind: str
    message: str
    """One sentence; of what was raised, its type stands before the first colon."""
    name: str
    line: int | None = None
    said: str = ""

    def __str__(self) -> str:
        place = f"{self.name}:{self.line}" if self.line is not None else self.name
        return f"{place}: {self.message}"


class CodeFailed(AtamoError):
    """Code of users was not taken, or gave nothing for an event; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


class NoSandbox(AtamoError):
    """Code of users is not run on this machine: `confinement` says which walls are missing, where any can stand."""

    def __init__(self, why: str, confinement: Confinement | None = None) -> None:
        self.confinement = confinement
        super().__init__(why)


def told(about: Any, name: str, said: Any) -> Fault:
    """A fault as the other side tells it; nothing of it is taken as it is."""
    about = about if isinstance(about, dict) else {}
    kind, message, line = about.get("kind"), about.get("message"), about.get("line")
    return Fault(
        kind if kind in TOLD else "raised",
        message[:500] if isinstance(message, str) else "it failed, and does not say how",
        name,
        line if isinstance(line, int) and not isinstance(line, bool) and 0 < line < 1 << 31 else None,
        said[:4096] if isinstance(said, str) else "",
    )
