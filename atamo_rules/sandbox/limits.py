"""How much code of users may take: time, memory, and what goes in and out."""

from __future__ import annotations

from dataclasses import dataclass, fields

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class CodeLimits:
    """What one sandbox may use. Raises ValueError where something is not above zero."""

    evaluation: float = 1.0
    """Seconds for one event, by the clock on the wall."""
    load: float = 10.0
    """Seconds from starting the process to its code being loaded."""
    processor: int = 600
    """Seconds of processor that a process may use before another takes its place."""
    memory: int = 256 * MIB
    """Bytes of address space, the interpreter's own included."""
    event: int = 16 * MIB
    """Bytes of an event, written as JSON."""
    answer: int = MIB
    """Bytes of an answer, written as JSON."""
    source: int = MIB
    """Bytes of the code."""

    def __post_init__(self) -> None:
        for one in fields(self):
            if not getattr(self, one.name) > 0:
                raise ValueError(f"`{one.name}` must be above zero")
