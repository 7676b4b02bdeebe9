"""A table on the terminal: a faint head, columns as wide as what they hold, and no line longer than the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from atamo_rules.cli.ink import Ink, plain

GAP = "  "
LEAST = 8
"""Characters that a column keeps of its last cells, however narrow the terminal is."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], ink: Ink) -> Iterator[str]:
    """The lines of a table. What is longer than a terminal is cut off in the last column, with `…`; what goes into a
    file or a pipe is whole. Cells are shown plainly, whatever they hold."""
    cells = [[plain(cell) for cell in row] for row in rows]
    wide = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    before = sum(wide[:-1]) + len(GAP) * (len(head) - 1)
    room = max(_columns() - before, LEAST) if _columns() else 0
    yield ink.faint(_line(head, wide, room))
    for row in cells:
        line = _line(row, wide, room)
        first = row[0].ljust(wide[0])
        yield ink.strong(first) + line[len(first) :] if len(row) > 1 else ink.strong(line)


def _line(row: Sequence[str], wide: Sequence[int], room: int) -> str:
    *others, last = row
    shown = last if not room or len(last) <= room else f"{last[: room - 1]}…"
    return GAP.join((*(cell.ljust(size) for cell, size in zip(others, wide, strict=False)), shown)).rstrip()


def _columns() -> int:
    """Characters of a line of the terminal; nought where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
