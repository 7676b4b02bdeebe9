"""What a benchmark gives back, and how it is printed: one small table, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` under `columns`; `notes` say the limit, the floor, and what was compared."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.columns))]

        def row(line: Sequence[str]) -> str:
            cells = (
                c.ljust(w) if at == 0 else c.rjust(w)
                for at, (c, w) in enumerate(zip(line, widths, strict=True))
            )
            return "  " + "  ".join(cells).rstrip()

        rule = "  " + "  ".join("-" * width for width in widths)
        return "\n".join(
            [self.title, row(self.columns), rule, *map(row, self.rows), *(f"  {n}" for n in self.notes)]
        )


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def interleaved(works: dict[str, Callable[[], object]], times: int) -> dict[str, list[float]]:
    """Seconds of every call, `times` rounds of each in turn, so that a slow moment of the machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            found[name].append(seconds(work))
    return found


def spread(samples: Sequence[float], scale: float = 1000, digits: int = 1) -> tuple[str, str, str]:
    """Least, middle and most, in milliseconds unless scaled otherwise."""
    return (
        f"{min(samples) * scale:.{digits}f}",
        f"{median(samples) * scale:.{digits}f}",
        f"{max(samples) * scale:.{digits}f}",
    )


def ratio(ours: Sequence[float], floor: Sequence[float]) -> str:
    """How many times the floor's least our least is."""
    return f"{min(ours) / min(floor):.2f} x"
